import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import type { CacheBackend } from "./backend.ts";
import { type Found, ReadFailure } from "./cached-value.ts";
import type { ReadContext } from "./contexts.ts";
import { asCacheError } from "./errors.ts";

// Reads that never throw: a failure is what they answer, for each key.

export function readKey(backend: CacheBackend, key: string, context?: ReadContext): Awaitable<Found> {
  try {
    const found = backend.get(key, context);
    return isPromiseLike(found) ? readLater(backend, found) : found;
  } catch (error) {
    return failureOf(backend, error);
  }
}

/** The same of a read that is under way. */
export function readLater(backend: CacheBackend, found: PromiseLike<Found>): PromiseLike<Found> {
  return found.then(undefined, (error: unknown) => failureOf(backend, error));
}

export function readKeys(
  backend: CacheBackend,
  keys: readonly string[],
  context?: ReadContext,
): Awaitable<readonly Found[]> {
  return askForKeys(backend, keys, () => backend.getMulti(keys, context));
}

/** The same of another question about `keys`. An answer of the wrong length is a failure too: it would give one key another one's value. */
export function askForKeys(
  backend: CacheBackend,
  keys: readonly string[],
  ask: () => Awaitable<readonly Found[]>,
): Awaitable<readonly Found[]> {
  const fail = (error: unknown): readonly Found[] => {
    const failure = new ReadFailure(backend.name, asCacheError(error, backend.name, "getMulti", keys.length));
    return keys.map(() => failure);
  };
  const check = (found: readonly Found[]): readonly Found[] =>
    found.length === keys.length ? found : fail(new TypeError(`${found.length} answers for ${keys.length} keys`));
  try {
    const found = ask();
    return isPromiseLike(found) ? found.then(check, fail) : check(found);
  } catch (error) {
    return fail(error);
  }
}

function failureOf(backend: CacheBackend, error: unknown): ReadFailure {
  return new ReadFailure(backend.name, asCacheError(error, backend.name, "get", 1));
}
