import assert from "node:assert/strict";
import {
  type Awaitable,
  type CacheBackend,
  CachedValue,
  type CacheMetadata,
  type Clock,
  type Found,
  isNoValue,
  STORED,
  systemClock,
  type WriteOutcome,
  type WriteOutcomes,
} from "@cascata/core";
import { settled } from "./manual-clock.ts";

/**
 * What the backend kits need of the backend under test. Only `open` is required; a case that needs more is skipped, and
 * says so, where it isn't given.
 */
export interface BackendHarness {
  /** A backend over a new, empty store. The case closes it. */
  open(): Awaitable<CacheBackend>;
  /** The clock that the backend tells time by. @default systemClock */
  readonly clock?: Clock;
  /** Lets so many milliseconds pass, as the backend sees them: a manual clock's `advance`, or a wait where the store is real. */
  readonly advance?: (ms: number) => Awaitable<unknown>;
  /** One more client of the store that `beside` uses. The case closes it. Needed by what two processes promise each other. */
  readonly connect?: (beside: CacheBackend) => Awaitable<CacheBackend>;
  /** How many operations the store behind the backend has received so far. */
  readonly operations?: (backend: CacheBackend) => number;
  /** Gives what is under way time to arrive; called repeatedly by cases that wait. @default all promise reactions run */
  readonly settle?: () => Awaitable<unknown>;
  /** Makes the store forget everything, as a restart without persistence does. */
  readonly restartEmpty?: (backend: CacheBackend) => Awaitable<unknown>;
  /** Throws away what the feed's log holds, as a bounded log does with its oldest part. */
  readonly trimFeed?: (backend: CacheBackend) => Awaitable<unknown>;
  /** Cuts the backend's link to its store; what is returned mends it. */
  readonly cutLink?: (backend: CacheBackend) => Awaitable<() => Awaitable<unknown>>;
}

/** A short life or lease in the cases, and a wait that is surely longer: milliseconds, small enough for real stores. */
export const shortMs = 300;
export const longerMs = 500;

/** Runs `body` with a new backend and closes it, whatever happens. */
export async function withBackend(
  harness: BackendHarness,
  body: (backend: CacheBackend) => Promise<void>,
): Promise<void> {
  const backend = await harness.open();
  try {
    await body(backend);
  } finally {
    await backend.close();
  }
}

/** Runs `body` with two clients of one new store and closes both. */
export async function withPair(
  harness: BackendHarness,
  body: (one: CacheBackend, other: CacheBackend) => Promise<void>,
): Promise<void> {
  await withBackend(harness, async (one) => {
    assert(harness.connect !== undefined, "the harness gives no connect");
    const other = await harness.connect(one);
    try {
      await body(one, other);
    } finally {
      await other.close();
    }
  });
}

/** An entry made just now by the harness's clock, fresh for an hour unless `metadata` says otherwise. */
export function entryOf<T>(
  payload: T,
  harness: Pick<BackendHarness, "clock">,
  metadata: Partial<CacheMetadata> = {},
): CachedValue<T> {
  const now = (harness.clock ?? systemClock).now();
  return new CachedValue(payload, { createdAt: now, startedAt: now, formatVersion: 1, ttl: 3_600_000, ...metadata });
}

/** What was found, which must be an entry. */
export function hit(found: Found | undefined): CachedValue {
  assert(found instanceof CachedValue, `expected an entry, found ${String(found)}`);
  return found;
}

/** What was found must be NO_VALUE: not a failure, not an entry. */
export function miss(found: Found | undefined): void {
  assert(isNoValue(found), `expected NO_VALUE, found ${found instanceof CachedValue ? "an entry" : String(found)}`);
}

/** The payloads of what was found, with `"(miss)"` for NO_VALUE. */
export function payloads(found: readonly Found[]): readonly unknown[] {
  return found.map((one) => (isNoValue(one) ? "(miss)" : hit(one).payload));
}

/** The outcome of a write, also of one that answered nothing. */
export function outcomeOf(answer: WriteOutcome | void): WriteOutcome {
  return answer ?? STORED;
}

/** The outcome of one key of a batch. */
export function outcomeIn(answer: WriteOutcomes | void, key: string): WriteOutcome {
  return answer?.get(key) ?? STORED;
}

/** Waits, by the harness's `settle`, until `check` no longer throws; then what it threw last is thrown. */
export async function eventually(
  harness: Pick<BackendHarness, "settle">,
  check: () => Awaitable<void>,
  rounds = 400,
): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      await check();
      return;
    } catch (error) {
      if (round >= rounds) throw error;
    }
    await (harness.settle ?? settled)();
  }
}

/** Gives notices that should not come a fair chance to arrive. */
export async function quiet(harness: Pick<BackendHarness, "settle">, rounds = 10): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await (harness.settle ?? settled)();
}

/** Calls `run` and gives what it threw or rejected with; fails if it did neither. */
export async function failureOf(run: () => Awaitable<unknown>, what: string): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  assert.fail(`${what} should have failed`);
}
