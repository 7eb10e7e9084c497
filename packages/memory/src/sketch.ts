/** A power of two: blocks are found by shifting hashes by four. */
const blockWords = 16;
const most = 15;

/**
 * How often hashes were counted lately: a count-min sketch of four-bit counters, eight of them an entry, with conservative
 * update and halving (W-TinyLFU, Einziger, Friedman and Manes, ACM ToS 2017). The four counters of a hash share a block of
 * 64 bytes, so that counting waits for one cache line.
 */
export class FrequencySketch {
  #words: Int32Array = new Int32Array(blockWords);
  #additions = 0;
  #period = 10 * blockWords;

  /** Makes room for so many entries; what was counted stays. */
  ensure(entries: number): void {
    let words = this.#words;
    while (words.length < 2 * entries) {
      // One more bit of the hash picks the block, so both halves start with what their common block knew.
      const doubled = new Int32Array(words.length * 2);
      doubled.set(words);
      doubled.set(words, words.length);
      words = doubled;
    }
    this.#words = words;
    this.#period = 10 * Math.max(blockWords, entries);
  }

  /** From 0 to 15, never less than was counted since the last halving. */
  estimate(hash: number): number {
    const words = this.#words;
    const block = (hash << 4) & (words.length - 1);
    let picks = spread(hash);
    let least = most;
    for (let probe = 0; probe < 4; probe += 1) {
      const count = ((words[block + (picks & 15)] as number) >>> ((picks >>> 2) & 28)) & most;
      if (count < least) least = count;
      picks >>>= 8;
    }
    return least;
  }

  add(hash: number): void {
    const words = this.#words;
    const block = (hash << 4) & (words.length - 1);
    const least = this.estimate(hash);
    if (least < most) {
      let picks = spread(hash);
      for (let probe = 0; probe < 4; probe += 1) {
        const at = block + (picks & 15);
        const shift = (picks >>> 2) & 28;
        // Two probes may pick one counter: the second then finds it raised.
        if ((((words[at] as number) >>> shift) & most) === least) words[at] = (words[at] as number) + (1 << shift);
        picks >>>= 8;
      }
    }
    this.#additions += 1;
    if (this.#additions >= this.#period) this.#halve();
  }

  #halve(): void {
    const words = this.#words;
    for (let at = 0; at < words.length; at += 1) words[at] = ((words[at] as number) >>> 1) & 0x77777777;
    this.#additions >>= 1;
  }
}

function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
