import { setImmediate } from "node:timers/promises";
import { type Cell, cellOf, type Point } from "./grid.ts";
import type { Answer } from "./nearest.ts";
import { seededRandom } from "./requests.ts";
import { Tally } from "./tally.ts";

/** The name under which a {@link Lookup} reports what no tier had. */
export const creatorSource = "creator";

/** An answer and who gave it: a tier's name, or {@link creatorSource}. */
export interface Sourced {
  readonly answer: Answer;
  readonly source: string;
}

/** Answers for a cell, from wherever. */
export type Lookup = (cell: Cell) => Promise<Sourced>;

/** A request whose answer is kept, to be checked afterwards. */
export interface Sampled {
  readonly cell: Cell;
  readonly answer: Answer;
}

/** What a run of requests came to. */
export interface Served {
  readonly tally: Tally;
  /** Different cells that were asked for. */
  readonly cells: number;
  /** From the first request to the last answer. */
  readonly ms: number;
  readonly sample: readonly Sampled[];
}

export interface ServeOptions {
  readonly requests: number;
  readonly seed: number;
  /** How many answers to keep for the check. */
  readonly sample: number;
  /** Told now and then how many requests are done, and at the end. */
  readonly onProgress: (done: number) => void;
  /** Ends the run early: {@link serve} rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Requests between two looks at the event loop, which disk and network tiers need to get their work done. */
const turn = 256;

/** Serves requests one after another, so that a latency is that of one look-up and not of a queue. */
export async function serve(points: Iterator<Point>, lookup: Lookup, options: ServeOptions): Promise<Served> {
  const { requests, seed, onProgress, signal } = options;
  const sampled = sampleIndices(requests, options.sample, seed);
  const sample: Sampled[] = [];
  const tally = new Tally();
  const cells = new Set<number>();
  const start = performance.now();
  for (let index = 0; index < requests; index++) {
    const cell = cellOf(points.next().value as Point);
    const asked = performance.now();
    const { answer, source } = await lookup(cell);
    const ms = performance.now() - asked;
    tally.add(source, ms, bytesOf(answer));
    cells.add(cell.row * 1_000_000 + cell.column);
    if (sampled.has(index)) sample.push({ cell, answer });
    if (source === creatorSource || index % turn === 0) {
      onProgress(index + 1);
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  const ms = performance.now() - start;
  onProgress(requests);
  return { tally, cells: cells.size, ms, sample };
}

/** Indices spread over the whole run: one from each of `size` equal stretches. All of them when there are no more. */
export function sampleIndices(requests: number, size: number, seed: number): ReadonlySet<number> {
  const random = seededRandom(seed ^ 0x5a5a5a5a);
  const stretches = Math.min(requests, size);
  const stretch = requests / stretches;
  const indices = new Set<number>();
  for (let one = 0; one < stretches; one++) {
    const first = Math.floor(one * stretch);
    const next = Math.floor((one + 1) * stretch);
    indices.add(first + Math.floor(random() * (next - first)));
  }
  return indices;
}

function bytesOf(answer: Answer): number {
  return Buffer.byteLength(JSON.stringify(answer));
}
