import { LRUCache } from "lru-cache";
import type { RemovalCause } from "./memory-options.ts";
import type { Store, StoreOptions } from "./store.ts";

/**
 * The expiry lies beside the value: lru-cache's own costs two arrays, a clock and a timer. A class, because V8 learns from a
 * literal whose objects have lived long to make all of them where only a full collection frees them, and their values with them.
 */
class Held<V extends object> {
  readonly value: V;
  readonly expiresAt: number;
  readonly weight: number;

  constructor(value: V, expiresAt: number, weight: number) {
    this.value = value;
    this.expiresAt = expiresAt;
    this.weight = weight;
  }
}

/** lru-cache takes 16 bytes in advance for each entry of a bound by number: 16 MB for a million, in each scope. */
const mostInAdvance = 65_536;

/** The least recently used entry gives way: `lru-cache` behind the interface of a {@link Store}. */
export class LruStore<V extends object> implements Store<V> {
  readonly #cache: LRUCache<string, Held<V>>;
  readonly #options: StoreOptions<V>;
  /** Why the entry that is being removed leaves, where lru-cache can't tell. */
  #cause: RemovalCause = "evicted";
  #now = 0;

  constructor(options: StoreOptions<V>) {
    this.#options = options;
    const { onRemoved } = options;
    const settings = {
      ...boundsOf<V>(options),
      ...(onRemoved && {
        disposeAfter: (held: Held<V>, key: string, reason: LRUCache.DisposeReason) =>
          onRemoved(key, held.value, this.#causeOf(held, reason)),
      }),
    };
    // One of the two bounds is there, which the type of its options wants to see written out.
    this.#cache = new LRUCache<string, Held<V>>(settings as LRUCache.Options<string, Held<V>, unknown>);
  }

  get count(): number {
    return this.#cache.size;
  }

  get weight(): number {
    return this.#options.maxWeight < Number.POSITIVE_INFINITY ? this.#cache.calculatedSize : 0;
  }

  get(key: string, now: number): V | undefined {
    const held = this.#cache.get(key);
    if (held === undefined) return undefined;
    if (held.expiresAt >= now) return held.value;
    this.delete(key, "expired");
    return undefined;
  }

  peek(key: string, now: number): V | undefined {
    const held = this.#cache.peek(key);
    return held !== undefined && held.expiresAt >= now ? held.value : undefined;
  }

  set(key: string, value: V, expiresAt: number, weight: number, now: number): boolean {
    if (weight > this.#options.maxWeight) {
      this.delete(key, "replaced");
      return false;
    }
    this.#now = now;
    this.#cache.set(key, new Held(value, expiresAt, weight));
    return true;
  }

  delete(key: string, cause: RemovalCause = "deleted"): boolean {
    this.#cause = cause;
    return this.#cache.delete(key);
  }

  evict(now: number): boolean {
    this.#now = now;
    return this.#cache.pop() !== undefined;
  }

  clear(): void {
    this.#cause = "cleared";
    this.#cache.clear();
  }

  #causeOf(held: Held<V>, reason: LRUCache.DisposeReason): RemovalCause {
    if (reason !== "evict" && reason !== "set") return this.#cause;
    if (held.expiresAt < this.#now) return "expired";
    return reason === "evict" ? "evicted" : "replaced";
  }
}

/** A large bound by number is given as one by weight, for which nothing is taken in advance. */
function boundsOf<V extends object>({ maxEntries, maxWeight }: StoreOptions<V>) {
  if (maxWeight === Number.POSITIVE_INFINITY && maxEntries > mostInAdvance)
    return { maxSize: maxEntries, sizeCalculation: () => 1 };
  return {
    ...(maxEntries < Number.POSITIVE_INFINITY && { max: maxEntries }),
    ...(maxWeight < Number.POSITIVE_INFINITY && {
      maxSize: maxWeight,
      sizeCalculation: (held: Held<V>) => held.weight,
    }),
  };
}
