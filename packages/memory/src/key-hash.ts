/**
 * 32 well-mixed bits of a key. The seed is folded into every step, so that keys which collide in one process are no help
 * against another; it is no cryptographic hash, and what rests on it (frequencies, samples) may only lose quality.
 */
export function keyHash(key: string, seed: number): number {
  const { length } = key;
  let hash = seed ^ length;
  let at = 3;
  // Four characters a step: the steps wait for one another, the reads do not.
  for (; at < length; at += 4) {
    const near = key.charCodeAt(at - 3) ^ (key.charCodeAt(at - 2) << 8);
    hash = Math.imul(hash ^ near ^ (key.charCodeAt(at - 1) << 16) ^ (key.charCodeAt(at) << 24), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (at -= 3; at < length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A seed that nobody outside the process can tell. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000) | 0;
}
