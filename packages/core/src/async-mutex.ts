import { LockError } from "./errors.ts";
import type { CacheMutex } from "./mutex.ts";

/** A lock within the process: first come, first served. Whoever has the object may release it, in any asynchronous context. */
export class AsyncMutex implements CacheMutex {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  acquire(wait = true): boolean | Promise<boolean> {
    if (!this.#held) {
      this.#held = true;
      return true;
    }
    if (!wait) return false;
    return new Promise<boolean>((resolve) => this.#waiting.push(() => resolve(true)));
  }

  /** @throws LockError if nobody holds it */
  release(): void {
    if (!this.#held) throw new LockError("a lock that nobody holds can't be released");
    const next = this.#waiting.shift();
    // It passes from hand to hand, so that nobody who comes later can take it in between.
    if (next === undefined) this.#held = false;
    else next();
  }

  locked(): boolean {
    return this.#held;
  }
}
