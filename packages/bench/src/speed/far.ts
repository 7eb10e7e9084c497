import { farCandidates } from "../candidates/all.ts";
import { startRedis } from "./redis.ts";
import { interleaved, joined, type Row, runWorker } from "./run-worker.ts";

export interface FarRun {
  readonly candidates: readonly string[];
  readonly rounds: number;
  readonly samples: number;
  readonly operations: string;
  /** Before each operation, in milliseconds. */
  readonly warmUpMs: number;
}

/** Figures of a candidate and beside them of the floor, sample by sample. */
export interface Paired {
  readonly figures: Record<string, readonly number[]>;
  readonly base: Record<string, readonly number[]>;
}

/** By the wall's clock, which waits for the server and for whatever else the machine does; and the process's own time. */
export interface FarFigures {
  readonly wall: Paired;
  readonly processor: Paired;
}

export interface FarRows {
  readonly wall: readonly Row[];
  readonly processor: readonly Row[];
}

/** Two tiers: each candidate, and the floor beside it, in processes of their own in front of one Redis, rounds interleaved. */
export async function measureFar({ candidates, rounds, samples, operations, warmUpMs }: FarRun): Promise<FarRows> {
  const known = farCandidates.map(({ name }) => name);
  const names = candidates.length === 0 ? known : known.filter((name) => candidates.includes(name));
  await using redis = await startRedis();
  const measured = await interleaved(names, rounds, (name) =>
    runWorker<FarFigures>("far-worker", [name, redis.url, String(samples), operations, String(warmUpMs)]),
  );
  const rows = (clock: keyof FarFigures) =>
    [...measured].map(([name, all]) => ({
      name,
      figures: joined(all.map((one) => one[clock].figures)),
      base: joined(all.map((one) => one[clock].base)),
    }));
  return { wall: rows("wall"), processor: rows("processor") };
}
