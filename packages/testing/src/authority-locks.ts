import { type Clock, type Timer, UnavailableError } from "@cascata/core";

interface Held {
  readonly owner: object;
  readonly expiry: Timer;
}

interface Waiter {
  readonly owner: object;
  readonly ms: number;
  settle(held: boolean): void;
  fail(error: Error): void;
}

/** The authority's locks: one owner a key, first come first served, each for a limited time. */
export class AuthorityLocks {
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();
  readonly #queues = new Map<string, Waiter[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(key: string): boolean {
    return this.#held.has(key);
  }

  /** Not re-entrant: the owner itself waits too. */
  take(key: string, owner: object, ms: number, wait: boolean): boolean | Promise<boolean> {
    if (!this.#held.has(key)) {
      this.#hold(key, owner, ms);
      return true;
    }
    if (!wait) return false;
    return new Promise((settle, fail) => {
      const queue = this.#queues.get(key) ?? [];
      this.#queues.set(key, queue);
      queue.push({ owner, ms, settle, fail });
    });
  }

  /** Whether `owner` held it. */
  give(key: string, owner: object): boolean {
    const held = this.#held.get(key);
    if (held?.owner !== owner) return false;
    held.expiry.cancel();
    this.#next(key);
    return true;
  }

  /** The store forgot its locks. */
  clear(): void {
    for (const held of this.#held.values()) held.expiry.cancel();
    this.#held.clear();
    this.disconnect();
  }

  /** The store went away: whoever waits is told. */
  disconnect(): void {
    const waiting = [...this.#queues.values()].flat();
    this.#queues.clear();
    for (const waiter of waiting) waiter.fail(new UnavailableError("the authority", "it went away"));
  }

  #hold(key: string, owner: object, ms: number): void {
    this.#held.set(key, { owner, expiry: this.#clock.schedule(() => this.#next(key), ms) });
  }

  #next(key: string): void {
    this.#held.delete(key);
    const waiter = this.#queues.get(key)?.shift();
    if (this.#queues.get(key)?.length === 0) this.#queues.delete(key);
    if (waiter === undefined) return;
    this.#hold(key, waiter.owner, waiter.ms);
    waiter.settle(true);
  }
}
