import type { Awaitable } from "./awaitable.ts";

/**
 * A lock over one key. Ownership is the object that `getMutex` returned: whoever has it may release it, also from another
 * asynchronous context.
 */
export interface CacheMutex {
  /**
   * `wait: true` (the default) waits its turn; `false` tries once.
   * @returns whether it is held now. A waiting call that gives up (the store's own time limit) answers `false`.
   */
  acquire(wait?: boolean): Awaitable<boolean>;
  /** @throws LockError if it isn't held by this object */
  release(): Awaitable<void>;
  /** Whether anybody holds it. */
  locked(): Awaitable<boolean>;
}

/** Whether `thing` can serve as a {@link CacheMutex}. */
export function isCacheMutex(thing: unknown): thing is CacheMutex {
  const candidate = thing as Partial<Record<keyof CacheMutex, unknown>> | null | undefined;
  return (
    typeof candidate?.acquire === "function" &&
    typeof candidate.release === "function" &&
    typeof candidate.locked === "function"
  );
}
