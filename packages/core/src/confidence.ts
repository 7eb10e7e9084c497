import { CachedValue } from "./cached-value.ts";
import type { ChangeFeed } from "./capabilities.ts";
import type { Clock } from "./clock.ts";

/** A stretch of time in which no change can have been missed. Entries remember theirs. */
class Stretch {
  endedAt = Number.POSITIVE_INFINITY;
}

const probeEveryMs = 100;

/**
 * How far a near tier may believe what it holds, given what it hears from the feed of the tier below.
 *
 * Live feed: what was stored in the current stretch is true. Silent feed: changes may be under way unheard. A gap ends the
 * stretch: what was stored before is uncertain until the authority has confirmed it, or for `maxStaleness` if it can't be asked.
 */
export class Confidence {
  readonly #feed: ChangeFeed | undefined;
  readonly #clock: Clock;
  readonly #maxStalenessMs: number;
  #stretch = new Stretch();
  #silent: boolean;
  #lastHeardAt = 0;
  #suspect = false;
  #checkedAt = 0;
  #nextProbeAt = 0;

  constructor(feed: ChangeFeed | undefined, clock: Clock, maxStalenessMs: number) {
    this.#feed = feed;
    this.#clock = clock;
    this.#maxStalenessMs = maxStalenessMs;
    this.#silent = feed !== undefined;
  }

  /** Whether the entry is known to be true. Without a feed there is nothing to compare with, and it is. */
  trusts(entry: CachedValue): boolean {
    const trust = entry.residence?.trust;
    if (this.#feed === undefined) return !(trust instanceof Stretch) || trust.endedAt === Number.POSITIVE_INFINITY;
    return trust === this.#stretch && !this.#silent && this.#isHeard(this.#feed);
  }

  /** A process that was stopped finds its feed as it left it: only the time tells that nothing was heard meanwhile. */
  #isHeard(feed: ChangeFeed): boolean {
    const now = this.#clock.coarse();
    if (now === this.#checkedAt) return true;
    if (now - feed.heardAt > feed.silenceMs) return false;
    this.#checkedAt = now;
    return true;
  }

  /** `entry` as taken now and confirmed. */
  confirmed(entry: CachedValue): CachedValue {
    return this.#resident(entry, this.#stretch);
  }

  /** `entry` as taken now and not confirmed by the authority: true at best when its creator began. */
  unconfirmed(entry: CachedValue): CachedValue {
    const stretch = new Stretch();
    stretch.endedAt = entry.metadata.startedAt;
    return this.#resident(entry, stretch);
  }

  /** `entry` as it is served without being confirmed: a nearer tier that takes it over has to doubt it as well. */
  doubted(entry: CachedValue): CachedValue {
    if (entry.residence?.trust instanceof Stretch) return entry;
    const stretch = new Stretch();
    stretch.endedAt = this.#doubtfulAt(entry);
    return this.#resident(entry, stretch);
  }

  /** `entry` as taken now from a farther tier, which may doubt it. */
  taken(entry: CachedValue): CachedValue {
    const trust = entry.residence?.trust;
    const isDoubted = trust instanceof Stretch && trust.endedAt !== Number.POSITIVE_INFINITY;
    return this.#resident(entry, isDoubted ? trust : this.#stretch);
  }

  /** Whether an entry that the authority can't confirm may still be served as it is. */
  bearable(entry: CachedValue): boolean {
    return this.#clock.now() - this.#doubtfulAt(entry) <= this.#maxStalenessMs;
  }

  /** Whether it may be served stale, where nothing better is to be had: within its grace from then on. */
  isLastResort(entry: CachedValue): boolean {
    return this.#clock.now() - this.#doubtfulAt(entry) <= this.#maxStalenessMs + (entry.metadata.grace ?? 0);
  }

  /** Until when it was known to be true: one that another process has kept here, or an earlier one, was when its creator began. */
  #doubtfulAt({ residence, metadata }: CachedValue): number {
    const trust = residence?.trust;
    if (trust === this.#stretch) return this.#feed?.heardAt ?? 0;
    return trust instanceof Stretch ? trust.endedAt : metadata.startedAt;
  }

  /** Whether the authority is believed to be out of reach, so that nobody should wait for it. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** Whether it is time to see if the authority can be reached again; the one who is told so does it. */
  takeProbe(): boolean {
    const now = this.#clock.now();
    if (now < this.#nextProbeAt) return false;
    this.#nextProbeAt = now + probeEveryMs;
    return true;
  }

  answered(): void {
    this.#suspect = false;
  }

  failed(): void {
    this.#suspect = true;
  }

  silent(): void {
    if (!this.#silent) this.#lastHeardAt = this.#feed?.heardAt ?? 0;
    this.#silent = true;
    // A feed that falls silent is the first sign of a dead link: the first reader must not be the one who finds out.
    this.#suspect = true;
  }

  resumed(): void {
    this.#silent = false;
    this.#suspect = false;
  }

  /** Something may have been missed: a new stretch begins. */
  gap(): void {
    this.#stretch.endedAt = this.#silent ? this.#lastHeardAt : this.#clock.now();
    this.#stretch = new Stretch();
    this.resumed();
  }

  #resident(entry: CachedValue, trust: Stretch): CachedValue {
    return new CachedValue(entry.payload, entry.metadata, { storedAt: this.#clock.coarse(), trust });
  }
}
