import {
  type Awaitable,
  andThen,
  attempt,
  type CacheBackend,
  type Clock,
  checkOptionNames,
  type Operation,
  operations,
  ProxyBackend,
  type Run,
  systemClock,
} from "@cascata/core";
import { reportOf } from "./call-report.ts";
import { isWrite, Thrown, unthrown } from "./failures.ts";

/** Options of {@link counting}. */
export interface CountingOptions {
  /** @default systemClock */
  readonly clock?: Clock;
}

/** What {@link counting} reads. */
export const countingOptions = ["clock"] as const;

/** Counts of one operation since the proxy was made. */
export interface OperationCounts {
  readonly calls: number;
  /** Keys asked for, written or deleted; what follows counts keys as well. */
  readonly keys: number;
  readonly hits: number;
  readonly misses: number;
  /** Stored or deleted. */
  readonly stored: number;
  readonly refused: number;
  /** Not answered, or `unknown`. */
  readonly failures: number;
  /** All calls together, in milliseconds. */
  readonly totalMs: number;
  /** The longest call, in milliseconds. */
  readonly longestMs: number;
}

/**
 * Counts what passes: `proxy.counts()`, by operation. It keeps numbers only, never keys.
 *
 * @throws ConfigurationError
 */
export function counting(options: CountingOptions = {}, path = "counting"): (proxied: CacheBackend) => CountingProxy {
  checkOptionNames(options, countingOptions, path);
  return (proxied) => new CountingProxy(proxied, options.clock ?? systemClock);
}

const none: OperationCounts = Object.freeze({
  calls: 0,
  keys: 0,
  hits: 0,
  misses: 0,
  stored: 0,
  refused: 0,
  failures: 0,
  totalMs: 0,
  longestMs: 0,
});

/** See {@link counting}. */
export class CountingProxy extends ProxyBackend {
  readonly #clock: Clock;
  readonly #counts = new Map<Operation, { -readonly [name in keyof OperationCounts]: number }>();

  constructor(proxied: CacheBackend, clock: Clock) {
    super(proxied);
    this.#clock = clock;
  }

  /** A copy of the counts as they stand, all operations included. */
  counts(): Readonly<Record<Operation, OperationCounts>> {
    const all = operations.map((operation) => [operation, { ...(this.#counts.get(operation) ?? none) }]);
    return Object.fromEntries(all) as Record<Operation, OperationCounts>;
  }

  protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
    const startedAt = this.#clock.now();
    const answer = attempt(run, (error) => new Thrown(error));
    return andThen(answer, (given) => {
      this.#count(operation, keys.length, given, this.#clock.now() - startedAt);
      return unthrown(given);
    });
  }

  #count(operation: Operation, keyCount: number, answer: unknown, ms: number): void {
    const counts = this.#counts.get(operation) ?? { ...none };
    this.#counts.set(operation, counts);
    counts.calls += 1;
    counts.keys += keyCount;
    counts.totalMs += ms;
    counts.longestMs = Math.max(counts.longestMs, ms);
    const reads = operation === "get" || operation === "getMulti" || operation === "revisions";
    if (!reads && !isWrite(operation) && !(answer instanceof Thrown)) return;
    const report = reportOf(answer, keyCount, !reads);
    for (const name of ["hits", "misses", "stored", "refused", "failures"] as const) counts[name] += report[name];
  }
}
