import { generate, Zipf } from "./popularity.ts";
import { Random } from "./random.ts";

/** The same walk over `count` keys again and again. */
export function loop(length: number, count: number): Int32Array {
  return generate(length, (at) => at % count);
}

/** Forth and back over `count` keys. */
export function zigzag(length: number, count: number): Int32Array {
  return generate(length, (at) => {
    const step = at % (2 * count);
    return step < count ? step : 2 * count - 1 - step;
  });
}

/** A new key with the given chance, else any of the `reach` newest ones, all alike. */
export function recency(seed: number, length: number, newShare: number, reach: number): Int32Array {
  const random = new Random(seed);
  let newest = 0;
  return generate(length, () => (random.next() < newShare ? ++newest : Math.max(0, newest - random.below(reach))));
}

/** By distance in the LRU order, log-normally distributed: no policy can do better than LRU without knowing the future. */
export function stackDistance(seed: number, length: number, depth: number, newShare: number): Int32Array {
  const random = new Random(seed);
  const stack = Int32Array.from({ length: depth }, (_, at) => at);
  let next = depth;
  return generate(length, () => {
    const distance =
      random.next() < newShare ? depth - 1 : Math.min(depth - 1, Math.exp(3.5 + 2 * random.normal()) | 0);
    const key = distance === depth - 1 ? next++ : (stack[distance] as number);
    stack.copyWithin(1, 0, distance);
    stack[0] = key;
    return key;
  });
}

/** Each key is written once; half of them are read once more within `reach` requests, then never again. */
export function readOnceMore(seed: number, length: number, reach: number): Int32Array {
  const random = new Random(seed);
  const due = new Map<number, number>();
  let next = 0;
  return generate(length, (at) => {
    const again = due.get(at);
    if (again !== undefined) return again;
    const key = next++;
    let when = at + 1 + random.below(reach);
    while (due.has(when)) when += 1;
    if (random.next() < 0.5) due.set(when, key);
    return key;
  });
}

/** An index's few pages and a table's many, by turns (LRU-K's example). */
export function twoPools(seed: number, length: number, index: number, table: number): Int32Array {
  const random = new Random(seed);
  return generate(length, (at) => (at % 2 === 1 ? index + random.below(table) : random.below(index)));
}

/** A processor's addresses: a stack that breathes, popular heap cells, rows of arrays walked again and again. */
export function addresses(seed: number, length: number): Int32Array {
  const random = new Random(seed);
  const heap = new Zipf(4000, 1.1, random);
  let depth = 0;
  let row = 0;
  let width = 200;
  let at = 0;
  return generate(length, () => {
    const kind = random.next();
    if (kind < 0.3) {
      depth = Math.max(0, Math.min(60, depth + (random.next() < 0.5 ? 1 : -1)));
      return depth;
    }
    if (kind < 0.5) return 100 + heap.next();
    at += 1;
    if (at >= width) {
      at = 0;
      if (random.next() < 0.15) {
        row = random.below(40) * 400;
        width = 50 + random.below(350);
      }
    }
    return 5000 + row + (at >> 2);
  });
}
