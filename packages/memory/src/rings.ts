import { roomFor, withRoom } from "./columns.ts";
import type { ExpiryColumn } from "./expiry-column.ts";
import { FrequencySketch } from "./sketch.ts";

/**
 * What an entry that leaves the window must be to stay. `any`: it always stays, which makes of the whole a CLOCK, close to
 * LRU. `frequent`: used since it came, or asked for more often than the one that would have to go. `proven`: asked for
 * more often by two.
 */
export type Admission = "any" | "frequent" | "proven";

/** Set in an entry's flags by whoever uses it; above the two bits lies {@link levelOf} its hash. */
export const used = 1;
const inMain = 2;
/** The flags of an entry are at least this, shifted so, when its hash has that many leading zeros: half of them at 1, a quarter at 2. */
export const levelShift = 3;
const none = -1;
/** A main ring full of used entries must not make one insert walk it all. */
const mostSpared = 64;
/** From here on a loser is let in at random, so that counters driven up on purpose can't shut keys out for ever. */
const suspicious = 6;

/**
 * Which of a set of slots gives way: a FIFO window of an eighth of the entries before a main ring that spares what was used
 * since the hand last passed (CLOCK), both doubly linked, so that every step takes constant time. A use sets one bit;
 * frequencies are counted when an entry comes and when the hand finds that bit.
 */
export class Rings {
  flags: Uint8Array;
  hashes: Int32Array;
  admission: Admission = "any";
  readonly #limit: number;
  readonly #sketch: FrequencySketch = new FrequencySketch();
  #next: Int32Array;
  #previous: Int32Array;
  /** How many entries the sketch has room for. */
  #counted: number;
  #made = 0;
  #free = none;
  #window = none;
  #windowSize = 0;
  #hand = none;
  #mainSize = 0;
  #random: number;

  /** @param limit most slots that will be in use at once, or `Infinity` */
  constructor(limit: number, seed: number) {
    this.#limit = limit;
    this.#random = seed | 1;
    this.flags = new Uint8Array(roomFor(0, 72, limit));
    this.hashes = new Int32Array(roomFor(0, 80, limit));
    this.#next = new Int32Array(roomFor(0, 88, limit));
    this.#previous = new Int32Array(roomFor(0, 96, limit));
    this.#counted = roomFor(0, 64, limit);
    this.#sketch.ensure(this.#counted);
  }

  get size(): number {
    return this.#windowSize + this.#mainSize;
  }

  /** The last slot that was ever in use. */
  get last(): number {
    return this.#made - 1;
  }

  /** A new entry's slot, at the window's end: one that was removed, or the one past all earlier ones. */
  add(hash: number): number {
    let slot = this.#free;
    if (slot === none) {
      slot = this.#made;
      this.#makeRoom(slot);
      this.#made += 1;
    } else {
      this.#free = this.#next[slot] as number;
    }
    this.hashes[slot] = hash;
    this.flags[slot] = Math.clz32(hash) << levelShift;
    this.#window = this.#link(slot, this.#window);
    this.#windowSize += 1;
    return slot;
  }

  /** Lets the window keep its share while nothing has to go. */
  settle(): void {
    while (this.#isWindowFull()) {
      this.#admits(this.#window, this.#window);
      this.#toMain(this.#window);
    }
  }

  /** The slot that gives way next, an expired one first where one is met; there must be one. It stays until removed. */
  choose(expiry?: ExpiryColumn, now = 0): number {
    const oldest = this.#window;
    if (this.#mainSize === 0) return oldest;
    if (!this.#isWindowFull()) return this.#victim(expiry, now);
    if (expiry?.isOver(oldest, now)) return oldest;
    const victim = this.#victim(expiry, now);
    if (expiry?.isOver(victim, now) || this.#admits(oldest, victim)) {
      this.#toMain(oldest);
      return victim;
    }
    return oldest;
  }

  remove(slot: number): void {
    if ((this.flags[slot] as number) & inMain) {
      this.#hand = this.#unlink(slot, this.#hand);
      this.#mainSize -= 1;
    } else {
      this.#window = this.#unlink(slot, this.#window);
      this.#windowSize -= 1;
    }
    this.#next[slot] = this.#free;
    this.#free = slot;
  }

  #isWindowFull(): boolean {
    return this.#windowSize > Math.max(1, this.size >> 3);
  }

  #victim(expiry: ExpiryColumn | undefined, now: number): number {
    for (let spared = 0; spared < mostSpared; spared += 1) {
      const slot = this.#hand;
      const flags = this.flags[slot] as number;
      if ((flags & used) === 0 || expiry?.isOver(slot, now)) break;
      this.flags[slot] = flags & ~used;
      this.#sketch.add(this.hashes[slot] as number);
      this.#hand = this.#next[slot] as number;
    }
    return this.#hand;
  }

  #admits(candidate: number, victim: number): boolean {
    const flags = this.flags[candidate] as number;
    // Only now is a new entry counted, so that counting and comparing wait for memory once.
    let estimate = this.#sketch.add(this.hashes[candidate] as number);
    if (this.admission === "any") return true;
    if ((flags & used) !== 0) {
      this.flags[candidate] = flags & ~used;
      estimate = this.#sketch.add(this.hashes[candidate] as number);
      if (this.admission === "frequent") return true;
    }
    const lead = estimate - this.#sketch.estimate(this.hashes[victim] as number);
    if (lead > (this.admission === "proven" ? 1 : 0)) return true;
    return estimate >= suspicious && (this.#nextRandom() & 127) === 0;
  }

  #toMain(slot: number): void {
    this.#window = this.#unlink(slot, this.#window);
    this.#windowSize -= 1;
    this.flags[slot] = (this.flags[slot] as number) | inMain;
    this.#hand = this.#link(slot, this.#hand);
    this.#mainSize += 1;
  }

  /** Puts `slot` at the end of the ring that starts at `head`; gives back where it starts now. */
  #link(slot: number, head: number): number {
    const next = head === none ? slot : head;
    const previous = head === none ? slot : (this.#previous[head] as number);
    this.#next[slot] = next;
    this.#previous[slot] = previous;
    this.#next[previous] = slot;
    this.#previous[next] = slot;
    return next;
  }

  #unlink(slot: number, head: number): number {
    const next = this.#next[slot] as number;
    if (next === slot) return none;
    const previous = this.#previous[slot] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    return slot === head ? next : head;
  }

  #makeRoom(slot: number): void {
    const limit = this.#limit;
    this.flags = withRoom(this.flags, Uint8Array, slot, limit);
    this.hashes = withRoom(this.hashes, Int32Array, slot, limit);
    this.#next = withRoom(this.#next, Int32Array, slot, limit);
    this.#previous = withRoom(this.#previous, Int32Array, slot, limit);
    if (slot !== this.#counted) return;
    this.#counted = roomFor(slot, slot, limit);
    this.#sketch.ensure(this.#counted);
  }

  #nextRandom(): number {
    let random = this.#random;
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    this.#random = random;
    return random;
  }
}
