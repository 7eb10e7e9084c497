import type { Clock } from "./clock.ts";

/** Wakes those who wait for another process to fill a key. */
export class Announcements {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until one of the keys is announced, or `ms` have passed. */
  wait(keys: readonly string[], ms: number): Promise<void> {
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
    for (const key of keys) for (const wake of [...(this.#waiting.get(key) ?? [])]) wake();
  }

  #forget(key: string, wake: () => void): void {
    const waiting = this.#waiting.get(key);
    waiting?.delete(wake);
    if (waiting?.size === 0) this.#waiting.delete(key);
  }
}
