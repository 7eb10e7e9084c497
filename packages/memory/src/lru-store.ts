import { LRUCache } from "lru-cache";
import type { RemovalCause } from "./memory-options.ts";
import type { Store, StoreOptions } from "./store.ts";

/** Where every life starts, so that what lru-cache keeps as its length is the instant of its end; 0 means none to it. */
const start = 1;
const expiredToo = { allowStale: true };

/**
 * The least recently used entry gives way: `lru-cache` behind the interface of a {@link Store}. Entries lie bare in it, and
 * its expiry is used with the caller's clock: an object around each entry outlives the set, which the garbage collector
 * makes the caller pay for.
 */
export class LruStore<V extends object> implements Store<V> {
  readonly #cache: LRUCache<string, V>;
  readonly #options: StoreOptions<V>;
  /** One object for all sets; its `size` stays 0, none to lru-cache, where weight isn't bounded. */
  readonly #setting = { ttl: 0, start, size: 0 };
  /** What has left and wasn't told yet: the listener may use the store, which it can't while lru-cache is at work. */
  readonly #left: [key: string, value: V, cause: RemovalCause][] = [];
  /** Why the entry that is being removed leaves, where lru-cache can't tell. */
  #cause: RemovalCause = "evicted";
  #now = 0;

  constructor(options: StoreOptions<V>) {
    this.#options = options;
    const { maxEntries, maxWeight, onRemoved } = options;
    const settings = {
      perf: { now: () => this.#now },
      ttlResolution: 0,
      ...(maxEntries < Number.POSITIVE_INFINITY && { max: maxEntries }),
      ...(maxWeight < Number.POSITIVE_INFINITY && { maxSize: maxWeight }),
      ...(onRemoved && {
        dispose: (value: V, key: string, reason: LRUCache.DisposeReason) =>
          void this.#left.push([key, value, this.#causeOf(key, reason)]),
      }),
    };
    // One of the two bounds is there, which the type of its options wants to see written out.
    this.#cache = new LRUCache<string, V>(settings as LRUCache.Options<string, V, unknown>);
  }

  get count(): number {
    return this.#cache.size;
  }

  get weight(): number {
    return this.#cache.calculatedSize;
  }

  get(key: string, now: number): V | undefined {
    this.#now = now;
    const value = this.#cache.get(key);
    if (value === undefined) this.#tell();
    return value;
  }

  peek(key: string, now: number): V | undefined {
    this.#now = now;
    return this.#cache.peek(key);
  }

  set(key: string, value: V, expiresAt: number, weight: number, now: number): boolean {
    if (weight > this.#options.maxWeight) {
      this.delete(key, "replaced");
      return false;
    }
    this.#now = now;
    // lru-cache takes the same object for no change, neither of its weight nor worth telling.
    const { maxWeight, onRemoved } = this.#options;
    const isWeighed = maxWeight < Number.POSITIVE_INFINITY;
    if ((isWeighed || onRemoved !== undefined) && this.#cache.peek(key, expiredToo) === value) {
      this.#delete(key, this.#causeOf(key, "set"));
    }
    const setting = this.#setting;
    setting.ttl = expiresAt === Number.POSITIVE_INFINITY ? 0 : expiresAt - start || Number.MIN_VALUE;
    if (isWeighed) setting.size = weight;
    this.#cache.set(key, value, setting);
    this.#tell();
    return true;
  }

  delete(key: string, cause: RemovalCause = "deleted"): boolean {
    const wasThere = this.#delete(key, cause);
    this.#tell();
    return wasThere;
  }

  evict(now: number): boolean {
    this.#now = now;
    const wasThere = this.#cache.pop() !== undefined;
    this.#tell();
    return wasThere;
  }

  clear(): void {
    this.#cause = "cleared";
    this.#cache.clear();
    this.#tell();
  }

  #delete(key: string, cause: RemovalCause): boolean {
    this.#cause = cause;
    return this.#cache.delete(key);
  }

  #tell(): void {
    const left = this.#left;
    for (let gone = left.shift(); gone !== undefined; gone = left.shift()) this.#options.onRemoved?.(...gone);
  }

  #causeOf(key: string, reason: LRUCache.DisposeReason): RemovalCause {
    if (reason === "expire") return "expired";
    if (reason !== "evict" && reason !== "set") return this.#cause;
    if (this.#cache.getRemainingTTL(key) < 0) return "expired";
    return reason === "evict" ? "evicted" : "replaced";
  }
}
