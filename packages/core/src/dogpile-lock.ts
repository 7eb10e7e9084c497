import type { Awaitable } from "./awaitable.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Duration, durationMs } from "./duration.ts";
import { LockError } from "./errors.ts";
import type { CacheMutex } from "./mutex.ts";

/** Thrown by a reader to say that there is no value at all. */
export class NeedRegenerationException extends Error {
  override readonly name: string = "NeedRegenerationException";
}

/** A value and the clock's instant of its creation, in milliseconds. An instant of 0 or less: there is no value. */
export type ValueAndCreated<T> = readonly [value: T, createdAt: number];

/** What a {@link Lock} may be given beside its parts. */
export interface LockOptions {
  /** @default systemClock */
  readonly clock?: Clock;
  /** Told of what no caller is: a lock that could not be released, an `asyncCreator` that failed. @default nobody is */
  readonly onError?: (error: unknown) => void;
}

interface Read<T> {
  readonly value: T | undefined;
  readonly state: "absent" | "expired" | "fresh";
}

/**
 * The dogpile lock by itself, over any store: one caller creates; the others get the stale value at once or, where there
 * is none, wait and read again. The region's own creations do not need it.
 *
 * ```ts
 * const value = await new Lock(mutex, create, read, "1m").enter();
 * ```
 */
export class Lock<T> {
  readonly #mutex: CacheMutex;
  readonly #creator: () => Awaitable<ValueAndCreated<T>>;
  readonly #read: () => Awaitable<ValueAndCreated<T>>;
  readonly #expireMs: number;
  readonly #asyncCreator: ((mutex: CacheMutex) => Awaitable<unknown>) | undefined;
  readonly #clock: Clock;
  readonly #onError: ((error: unknown) => void) | undefined;

  /**
   * @param creator makes the value and stores it
   * @param valueAndCreatedFn reads it; throws {@link NeedRegenerationException} where there is none
   * @param expiretime a value older than this is stale; an age equal to it is not; `undefined`: never
   * @param asyncCreator takes over the creation and the mutex, which it releases, where there is a stale value; once it has been
   *   called without throwing, releasing is its own affair
   */
  constructor(
    mutex: CacheMutex,
    creator: () => Awaitable<ValueAndCreated<T>>,
    valueAndCreatedFn: () => Awaitable<ValueAndCreated<T>>,
    expiretime: Duration | undefined,
    asyncCreator?: (mutex: CacheMutex) => Awaitable<unknown>,
    options: LockOptions = {},
  ) {
    this.#mutex = mutex;
    this.#creator = creator;
    this.#read = valueAndCreatedFn;
    this.#expireMs = expiretime === undefined ? Number.POSITIVE_INFINITY : durationMs(expiretime, "expiretime");
    this.#asyncCreator = asyncCreator;
    this.#clock = options.clock ?? systemClock;
    this.#onError = options.onError;
  }

  /**
   * The value: found, created, or stale. The mutex is not held when this answers, unless `asyncCreator` has taken it.
   * @throws LockError if there is no value and the mutex was not granted
   */
  async enter(): Promise<T> {
    const before = await this.#look();
    if (before.state === "fresh") return before.value as T;
    if (!(await this.#mutex.acquire(before.state === "absent"))) {
      if (before.state === "expired") return before.value as T;
      throw new LockError("the lock was not granted in time, and there is no value");
    }
    let handedOver = false;
    try {
      // Somebody may have created it between the first look and the lock.
      const now = await this.#look();
      if (now.state === "fresh") return now.value as T;
      if (now.state === "expired" && this.#asyncCreator !== undefined) {
        const work = this.#asyncCreator(this.#mutex);
        handedOver = true;
        // Nobody waits for it: the stale value is the answer.
        Promise.resolve(work).catch((error: unknown) => this.#onError?.(error));
        return now.value as T;
      }
      const [value] = await this.#creator();
      return value;
    } finally {
      if (!handedOver) await this.#release();
    }
  }

  async #look(): Promise<Read<T>> {
    try {
      const [value, createdAt] = await this.#read();
      if (createdAt <= 0) return { value, state: "absent" };
      return { value, state: this.#clock.now() - createdAt > this.#expireMs ? "expired" : "fresh" };
    } catch (error) {
      if (error instanceof NeedRegenerationException) return { value: undefined, state: "absent" };
      throw error;
    }
  }

  async #release(): Promise<void> {
    try {
      await this.#mutex.release();
    } catch (error) {
      this.#onError?.(error);
    }
  }
}
