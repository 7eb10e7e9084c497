import type { CachedValue } from "./cached-value.ts";
import type { Clock } from "./clock.ts";
import type { Judge, Judgement } from "./contexts.ts";
import type { MarkBoard } from "./mark-board.ts";
import type { PendingDeletes } from "./pending-deletes.ts";

export interface FreshnessOptions {
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly formatVersion: number;
}

/** Why an entry is not fresh. */
export type Staleness = "expired" | "version" | "hard-invalidation" | "soft-invalidation" | "deleted";

/** A region's judgement of entries: ttl and grace, version, marks, pending deletes. Synchronous and without side effects. */
export class Freshness {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #graceMs: number;
  readonly #formatVersion: number;
  readonly #marks: MarkBoard;
  readonly #pending: PendingDeletes;
  /** The judge for reads that bring no expiration of their own. One object, so that the hot path makes none. */
  readonly judge: Judge;

  constructor(options: FreshnessOptions, marks: MarkBoard, pending: PendingDeletes) {
    this.#clock = options.clock;
    this.#ttlMs = options.ttlMs;
    this.#graceMs = options.graceMs;
    this.#formatVersion = options.formatVersion;
    this.#marks = marks;
    this.#pending = pending;
    this.judge = (key, entry) => this.#judge(key, entry, undefined);
  }

  /** What {@link Freshness.judge} says, without its distinctions: the way of a hit. */
  isFresh(key: string, entry: CachedValue): boolean {
    const { metadata } = entry;
    if (metadata.formatVersion !== this.#formatVersion || this.#pending.hides(key, entry)) return false;
    if (!this.#marks.spares(entry)) return false;
    return this.#clock.coarse() - metadata.createdAt <= (metadata.ttl ?? this.#ttlMs);
  }

  /** The judge of a call with its own ttl in place of the entries'. */
  judgeWith(ttlMs: number | undefined): Judge {
    return ttlMs === undefined ? this.judge : (key, entry) => this.#judge(key, entry, ttlMs);
  }

  /** A judge that asks nothing but the version and pending deletes: what `ignoreExpiration` means. */
  readonly anyAge: Judge = (key, entry) =>
    entry.metadata.formatVersion !== this.#formatVersion || this.#pending.hides(key, entry) ? "absent" : "fresh";

  ageMs(entry: CachedValue): number {
    return Math.max(0, this.#clock.now() - entry.metadata.createdAt);
  }

  ttlMs(entry: CachedValue): number {
    return entry.metadata.ttl ?? this.#ttlMs;
  }

  graceMs(entry: CachedValue): number {
    return entry.metadata.ttl === undefined ? this.#graceMs : (entry.metadata.grace ?? 0);
  }

  /** Milliseconds of freshness left; negative when stale. */
  remainingMs(entry: CachedValue): number {
    return this.ttlMs(entry) - (this.#clock.now() - entry.metadata.createdAt);
  }

  /** The same by a clock that may be some milliseconds behind, for what is asked at every hit. */
  roughlyRemainingMs(entry: CachedValue): number {
    return this.ttlMs(entry) - (this.#clock.coarse() - entry.metadata.createdAt);
  }

  /** For events and `getEntry`: why it isn't fresh; `undefined` when it is. */
  why(key: string, entry: CachedValue, ttlMs?: number): Staleness | undefined {
    if (entry.metadata.formatVersion !== this.#formatVersion) return "version";
    if (this.#pending.hides(key, entry)) return "deleted";
    const mark = this.#marks.verdict(entry.metadata);
    if (mark !== undefined) return `${mark}-invalidation`;
    return this.#judge(key, entry, ttlMs) === "fresh" ? undefined : "expired";
  }

  #judge(key: string, entry: CachedValue, callTtlMs: number | undefined): Judgement {
    const { metadata } = entry;
    if (metadata.formatVersion !== this.#formatVersion || this.#pending.hides(key, entry)) return "absent";
    const mark = this.#marks.spares(entry) ? undefined : this.#marks.verdict(metadata);
    if (mark === "hard") return "absent";
    const ttlMs = callTtlMs ?? metadata.ttl ?? this.#ttlMs;
    // Strict: an age equal to the ttl is still fresh.
    const overMs = this.#clock.coarse() - metadata.createdAt - ttlMs;
    if (overMs <= 0) return mark === undefined ? "fresh" : "stale";
    return overMs <= this.graceMs(entry) ? "stale" : "absent";
  }
}
