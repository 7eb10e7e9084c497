import { type Awaitable, andThen, attempt, isPromiseLike } from "./awaitable.ts";
import type { CacheBackend, WriteOutcomes } from "./backend.ts";
import type { CachedValue } from "./cached-value.ts";
import { STORED, type WriteContext, type WriteOutcome } from "./contexts.ts";
import { asCacheError } from "./errors.ts";

const SKIPPED: WriteOutcome = Object.freeze({ status: "refused", why: "skipped" });
const allStored: WriteOutcomes = new Map();

// Writes that never throw: a failure is what they answer, for each key.

export function writeKey(
  backend: CacheBackend,
  key: string,
  value: CachedValue,
  context?: WriteContext,
): Awaitable<WriteOutcome> {
  if (context?.skip?.has(backend.name)) return SKIPPED;
  try {
    const outcome = backend.set(key, value, context);
    return isPromiseLike(outcome) ? answered(outcome, backend) : (outcome ?? STORED);
  } catch (error) {
    return failed(backend, "set", 1, error);
  }
}

function answered(outcome: PromiseLike<WriteOutcome | void>, backend: CacheBackend): PromiseLike<WriteOutcome> {
  return outcome.then(
    (one) => one ?? STORED,
    (error: unknown) => failed(backend, "set", 1, error),
  );
}

/** By key, as a batch of one would be answered. */
export function writeKeyAsBatch(
  backend: CacheBackend,
  key: string,
  value: CachedValue,
  context?: WriteContext,
): Awaitable<WriteOutcomes> {
  if (context?.skip?.has(backend.name)) return eachAs([key], SKIPPED);
  return outcomeOf(backend, "set", key, () => backend.set(key, value, context));
}

export function writeKeys(
  backend: CacheBackend,
  mapping: ReadonlyMap<string, CachedValue>,
  context?: WriteContext,
): Awaitable<WriteOutcomes> {
  const keys = mapping.keys();
  if (context?.skip?.has(backend.name)) return eachAs([...keys], SKIPPED);
  return outcomesOf(backend, "setMulti", keys, () => backend.setMulti(mapping, context));
}

/** By key, as a batch of one would be answered. */
export function deleteKey(backend: CacheBackend, key: string, context?: WriteContext): Awaitable<WriteOutcomes> {
  return outcomeOf(backend, "delete", key, () => backend.delete(key, context));
}

export function deleteKeys(
  backend: CacheBackend,
  keys: readonly string[],
  context?: WriteContext,
): Awaitable<WriteOutcomes> {
  return outcomesOf(backend, "deleteMulti", keys, () => backend.deleteMulti(keys, context));
}

/** The caller wants nearer tiers alone to have it. */
export function isSkipped(outcome: WriteOutcome): boolean {
  return outcome.status === "refused" && outcome.why === "skipped";
}

function outcomeOf(
  backend: CacheBackend,
  operation: string,
  key: string,
  run: () => Awaitable<WriteOutcome | void>,
): Awaitable<WriteOutcomes> {
  const outcome = attempt(run, (error) => failed(backend, operation, 1, error));
  return andThen(outcome, (one) => new Map([[key, one ?? STORED]]));
}

function outcomesOf(
  backend: CacheBackend,
  operation: string,
  keys: Iterable<string>,
  run: () => Awaitable<WriteOutcomes | void>,
): Awaitable<WriteOutcomes> {
  const outcomes = attempt(run, (error): WriteOutcomes => {
    const all = [...keys];
    return eachAs(all, failed(backend, operation, all.length, error));
  });
  return andThen(outcomes, (all) => all ?? allStored);
}

function eachAs(keys: readonly string[], outcome: WriteOutcome): WriteOutcomes {
  return new Map(keys.map((key) => [key, outcome]));
}

function failed(backend: CacheBackend, operation: string, keyCount: number, error: unknown): WriteOutcome {
  return { status: "failed", error: asCacheError(error, backend.name, operation, keyCount) };
}
