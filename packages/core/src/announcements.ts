import type { Clock } from "./clock.ts";
import { TransientMap } from "./transient-map.ts";

const mostRecent = 1000;

/** Wakes those who wait for a lease: that of another process, whose feed tells of its end, or of a creation of this one that was broken. */
export class Announcements {
  readonly #clock: Clock;
  readonly #waiting = new TransientMap<string, Set<() => void>>();
  /** The latest keys and the count at which each came. */
  readonly #recent = new Map<string, number>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many have come so far: what a read notes before it leaves. */
  get count(): number {
    return this.#count;
  }

  /**
   * Until one of the keys is announced, or `ms` have passed. An announcement may overtake the answer that makes its reader
   * wait: one that has come after the `since`th counts.
   */
  wait(keys: readonly string[], ms: number, since: number): Promise<void> {
    if (keys.some((key) => (this.#recent.get(key) ?? 0) > since)) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel();
        for (const key of keys) this.#forget(key, wake);
        resolve();
      };
      // A caller waits, and perhaps nothing else holds the process.
      const timer = this.#clock.schedule(wake, ms, true);
      for (const key of keys) {
        const waiting = this.#waiting.get(key);
        if (waiting === undefined) this.#waiting.set(key, new Set([wake]));
        else waiting.add(wake);
      }
    });
  }

  announce(keys: readonly string[]): void {
    for (const key of keys) {
      this.#remember(key);
      for (const wake of [...(this.#waiting.get(key) ?? [])]) wake();
    }
  }

  #remember(key: string): void {
    this.#count += 1;
    this.#recent.delete(key);
    this.#recent.set(key, this.#count);
    if (this.#recent.size <= mostRecent) return;
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      return;
    }
  }

  #forget(key: string, wake: () => void): void {
    const waiting = this.#waiting.get(key);
    waiting?.delete(wake);
    if (waiting?.size === 0) this.#waiting.delete(key);
  }
}
