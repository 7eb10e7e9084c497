import { isPromiseLike } from "./awaitable.ts";
import { ValidationError } from "./errors.ts";

/**
 * What a `shouldCacheFn` says of a value.
 * @throws ValidationError for a promise, which would count as a yes
 */
export function isCacheable<T>(
  shouldCacheFn: ((value: T, key: string) => boolean) | undefined,
  value: T,
  key: string,
): boolean {
  if (shouldCacheFn === undefined) return true;
  const answer: unknown = shouldCacheFn(value, key);
  if (isPromiseLike(answer))
    throw new ValidationError({ path: "shouldCacheFn", expected: "an answer at once", received: answer });
  return Boolean(answer);
}
