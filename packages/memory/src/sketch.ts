/** Counters are four bits wide, eight to a word. */
const most = 15;
const fewestWords = 16;

/**
 * How often hashes were counted lately: a count-min sketch with conservative update and halving, sixteen counters an entry
 * (W-TinyLFU, Einziger, Friedman and Manes, ACM ToS 2017). The four counters of a hash lie in two words of one cache line,
 * so that counting waits for memory once.
 */
export class FrequencySketch {
  #words: Int32Array = new Int32Array(fewestWords);
  #additions = 0;
  #period = 10 * fewestWords;

  /** Makes room for so many entries; what was counted stays. */
  ensure(entries: number): void {
    let words = this.#words;
    while (words.length < 2 * entries) {
      // One more bit of the hash picks the word, so both halves start with what their common half knew.
      const doubled = new Int32Array(words.length * 2);
      doubled.set(words);
      doubled.set(words, words.length);
      words = doubled;
    }
    this.#words = words;
    this.#period = 10 * Math.max(fewestWords, entries);
  }

  /** From 0 to 15, never less than was counted since the last halving. */
  estimate(hash: number): number {
    const words = this.#words;
    const picks = Math.imul(hash, 0x2c1b3c6d) >>> 12;
    const at = hash & (words.length - 1);
    const one = words[at] as number;
    const two = words[at ^ (1 + (picks & 7))] as number;
    const first = (picks >>> 3) & 28;
    const second = (picks >>> 8) & 28;
    return Math.min(
      Math.min((one >>> first) & most, (one >>> other(first, picks)) & most),
      Math.min((two >>> second) & most, (two >>> other(second, picks)) & most),
    );
  }

  /** Counts once; gives back the estimate after it. */
  add(hash: number): number {
    const words = this.#words;
    const picks = Math.imul(hash, 0x2c1b3c6d) >>> 12;
    const at = hash & (words.length - 1);
    const beside = at ^ (1 + (picks & 7));
    const one = words[at] as number;
    const two = words[beside] as number;
    const first = (picks >>> 3) & 28;
    const second = other(first, picks);
    const third = (picks >>> 8) & 28;
    const fourth = other(third, picks);
    const least = this.estimate(hash);
    if (least < most) {
      // Without `| 0` the sum could be past 32 bits, and is made in floating point.
      words[at] = (one + raise(one, first, least) + raise(one, second, least)) | 0;
      words[beside] = (two + raise(two, third, least) + raise(two, fourth, least)) | 0;
    }
    this.#additions += 1;
    if (this.#additions >= this.#period) this.#halve();
    return Math.min(most, least + 1);
  }

  #halve(): void {
    const words = this.#words;
    for (let at = 0; at < words.length; at += 1) words[at] = ((words[at] as number) >>> 1) & 0x77777777;
    this.#additions >>= 1;
  }
}

/** The shift of another counter in the same word. */
function other(shift: number, picks: number): number {
  return (shift + 4 + ((picks >>> 11) & 12)) & 28;
}

function raise(word: number, shift: number, from: number): number {
  return ((word >>> shift) & most) === from ? 1 << shift : 0;
}
