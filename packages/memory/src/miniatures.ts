import { type Admission, levelShift, Rings, used } from "./rings.ts";

const admissions: readonly Admission[] = ["any", "frequent", "proven"];
/** A miniature holds from this to twice as many entries, or all that the cache holds if that is less. */
const fewest = 128;
/** Sampled uses between two judgements. */
const round = 64;
const keptEachRound = 0.975;
/** What a rule must be ahead by to replace the one in force, in hits an entry; each change makes the next one harder for a while. */
const firstLead = 0.02;
const mostLead = 1;
const leadGrowth = 4;
const leadKeptEachRound = 0.98;

/**
 * Finds the admission rule that suits the present stream of keys, by running each of them on a sample (miniature
 * simulation, Waldspurger et al., USENIX ATC 2017): small caches of key hashes, one a rule, that see only keys whose hash
 * starts with so many zeros, and are smaller than the cache by the same factor.
 */
export class Miniatures {
  readonly #caches: readonly Miniature[];
  #uses = 0;
  #lead = firstLead;
  #current = 0;
  #from = 0;
  #capacity = 0;

  /** @param capacity entries that the whole cache holds when full */
  constructor(capacity: number, seed: number) {
    this.#caches = admissions.map((admission) => new Miniature(admission, seed));
    this.resize(capacity);
  }

  /** The rule in force. */
  get admission(): Admission {
    return admissions[this.#current] as Admission;
  }

  /** The flags of a sampled entry are at least this. */
  get from(): number {
    return this.#from;
  }

  /** Follows a cache that is bounded by weight, whose capacity in entries moves. */
  resize(capacity: number): void {
    let level = 0;
    while (capacity >> level >= 2 * fewest) level += 1;
    this.#from = level << levelShift;
    this.#capacity = Math.max(1, capacity >> level);
  }

  /** A sampled key was asked for. Says whether it may be time to look at {@link Miniatures.admission}. */
  use(hash: number): boolean {
    for (const cache of this.#caches) cache.use(hash, this.#capacity);
    this.#uses += 1;
    if (this.#uses < round) return false;
    this.#uses = 0;
    this.#judge();
    return true;
  }

  #judge(): void {
    this.#lead = firstLead + (this.#lead - firstLead) * leadKeptEachRound;
    const scores = this.#caches.map((cache) => cache.score);
    const best = scores.indexOf(Math.max(...scores));
    if ((scores[best] as number) - (scores[this.#current] as number) > this.#lead * this.#capacity) {
      this.#current = best;
      this.#lead = Math.min(mostLead, this.#lead * leadGrowth);
    }
    for (const cache of this.#caches) cache.score *= keptEachRound;
  }
}

class Miniature {
  score = 0;
  readonly #rings: Rings;
  readonly #slots = new Map<number, number>();

  constructor(admission: Admission, seed: number) {
    this.#rings = new Rings(Number.POSITIVE_INFINITY, seed);
    this.#rings.admission = admission;
  }

  use(hash: number, capacity: number): void {
    const rings = this.#rings;
    const slot = this.#slots.get(hash);
    if (slot !== undefined) {
      rings.flags[slot] = (rings.flags[slot] as number) | used;
      this.score += 1;
      return;
    }
    this.#slots.set(hash, rings.add(hash));
    if (rings.size <= capacity) rings.settle();
    while (rings.size > capacity) this.#drop(rings.choose());
  }

  #drop(slot: number): void {
    this.#slots.delete(this.#rings.hashes[slot] as number);
    this.#rings.remove(slot);
  }
}
