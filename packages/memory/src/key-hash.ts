/**
 * 32 well-mixed bits of a key. The seed is folded into every step, so that keys which collide in one process are no help
 * against another; it is no cryptographic hash, and what rests on it (frequencies, samples, shards) may only lose quality.
 */
export function keyHash(key: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < key.length; at += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ key.length, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A seed that nobody outside the process can tell. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000) | 0;
}
