import type { CachedValue } from "@cascata/core";
import { LRUCache } from "lru-cache";
import type { RemovalCause } from "./memory-options.ts";

/** An entry as a memory tier holds it. */
export interface Held {
  readonly entry: CachedValue;
  /** The clock's instant after which it is gone. */
  readonly expiresAt: number;
  /** At least 1. */
  readonly bytes: number;
}

/** What a shelf is made with. */
export interface ShelfOptions {
  /** `Infinity`: not bounded by it; one of the two is finite. */
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly onRemoved: ((key: string, held: Held, cause: RemovalCause) => void) | undefined;
}

/** The least recently used entry gives way. */
export class LruShelf {
  readonly #cache: LRUCache<string, Held>;
  #cause: RemovalCause = "deleted";

  constructor(options: ShelfOptions) {
    const { maxEntries, maxBytes, onRemoved } = options;
    const settings = {
      ...(maxEntries < Number.POSITIVE_INFINITY && { max: maxEntries }),
      ...(maxBytes < Number.POSITIVE_INFINITY && { maxSize: maxBytes, sizeCalculation: (held: Held) => held.bytes }),
      ...(onRemoved && {
        disposeAfter: (held: Held, key: string, reason: LRUCache.DisposeReason) =>
          onRemoved(key, held, reason === "evict" ? "evicted" : reason === "set" ? "replaced" : this.#cause),
      }),
    };
    // One of the two bounds is there, which the type of its options wants to see written out.
    this.#cache = new LRUCache<string, Held>(settings as LRUCache.Options<string, Held, unknown>);
  }

  get count(): number {
    return this.#cache.size;
  }

  get bytes(): number {
    return this.#cache.calculatedSize;
  }

  get(key: string): Held | undefined {
    return this.#cache.get(key);
  }

  set(key: string, held: Held): void {
    this.#cache.set(key, held);
  }

  delete(key: string, cause: RemovalCause): void {
    this.#cause = cause;
    this.#cache.delete(key);
  }

  evict(): boolean {
    return this.#cache.pop() !== undefined;
  }

  clear(): void {
    this.#cause = "cleared";
    this.#cache.clear();
  }
}
