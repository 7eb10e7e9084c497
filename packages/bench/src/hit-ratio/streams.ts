import { addresses, loop, readOnceMore, recency, stackDistance, twoPools, zigzag } from "./locality.ts";
import { files, joins, loopsAndPopular, objects, phases, takingTurns } from "./mixtures.ts";
import { drift, jump, zipf, zipfWithScans, zipfWithTable } from "./popularity.ts";

/** A sequence of requests, each for the key that its number names. */
export interface Stream {
  readonly name: string;
  readonly make: () => Int32Array;
}

const long = 200_000;
const short = 100_000;

/** The seeded streams of the bench: what real traces show, one trait each, then mixed. */
export const streams: readonly Stream[] = [
  { name: "zipf 0.7", make: () => zipf(1, long, 20_000, 0.7) },
  { name: "zipf 0.8", make: () => zipf(2, long, 20_000, 0.8) },
  { name: "zipf 0.9", make: () => zipf(3, long, 20_000, 0.9) },
  { name: "zipf 1.0", make: () => zipf(4, long, 20_000, 1) },
  { name: "zipf 1.1", make: () => zipf(5, long, 20_000, 1.1) },
  { name: "zipf + scans", make: () => zipfWithScans(6, long, 20_000, 10_000, 3000) },
  { name: "zipf + table", make: () => zipfWithTable(7, long, 10_000, 10_000, 4000) },
  { name: "drift", make: () => drift(8, long, 10_000, 40) },
  { name: "jump", make: () => jump(9, long, 10_000, 40_000) },
  { name: "recency", make: () => recency(10, long, 0.3, 1500) },
  { name: "stack distance", make: () => stackDistance(11, short, 3000, 0.03) },
  { name: "read once more", make: () => readOnceMore(12, long, 700) },
  { name: "objects, nights", make: () => objects(13, long, 2500, 150) },
  { name: "objects, busy", make: () => objects(14, long, 2500, 0) },
  { name: "two pools", make: () => twoPools(15, short, 100, 10_000) },
  { name: "addresses", make: () => addresses(16, long) },
  { name: "loops + popular", make: () => loopsAndPopular(17, long, 2000) },
  { name: "phases", make: () => phases(18, long, 8000) },
  { name: "files", make: () => files(19, short, 600) },
  { name: "joins", make: () => joins(20, 30_000, 2000, 900) },
  { name: "taking turns", make: () => takingTurns(21, short, 1500) },
  { name: "loop", make: () => loop(short, 1000) },
  { name: "zigzag", make: () => zigzag(short, 2000) },
];

/** Of the keys that a stream has. */
export const shares: readonly number[] = [0.01, 0.05, 0.1, 0.25];
/** Entries; for streams in {@link smallOf}. */
export const smallCapacities: readonly number[] = [10, 50];
export const smallOf: readonly string[] = ["zipf 0.9", "loops + popular", "objects, busy", "addresses"];
