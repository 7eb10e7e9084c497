/**
 * A Map for what comes and goes. The runtime's own makes its table anew within every few deletes, and each old table points
 * to the next: one that has got into the old generation, where only a full collection frees it, keeps alive whatever
 * passes through later, and the collector spends more time on copying that than everything else takes. Here a new Map takes
 * the place of the old one before long, and what the old one holds is bounded.
 */
export class TransientMap<K, V> {
  #map = new Map<K, V>();
  /** How many have come since it was made. */
  #came = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  set(key: K, value: V): void {
    this.#came += 1;
    if (this.#came > 2 * this.#map.size + 32) {
      this.#map = new Map(this.#map);
      this.#came = this.#map.size;
    }
    this.#map.set(key, value);
  }

  delete(key: K): boolean {
    return this.#map.delete(key);
  }

  /** What is there now. */
  values(): readonly V[] {
    return [...this.#map.values()];
  }

  clear(): void {
    this.#map = new Map();
    this.#came = 0;
  }
}
