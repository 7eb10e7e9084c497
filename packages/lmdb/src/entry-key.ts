import { createHash } from "node:crypto";

/** The longest key that LMDB keeps with pages of 4 KB is 1978 bytes; shorter ones keep its tree flat. */
const longestPlain = 480;
const plainMark = 1;
const digestMark = 2;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * The tree's key for a caller's. Short well-formed text stands for itself; the rest, half surrogate pairs included, for its
 * SHA-256. So two keys never meet but by a collision, and then the entry's own key check makes it a miss.
 */
export function entryKey(key: string): Buffer {
  if (key.length <= longestPlain && !loneSurrogate.test(key)) {
    const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(key));
    bytes[0] = plainMark;
    bytes.write(key, 1);
    if (bytes.length <= longestPlain) return bytes;
  }
  return Buffer.concat([Buffer.of(digestMark), createHash("sha256").update(Buffer.from(key, "utf16le")).digest()]);
}

/** In which of `count` stripes a tree key falls (FNV-1a). */
export function stripeOf(key: Uint8Array, count: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ (key[index] as number), 0x01000193);
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % count;
}

/** A count or an instant as a tree key: 8 bytes that sort as the numbers do. */
export function numberKey(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** Two of them: sorted by the first, then by the second. */
export function pairKey(first: number, second: number): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeDoubleBE(first);
  bytes.writeDoubleBE(second, 8);
  return bytes;
}
