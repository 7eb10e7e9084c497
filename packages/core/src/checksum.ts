const p1 = 0x9e3779b1 | 0;
const p2 = 0x85ebca77 | 0;
const p3 = 0xc2b2ae3d | 0;
const p4 = 0x27d4eb2f | 0;
/** Keeps two lanes that take the same apart. */
const apart = 0x5bd1e995;

/** A 64-bit check value as two 32-bit halves. */
export interface Checksum {
  readonly high: number;
  readonly low: number;
}

/**
 * A 64-bit checksum of a key and of what `view` shows from `start` to `end`, against accidents and not against forgers. Four 32-bit
 * lanes in the manner of xxHash (BSD-licensed specification, Y. Collet): multiplications of 32 bits are what a runtime has at
 * full speed. One changed word always changes it. The key is taken two UTF-16 units at a time, into two lanes.
 */
export function checksum(view: DataView, start: number, end: number, key: string): Checksum {
  let a = (p1 + p2) | 0;
  let b = p2;
  let c = p3;
  let d = p4;
  const pairs = key.length & ~1;
  for (let unit = 0; unit < pairs; unit += 2) {
    const word = key.charCodeAt(unit) | (key.charCodeAt(unit + 1) << 16);
    a = turn(a, word);
    d = turn(d, word ^ apart);
  }
  if (pairs < key.length) {
    a = turn(a, key.charCodeAt(pairs));
    d = turn(d, key.charCodeAt(pairs) ^ apart);
  }
  let at = start;
  for (const last = end - 16; at <= last; at += 16) {
    a = turn(a, view.getInt32(at, true));
    b = turn(b, view.getInt32(at + 4, true));
    c = turn(c, view.getInt32(at + 8, true));
    d = turn(d, view.getInt32(at + 12, true));
  }
  for (const last = end - 4; at <= last; at += 4) a = turn(a, view.getInt32(at, true));
  for (; at < end; at += 1) b = turn(b, view.getUint8(at) + 1);
  const length = end - start + Math.imul(key.length, p2);
  return { high: blend(a, b, c, d, length), low: blend(d, c, a, b, ~length) };
}

/** 16 hexadecimal digits. */
export function checksumText({ high, low }: Checksum): string {
  return (high >>> 0).toString(16).padStart(8, "0") + (low >>> 0).toString(16).padStart(8, "0");
}

function turn(lane: number, word: number): number {
  const sum = (lane + Math.imul(word, p2)) | 0;
  return Math.imul((sum << 13) | (sum >>> 19), p1);
}

function blend(a: number, b: number, c: number, d: number, length: number): number {
  let mixed = length | 0;
  mixed = turn(turn(turn(turn(mixed, a), b), c), d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), p2);
  mixed = Math.imul(mixed ^ (mixed >>> 13), p3);
  return mixed ^ (mixed >>> 16);
}
