import {
  type Awaitable,
  andThen,
  attempt,
  type CacheBackend,
  type CachedValue,
  type CallContext,
  type Clock,
  checkOptionNames,
  type Found,
  isCacheError,
  NO_VALUE,
  type Operation,
  ProxyBackend,
  type ProxyFactory,
  type Run,
  systemClock,
  type Timer,
  type WriteOutcome,
  wholeNumber,
  withDeadline,
} from "@cascata/core";
import { isWrite, Thrown, unthrown } from "./failures.ts";

/** Options of {@link recovery}. */
export interface RecoveryOptions {
  /** So many keys are remembered at the most; what is missed beyond is reported as an incident and not replayed. @default 10 000 */
  readonly maxKeys?: number;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** What {@link recovery} reads. */
export const recoveryOptions = ["maxKeys", "clock"] as const;

const firstWaitMs = 100;
const longestWaitMs = 1000;
const replayMs = 1000;
const batchSize = 500;

/**
 * Remembers the keys whose delete or write the backend missed, and deletes them once it is back, within about a second.
 *
 * A missed write is made good by a delete too, never by the write itself: meanwhile another process may have stored
 * something newer, which a late write would replace, while a delete at the worst costs a miss. (A region does more, by its
 * option `replay`: it can take a lease and hears of changes. This proxy stands in front of any store, and does neither.)
 * Writes with a ticket are not remembered: what they were to replace was absent or useless. Until a key is made good its
 * reads find nothing. A confirmed delete, or write without a ticket, settles it. Answers are passed on as they are: a failed
 * write says so.
 *
 * @throws ConfigurationError
 */
export function recovery(options: RecoveryOptions = {}, path = "recovery"): ProxyFactory {
  checkOptionNames(options, recoveryOptions, path);
  const maxKeys = wholeNumber(options.maxKeys ?? 10_000, `${path}.maxKeys`);
  return (proxied) => new RecoveryProxy(proxied, maxKeys, options.clock ?? systemClock);
}

/** See {@link recovery}. */
export class RecoveryProxy extends ProxyBackend {
  readonly #maxKeys: number;
  readonly #clock: Clock;
  /** Key to the number of its latest miss, so that a replay settles only what it was for. */
  readonly #missed = new Map<string, number>();
  #misses = 0;
  #timer: Timer | undefined;
  #waitMs = firstWaitMs;
  #replaying = false;
  #closed = false;

  constructor(proxied: CacheBackend, maxKeys: number, clock: Clock) {
    super(proxied);
    this.#maxKeys = maxKeys;
    this.#clock = clock;
  }

  /** How many keys wait to be made good. */
  get pending(): number {
    return this.#missed.size;
  }

  /** What passes is not changed. */
  override get byReference(): boolean {
    return this.proxied.byReference;
  }

  protected override decode(entry: CachedValue, key: string): Found {
    return this.#missed.has(key) ? NO_VALUE : entry;
  }

  protected override around<T>(
    operation: Operation,
    run: Run<T>,
    keys: readonly string[],
    context?: CallContext,
  ): Awaitable<T> {
    if (!isWrite(operation) || context?.ticket !== undefined) return run();
    const before = this.#misses;
    const answer = attempt(run, (error) => new Thrown(error));
    return andThen(answer, (given) => {
      for (const key of keys) this.#take(key, outcomeOf(given, key), before);
      return unthrown(given);
    });
  }

  /** Tries once more to make good what is left; what can't be is reported. */
  override async close(): Promise<void> {
    if (!this.#closed && this.#missed.size > 0) {
      this.#timer?.cancel();
      await this.#replay();
    }
    this.#closed = true;
    this.#timer?.cancel();
    if (this.#missed.size > 0) this.report(`${this.#missed.size} keys were not made good`);
    this.#missed.clear();
    await this.proxied.close();
  }

  #take(key: string, outcome: WriteOutcome | undefined, before: number): void {
    if (outcome?.status === "failed" && isCallersFault(outcome.error)) return;
    if (outcome?.status === "failed" || outcome?.status === "unknown") this.#miss(key);
    // Only a write that started after the miss makes it good: an earlier one may have been overtaken.
    else if (outcome?.status !== "refused" && (this.#missed.get(key) ?? Number.POSITIVE_INFINITY) <= before)
      this.#missed.delete(key);
  }

  #miss(key: string): void {
    if (this.#closed) return;
    if (!this.#missed.has(key) && this.#missed.size >= this.#maxKeys) {
      this.report("missed and not remembered", { key });
      return;
    }
    this.#misses += 1;
    this.#missed.set(key, this.#misses);
    this.#plan();
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#replaying || this.#closed) return;
    this.#timer = this.#clock.schedule(() => {
      this.#timer = undefined;
      void this.#replay();
    }, this.#waitMs);
  }

  /** Never rejects. */
  async #replay(): Promise<void> {
    if (this.#replaying) return;
    this.#replaying = true;
    const all = [...this.#missed];
    let back = true;
    for (let at = 0; back && at < all.length; at += batchSize)
      back = await this.#replayBatch(all.slice(at, at + batchSize));
    this.#replaying = false;
    this.#waitMs = back ? firstWaitMs : Math.min(this.#waitMs * 2, longestWaitMs);
    if (this.#missed.size > 0) this.#plan();
  }

  /** Whether anything was made good. */
  async #replayBatch(batch: readonly (readonly [string, number])[]): Promise<boolean> {
    const keys = batch.map(([key]) => key);
    let settled = 0;
    try {
      const deadline = this.#clock.now() + replayMs;
      const answer = this.proxied.deleteMulti(keys, { deadline });
      const outcomes = await withDeadline(Promise.resolve(answer), replayMs, this.#clock, `${this.name}: recovery`);
      for (const [key, miss] of batch) {
        const stored = (outcomes?.get(key)?.status ?? "stored") === "stored";
        if (stored) settled += 1;
        if (this.#missed.get(key) !== miss) continue;
        this.#missed.delete(key);
        // To the end of the line, so that keys that can't be reached don't hold up the others.
        if (!stored) this.#missed.set(key, miss);
      }
    } catch {
      return false;
    }
    return settled > 0;
  }
}

function outcomeOf(answer: unknown, key: string): WriteOutcome | undefined {
  if (answer instanceof Thrown) return { status: "failed", error: answer.error as Error };
  return answer instanceof Map ? (answer.get(key) as WriteOutcome | undefined) : (answer as WriteOutcome | undefined);
}

/** Nothing was to be stored then, and what stands may stand. */
function isCallersFault(error: unknown): boolean {
  return (
    isCacheError(error) && (error.code === "VALIDATION" || error.code === "CLOSED" || error.code === "SERIALIZATION")
  );
}
