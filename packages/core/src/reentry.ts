import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import { LockError } from "./errors.ts";
import type { Flight } from "./flight.ts";

/** A creator that runs, within those that have led to it. */
export interface RunningCreator {
  /** Set by the guard. */
  outer: RunningCreator | undefined;
  /** The caller's name of a key that it creates; nothing for any other, nor once that key's creation has ended. */
  creates(key: string): string | undefined;
}

/** A creator of flights. */
class FlightsCreator implements RunningCreator {
  outer: RunningCreator | undefined = undefined;
  readonly #flights: readonly Flight[];

  constructor(flights: readonly Flight[]) {
    this.#flights = flights;
  }

  creates(key: string): string | undefined {
    return this.#flights.find((flight) => flight.key === key && !flight.settled)?.givenKey;
  }
}

export function creatorOf(flights: readonly Flight[]): RunningCreator {
  return new FlightsCreator(flights);
}

interface Storage {
  run<G, T>(chain: RunningCreator, callback: (given: G) => T, given: G): T;
  getStore(): RunningCreator | undefined;
  disable(): void;
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): { readonly AsyncLocalStorage: new () => Storage } | undefined };
}

const asyncFunction = (async () => undefined).constructor;

/** Whether a function was written as `async`. Others may give promises too. */
export function isAsyncFunction(run: (...given: never[]) => unknown): boolean {
  return run.constructor === asyncFunction;
}

/**
 * Finds the creator that asks for the very key which it creates, at once or through other creators, and would wait for
 * itself for ever. Asynchronous context is followed only while creators run: following it costs every promise of the process.
 */
export class ReentryGuard {
  readonly #storage: Storage | undefined;
  #running = 0;
  /** Whether the context is followed now: from the first creator that may wait until the last one that runs has ended. */
  #following = false;
  /** What creators have answered with so far: after one promise any of them may give one. */
  #answers: "values" | "promises" | undefined;
  #current: RunningCreator | undefined;

  constructor(enabled: boolean) {
    // Asked for by name at run time, so that this package imports nothing that a browser hasn't; there the guard sees synchronous calls only.
    const hooks = enabled ? (globalThis as Host).process?.getBuiltinModule?.("node:async_hooks") : undefined;
    this.#storage = hooks && new hooks.AsyncLocalStorage();
  }

  /**
   * Calls a creator. Beginning and ceasing to follow costs more than a whole creation in memory, so
   * creators that are no async functions are not followed where they have answered at once from the first one on.
   */
  run<G, T>(running: RunningCreator, isAsync: boolean, create: (given: G) => Awaitable<T>, given: G): Awaitable<T> {
    const before = this.#current;
    running.outer = this.#chain();
    this.#current = running;
    this.#running += 1;
    try {
      const follow = this.#answers !== "values" || this.#following || isAsync;
      const value = follow ? this.#follow(running, create, given) : create(given);
      if (isPromiseLike(value)) this.#answers = "promises";
      else this.#answers ??= "values";
      return value;
    } finally {
      this.#current = before;
    }
  }

  #follow<G, T>(chain: RunningCreator, create: (given: G) => Awaitable<T>, given: G): Awaitable<T> {
    if (this.#storage === undefined) return create(given);
    this.#following = true;
    return this.#storage.run(chain, create, given);
  }

  /** The creator's promise, if it gave one, has settled. */
  done(): void {
    this.#running -= 1;
    if (this.#running !== 0 || !this.#following) return;
    this.#following = false;
    this.#storage?.disable();
  }

  /**
   * By the key, not by its flight: one that nobody may join any more still holds the lease that a second one would wait for.
   * @throws LockError if the caller is, directly or not, a creator of the key
   */
  check(key: string): void {
    if (this.#running === 0) return;
    for (let chain = this.#chain(); chain !== undefined; chain = chain.outer) {
      const own = chain.creates(key);
      if (own === undefined) continue;
      throw new LockError(`the creator of ${JSON.stringify(own)} asks for its own key: it would wait for itself`);
    }
  }

  #chain(): RunningCreator | undefined {
    return this.#current ?? (this.#running === 0 ? undefined : this.#storage?.getStore());
  }
}
