/** Random choices that the same seed repeats. */
export interface Random {
  /** From 0 on, below 1. */
  next(): number;
  /** A whole number from 0 on, below `limit`. */
  below(limit: number): number;
  /** `true` with the probability `p`. */
  chance(p: number): boolean;
  /** @throws RangeError if the list is empty */
  pick<T>(list: readonly T[]): T;
  /** `length` letters and digits. */
  text(length: number): string;
}

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/**
 * A small generator for tests (mulberry32: 32 bits of state, good enough to choose interleavings, no good for secrets).
 * @param seed any whole number; the same one gives the same choices, on every machine
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (p) => next() < p,
    pick: (list) => {
      if (list.length === 0) throw new RangeError("there is nothing to pick from");
      return list[below(list.length)] as (typeof list)[number];
    },
    text: (length) => Array.from({ length }, () => alphabet[below(alphabet.length)]).join(""),
  };
}
