/** One Map of this many entries rehashes in about 8 ms; one of a million stalls the process for 85 ms and more. */
const mostInOne = 131_072;
/** Growing past this without a bound known beforehand moves what is there, once, in about 6 ms. */
const splitAt = 65_536;
const shardBits = 6;

/** From key to slot. Many keys are spread over many Maps, so that no insert waits for the rehash of a large one. */
export class KeyIndex {
  readonly #splitAt: number;
  readonly #maps: Map<string, number>[] = [];
  /** All there is, while there is one. */
  #only: Map<string, number> | undefined = new Map();

  /** @param expected how many entries there may be; `Infinity`: not known */
  constructor(expected: number) {
    this.#splitAt = expected <= mostInOne ? Number.POSITIVE_INFINITY : splitAt;
    if (expected > mostInOne && expected < Number.POSITIVE_INFINITY) this.#split(new Map());
  }

  get(key: string): number | undefined {
    return (this.#only ?? this.#shard(key)).get(key);
  }

  set(key: string, slot: number): void {
    const only = this.#only;
    (only ?? this.#shard(key)).set(key, slot);
    if (only !== undefined && only.size > this.#splitAt) this.#split(only);
  }

  delete(key: string): void {
    (this.#only ?? this.#shard(key)).delete(key);
  }

  #shard(key: string): Map<string, number> {
    return this.#maps[shardOf(key)] as Map<string, number>;
  }

  #split(only: Map<string, number>): void {
    for (let made = 0; made < 1 << shardBits; made += 1) this.#maps.push(new Map());
    for (const [key, slot] of only) this.#shard(key).set(key, slot);
    this.#only = undefined;
  }
}

/**
 * By the last three characters, the middle one and the length: a hash of all of them costs a tenth of a hit. Keys alike in
 * these share a Map, and lose no more than what several Maps are good for. Characters that aren't there count as 0.
 */
function shardOf(key: string): number {
  const { length } = key;
  const end = key.charCodeAt(length - 1) ^ (key.charCodeAt(length - 2) << 8) ^ (key.charCodeAt(length - 3) << 16);
  return Math.imul(end ^ (key.charCodeAt(length >> 1) << 24) ^ length, 0x9e3779b1) >>> (32 - shardBits);
}
