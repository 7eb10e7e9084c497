import type { Clock } from "./clock.ts";
import { isCacheError, TimeoutError } from "./errors.ts";

/**
 * The promise's own outcome, or a {@link TimeoutError} once `ms` have passed. One timer, gone as soon as the promise
 * settles; none for `Infinity`. What comes later harms nobody: an answer goes to `late`, an error nowhere.
 */
export function withDeadline<T>(
  promise: PromiseLike<T>,
  ms: number,
  clock: Clock,
  what: string,
  late?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let passed = false;
    const expire = () => {
      passed = true;
      reject(new TimeoutError(what, Math.round(ms)));
    };
    // It holds the process: a promise that hangs may have nothing else that does, and a caller waits.
    const timer = ms === Number.POSITIVE_INFINITY ? undefined : clock.schedule(expire, ms, true);
    promise.then(
      (value) => {
        timer?.cancel();
        if (passed) late?.(value);
        else resolve(value);
      },
      (error: unknown) => {
        timer?.cancel();
        reject(error);
      },
    );
  });
}

/** Whether `error` says that something took too long, also in the words of another installed copy of this package. */
export function isTimeout(error: unknown): boolean {
  return isCacheError(error) && error.code === "TIMEOUT";
}
