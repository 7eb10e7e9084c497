import { optimum } from "./optimum.ts";
import { adaptive, compact, lru, sieve } from "./policies.ts";
import { shares, smallCapacities, smallOf, streams } from "./streams.ts";

/** One stream at one capacity; hit ratios in percent. */
export interface Cell {
  readonly stream: string;
  readonly capacity: number;
  readonly optimum: number;
  readonly lru: number;
  readonly sieve: number;
  /** The mean over the seeds asked for. */
  readonly adaptive: number;
}

/** The given traces first, then the bench's own streams. */
export function* measureCells(
  traces: readonly { readonly name: string; readonly requests: Int32Array }[],
  seeds: readonly number[],
): Generator<Cell> {
  for (const { name, requests } of traces) yield* measureStream(name, requests, seeds);
  for (const { name, make } of streams) yield* measureStream(name, make(), seeds);
}

function* measureStream(stream: string, requests: Int32Array, seeds: readonly number[]): Generator<Cell> {
  const trace = compact(requests);
  const capacities = shares.map((share) => Math.max(2, Math.round(trace.unique * share)));
  if (smallOf.includes(stream)) capacities.unshift(...smallCapacities);
  for (const capacity of capacities) {
    const found = seeds.map((seed) => adaptive(seed)(trace, capacity));
    yield {
      stream,
      capacity,
      optimum: optimum(trace, capacity),
      lru: lru(trace, capacity),
      sieve: sieve(trace, capacity),
      adaptive: found.reduce((sum, ratio) => sum + ratio, 0) / found.length,
    };
  }
}
