import type { CacheError } from "./errors.ts";
import type { NoValue } from "./no-value.ts";

/**
 * A place in a shared tier's own count of what it stored, deleted and marked.
 * Two orders compare within one epoch only; another epoch (the store was replaced or emptied) means "uncertain".
 */
export interface Order {
  readonly epoch: string;
  readonly seq: number;
}

/** Negative, 0 or positive as `a` is before, at or after `b`; `undefined` when they cannot be compared. */
export function compareOrders(a: Order | undefined, b: Order | undefined): number | undefined {
  return a === undefined || b === undefined || a.epoch !== b.epoch ? undefined : a.seq - b.seq;
}

/** What is known of an entry beside its payload. It travels with the entry and no tier rewrites it, but for `revision`. */
export interface CacheMetadata {
  /** When the creator finished: age and ttl count from here. Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When the creator started; in a region over memory alone, the turn of the event loop in which it did. */
  readonly startedAt: number;
  /** The authority's order that was known before the creator started: what marks compare with. */
  readonly startedOrder?: Order;
  /** Given by the authority when it stored the entry: what re-validation compares. */
  readonly revision?: Order;
  /** The shape of the payload; another version than the region's is a miss. */
  readonly formatVersion: number;
  /** Fresh for so many milliseconds, `Infinity` included. Absent (an entry that no region wrote): the region's own. */
  readonly ttl?: number;
  /** Usable as stale for so many milliseconds after that, `Infinity` included. Absent beside a ttl: 0. */
  readonly grace?: number;
  readonly tags?: readonly string[];
  /** What a creator keeps for its next conditional refresh: an ETag, a Last-Modified. JSON. */
  readonly validators?: Readonly<Record<string, string>>;
}

/** Where and since when a near tier holds an entry. Not part of the entry: never sent to another tier. */
export interface Residence {
  /** When this tier took the entry. */
  readonly storedAt: number;
  /** The stretch of unbroken knowledge in which it was confirmed, by identity; another one than now: uncertain. */
  readonly trust?: object;
}

/** A payload and what is known of it. Immutable: a change is a new one. */
export class CachedValue<T = unknown> {
  readonly payload: T;
  readonly metadata: CacheMetadata;
  readonly residence: Residence | undefined;

  constructor(payload: T, metadata: CacheMetadata, residence?: Residence) {
    this.payload = payload;
    this.metadata = metadata;
    this.residence = residence;
  }
}

/** A tier could not be read. Never a miss: nothing is known of the key there. */
export class ReadFailure {
  readonly tier: string;
  readonly error: CacheError;
  /** What nearer tiers hold and could serve as stale. */
  readonly candidate: CachedValue | undefined;

  constructor(tier: string, error: CacheError, candidate?: CachedValue) {
    this.tier = tier;
    this.error = error;
    this.candidate = candidate;
  }
}

/** What a tier answers for one key. */
export type Found = CachedValue | NoValue | ReadFailure;

/**
 * How many more milliseconds an entry is worth keeping: what is left of its ttl and grace, counted from `createdAt`.
 * `Infinity` when its life has no end or the entry does not say (the region's policy decides then).
 */
export function remainingLifeMs(metadata: CacheMetadata, now: number): number {
  if (metadata.ttl === undefined) return Number.POSITIVE_INFINITY;
  return metadata.createdAt + metadata.ttl + (metadata.grace ?? 0) - now;
}
