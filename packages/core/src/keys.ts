import { ConfigurationError } from "./errors.ts";

/** Rewrites a key before a store sees it. Synchronous, and always the same for the same key. */
export type KeyMangler = (key: string) => string;

/** A mangler that applies `mangler` only to keys of `length` characters or more. */
export function lengthConditionalMangler(length: number, mangler: KeyMangler): KeyMangler {
  if (!Number.isInteger(length) || length < 0) {
    throw new ConfigurationError({ path: "length", expected: "a whole number from 0 on", received: length });
  }
  return (key) => (key.length >= length ? mangler(key) : key);
}

/** A mangler that puts `prefix` before each key. */
export function prefixMangler(prefix: string): KeyMangler {
  return (key) => prefix + key;
}
