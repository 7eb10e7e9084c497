import { roomFor, withRoom } from "./columns.ts";
import { ExpiryColumn } from "./expiry-column.ts";
import { keyHash, randomSeed } from "./key-hash.ts";
import { KeyIndex } from "./key-index.ts";
import type { RemovalCause } from "./memory-options.ts";
import { Miniatures } from "./miniatures.ts";
import { Rings, used } from "./rings.ts";
import type { Store, StoreOptions } from "./store.ts";

/** What an {@link AdaptiveStore} is made with. */
export interface AdaptiveStoreOptions<V extends object> extends StoreOptions<V> {
  /** Makes the choice of victims repeatable, for tests and benchmarks. @default random, so that nobody can foresee it */
  readonly seed?: number;
}

/** Flags are bytes, so none reaches this: nothing is sampled. */
const noSamples = 256;

/**
 * A store that keeps what is used again and lets go of what is not: it resists scans and loops, and chooses nearly as LRU
 * does where recency is all there is. `docs/memory-policy.md` tells how. A hit sets one bit and moves nothing.
 */
export class AdaptiveStore<V extends object> implements Store<V> {
  readonly #maxEntries: number;
  /** Most slots in use at once: a new entry comes before another one goes. */
  readonly #slots: number;
  readonly #maxWeight: number;
  readonly #onRemoved: StoreOptions<V>["onRemoved"];
  readonly #seed: number;
  #index: KeyIndex;
  #rings: Rings;
  /** Only once an entry that ends was stored. */
  #expiry: ExpiryColumn | undefined;
  #keys: string[];
  #values: (V | undefined)[];
  /** Only where weight is bounded. */
  #weights: Float64Array | undefined;
  #weight = 0;
  #miniatures: Miniatures | undefined;
  #sampledFrom = noSamples;
  /** In entries, as the miniatures were last told; 0 while it isn't known. */
  #capacity = 0;

  constructor(options: AdaptiveStoreOptions<V>) {
    const { maxEntries, maxWeight, onRemoved, seed = randomSeed() } = options;
    this.#maxEntries = maxEntries;
    this.#slots = maxEntries + 1;
    this.#maxWeight = maxWeight;
    this.#onRemoved = onRemoved;
    this.#seed = seed;
    this.#index = new KeyIndex(maxEntries);
    this.#rings = new Rings(this.#slots, seed);
    this.#keys = new Array<string>(roomFor(0, 112, this.#slots));
    this.#values = new Array<V | undefined>(roomFor(0, 120, this.#slots));
    if (maxWeight < Number.POSITIVE_INFINITY) this.#weights = this.#newWeights();
    if (maxEntries < Number.POSITIVE_INFINITY) this.#sampleFor(maxEntries);
  }

  get count(): number {
    return this.#rings.size;
  }

  get weight(): number {
    return this.#weight;
  }

  get(key: string, now: number): V | undefined {
    const slot = this.#index.get(key);
    if (slot === undefined) return undefined;
    if (this.#isExpired(slot, now)) {
      this.#remove(slot, "expired");
      return undefined;
    }
    this.#use(slot);
    return this.#values[slot];
  }

  peek(key: string, now: number): V | undefined {
    const slot = this.#index.get(key);
    return slot === undefined || this.#isExpired(slot, now) ? undefined : this.#values[slot];
  }

  set(key: string, value: V, expiresAt: number, weight: number, now: number): boolean {
    const slot = this.#index.get(key);
    if (weight > this.#maxWeight) {
      if (slot !== undefined) this.#remove(slot, "replaced");
      return false;
    }
    if (slot === undefined) this.#insert(key, value, expiresAt, weight, now);
    else this.#replace(slot, value, expiresAt, weight, now);
    return true;
  }

  delete(key: string, cause: RemovalCause = "deleted"): boolean {
    const slot = this.#index.get(key);
    if (slot === undefined) return false;
    this.#remove(slot, cause);
    return true;
  }

  evict(now: number): boolean {
    const { size } = this.#rings;
    if (size === 0) return false;
    if (Math.abs(size - this.#capacity) > this.#capacity >> 2) this.#sampleFor(size);
    const slot = this.#rings.choose(this.#expiry, now);
    this.#remove(slot, this.#isExpired(slot, now) ? "expired" : "evicted");
    return true;
  }

  clear(): void {
    const onRemoved = this.#onRemoved;
    const keys = this.#keys;
    const values = this.#values;
    this.#index = new KeyIndex(this.#maxEntries);
    this.#rings = new Rings(this.#slots, this.#seed);
    if (this.#miniatures !== undefined) this.#rings.admission = this.#miniatures.admission;
    this.#expiry = undefined;
    this.#keys = new Array<string>(roomFor(0, 112, this.#slots));
    this.#values = new Array<V | undefined>(roomFor(0, 120, this.#slots));
    this.#weights &&= this.#newWeights();
    this.#weight = 0;
    if (onRemoved === undefined) return;
    for (const [slot, value] of values.entries()) {
      if (value !== undefined) onRemoved(keys[slot] as string, value, "cleared");
    }
  }

  #insert(key: string, value: V, expiresAt: number, weight: number, now: number): void {
    const rings = this.#rings;
    const hash = keyHash(key, this.#seed);
    const slot = rings.add(hash);
    this.#makeRoom(slot);
    this.#index.set(key, slot);
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#endAt(slot, expiresAt, now);
    if (this.#weights !== undefined) this.#weigh(this.#weights, slot, weight);
    this.#sample(slot, rings.flags[slot] as number);
    if (this.#isOver()) this.#shrink(now);
    else rings.settle();
  }

  #replace(slot: number, value: V, expiresAt: number, weight: number, now: number): void {
    const previous = this.#values[slot] as V;
    const cause = this.#isExpired(slot, now) ? "expired" : "replaced";
    const key = this.#keys[slot] as string;
    this.#values[slot] = value;
    this.#endAt(slot, expiresAt, now);
    if (this.#weights !== undefined) this.#weigh(this.#weights, slot, weight);
    this.#use(slot);
    if (this.#isOver()) this.#shrink(now);
    this.#onRemoved?.(key, previous, cause);
  }

  #isExpired(slot: number, now: number): boolean {
    return this.#expiry?.isOver(slot, now) ?? false;
  }

  #endAt(slot: number, expiresAt: number, now: number): void {
    if (this.#expiry === undefined) {
      if (expiresAt === Number.POSITIVE_INFINITY) return;
      this.#expiry = new ExpiryColumn(this.#rings.last, this.#slots);
    }
    this.#expiry.set(slot, expiresAt, now);
  }

  #isOver(): boolean {
    return this.#rings.size > this.#maxEntries || this.#weight > this.#maxWeight;
  }

  #shrink(now: number): void {
    while (this.#isOver()) this.evict(now);
  }

  #use(slot: number): void {
    const { flags } = this.#rings;
    const before = flags[slot] as number;
    flags[slot] = before | used;
    this.#sample(slot, before);
  }

  #sample(slot: number, flags: number): void {
    if (flags < this.#sampledFrom || this.#miniatures === undefined) return;
    if (this.#miniatures.use(this.#rings.hashes[slot] as number)) this.#rings.admission = this.#miniatures.admission;
  }

  #sampleFor(capacity: number): void {
    if (this.#miniatures === undefined) this.#miniatures = new Miniatures(capacity, this.#seed);
    else this.#miniatures.resize(capacity);
    this.#capacity = capacity;
    this.#sampledFrom = this.#miniatures.from;
  }

  #weigh(weights: Float64Array, slot: number, weight: number): void {
    this.#weight += weight - (weights[slot] as number);
    weights[slot] = weight;
  }

  #remove(slot: number, cause: RemovalCause): void {
    const rings = this.#rings;
    const key = this.#keys[slot] as string;
    const value = this.#values[slot] as V;
    this.#index.delete(key);
    rings.remove(slot);
    if (this.#weights !== undefined) this.#weigh(this.#weights, slot, 0);
    this.#keys[slot] = "";
    this.#values[slot] = undefined;
    this.#onRemoved?.(key, value, cause);
  }

  #makeRoom(slot: number): void {
    if (slot === this.#keys.length) this.#keys.length = roomFor(slot, slot, this.#slots);
    if (slot === this.#values.length) this.#values.length = roomFor(slot, slot, this.#slots);
    if (this.#weights !== undefined) this.#weights = withRoom(this.#weights, Float64Array, slot, this.#slots);
  }

  #newWeights(): Float64Array {
    return new Float64Array(roomFor(0, 68, this.#slots));
  }
}
