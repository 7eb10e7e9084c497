import { keyHash } from "./key-hash.ts";

/** One Map of this many entries rehashes in about 8 ms; one of a million stalls the process for 85 ms and more. */
const mostInOne = 131_072;
/** Growing past {@link splitAt} without a bound known beforehand moves what is there, once, in about 6 ms. */
const splitAt = 65_536;
const shards = 64;

/** From key to slot. Many keys are spread over many Maps, so that no insert waits for the rehash of a large one. */
export class KeyIndex {
  readonly #seed: number;
  readonly #splitAt: number;
  readonly #maps: Map<string, number>[] = [];
  /** While there is one Map a look-up needs no hash. */
  #only: Map<string, number> | undefined;

  /** @param expected how many entries there may be; `Infinity`: not known */
  constructor(expected: number, seed: number) {
    this.#seed = seed;
    this.#splitAt = expected <= mostInOne ? Number.POSITIVE_INFINITY : splitAt;
    if (expected > mostInOne && expected < Number.POSITIVE_INFINITY) this.#makeShards();
    else this.#only = new Map();
  }

  get(key: string): number | undefined {
    return this.#only === undefined ? this.#shard(keyHash(key, this.#seed)).get(key) : this.#only.get(key);
  }

  /** @param hash of the key, by {@link keyHash} with this index's seed */
  set(key: string, hash: number, slot: number): void {
    if (this.#only === undefined) {
      this.#shard(hash).set(key, slot);
    } else {
      this.#only.set(key, slot);
      if (this.#only.size > this.#splitAt) this.#split(this.#only);
    }
  }

  /** @param hash see {@link KeyIndex.set} */
  delete(key: string, hash: number): void {
    (this.#only ?? this.#shard(hash)).delete(key);
  }

  #shard(hash: number): Map<string, number> {
    return this.#maps[hash & (shards - 1)] as Map<string, number>;
  }

  #makeShards(): void {
    for (let made = 0; made < shards; made += 1) this.#maps.push(new Map());
  }

  #split(only: Map<string, number>): void {
    this.#makeShards();
    for (const [key, slot] of only) this.#shard(keyHash(key, this.#seed)).set(key, slot);
    this.#only = undefined;
  }
}
