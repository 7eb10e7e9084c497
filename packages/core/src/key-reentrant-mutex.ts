import { LockError } from "./errors.ts";
import type { CacheMutex } from "./mutex.ts";

interface Shared {
  readonly mutex: CacheMutex;
  owner: object | undefined;
  readonly keys: Set<string>;
}

/**
 * One key's view of a lock that all keys share: its owner may take further keys at once, and the shared lock is free
 * when the last of them is released. JavaScript has no threads to be the owner, so an object is: the batch, the job.
 */
export class KeyReentrantMutex implements CacheMutex {
  readonly #shared: Shared;
  readonly #owner: object;
  readonly #key: string;

  private constructor(shared: Shared, key: string, owner: object) {
    this.#shared = shared;
    this.#key = key;
    this.#owner = owner;
  }

  /** Views of `mutex`. */
  static factory(mutex: CacheMutex): (key: string, owner: object) => KeyReentrantMutex {
    const shared: Shared = { mutex, owner: undefined, keys: new Set() };
    return (key, owner) => new KeyReentrantMutex(shared, key, owner);
  }

  /** @throws LockError if the owner holds this very key: it would wait for itself */
  async acquire(wait = true): Promise<boolean> {
    const shared = this.#shared;
    if (shared.owner === this.#owner) {
      if (shared.keys.has(this.#key)) throw this.#error("is held by the same owner: it would wait for itself");
      shared.keys.add(this.#key);
      return true;
    }
    if (!(await shared.mutex.acquire(wait))) return false;
    shared.owner = this.#owner;
    shared.keys.add(this.#key);
    return true;
  }

  /** @throws LockError if the owner does not hold the key */
  async release(): Promise<void> {
    const shared = this.#shared;
    if (shared.owner !== this.#owner || !shared.keys.delete(this.#key))
      throw this.#error("is not held by this owner: it can't be released");
    if (shared.keys.size > 0) return;
    shared.owner = undefined;
    await shared.mutex.release();
  }

  locked(): boolean {
    return this.#shared.keys.has(this.#key);
  }

  #error(what: string): LockError {
    return new LockError(`the lock of ${JSON.stringify(this.#key)} ${what}`);
  }
}
