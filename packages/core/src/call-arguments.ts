import { ValidationError } from "./errors.ts";

// What callers hand to a region is looked at before anything begins: a flight that nobody leads would be waited for without end.

/** @throws ValidationError */
export function checkCreator(creator: unknown): void {
  if (typeof creator !== "function")
    throw new ValidationError({ path: "creator", expected: "a function", received: creator });
}

/** @throws ValidationError, also for a single text, whose letters would be taken for keys */
export function checkKeyList(keys: unknown): void {
  if (!Array.isArray(keys)) throw new ValidationError({ path: "keys", expected: "a list of keys", received: keys });
}

/** @throws ValidationError for what is no `Map` and nothing like one */
export function checkMapping(mapping: unknown): void {
  const like = mapping as Partial<ReadonlyMap<string, unknown>> | null | undefined;
  if (typeof like?.get !== "function" || typeof like[Symbol.iterator] !== "function")
    throw new ValidationError({ path: "mapping", expected: "a Map of values by key", received: mapping });
}
