import { Random } from "./random.ts";

/** Draws ranks from 0 to `count` - 1, rank r in proportion to 1 / (r + 1) ** skew. */
export class Zipf {
  readonly #sums: Float64Array;
  readonly #random: Random;

  constructor(count: number, skew: number, random: Random) {
    let sum = 0;
    this.#sums = Float64Array.from({ length: count }, (_, rank) => (sum += 1 / (rank + 1) ** skew));
    this.#random = random;
  }

  next(): number {
    const sums = this.#sums;
    const wanted = this.#random.next() * (sums[sums.length - 1] as number);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** `length` requests, each made by `next`. */
export function generate(length: number, next: (at: number) => number): Int32Array {
  const keys = new Int32Array(length);
  for (let at = 0; at < length; at += 1) keys[at] = next(at);
  return keys;
}

export function zipf(seed: number, length: number, count: number, skew: number): Int32Array {
  const ranks = new Zipf(count, skew, new Random(seed));
  return generate(length, () => ranks.next());
}

/** Popularity, with a scan through keys that never come again in each stretch of `every` requests. */
export function zipfWithScans(seed: number, length: number, count: number, every: number, scan: number): Int32Array {
  const ranks = new Zipf(count, 0.9, new Random(seed));
  let next = count;
  return generate(length, (at) => (at % every >= every - scan ? next++ : ranks.next()));
}

/** Popularity, with a walk through one and the same table in each stretch of `every` requests. */
export function zipfWithTable(seed: number, length: number, count: number, every: number, table: number): Int32Array {
  const ranks = new Zipf(count, 0.9, new Random(seed));
  return generate(length, (at) => {
    const row = (at % every) - (every - table);
    return row >= 0 ? count + row : ranks.next();
  });
}

/** The most popular key is another one after every `step` requests. */
export function drift(seed: number, length: number, count: number, step: number): Int32Array {
  const ranks = new Zipf(count, 0.99, new Random(seed));
  return generate(length, (at) => ranks.next() + Math.floor(at / step));
}

/** All popularity moves at once after `every` requests. */
export function jump(seed: number, length: number, count: number, every: number): Int32Array {
  const ranks = new Zipf(count, 0.9, new Random(seed));
  return generate(length, (at) => ranks.next() + Math.floor(at / every) * (count >> 1));
}
