/** What an origin's value looks like: made for a key, from a version of it. */
export interface Versioned {
  readonly key: string;
  readonly version: number;
}

/**
 * What one process did and saw. Instants are milliseconds of the host's monotonic clock, which all processes share, so
 * that one clock judges.
 */
export interface ProcessHistory {
  readonly process: number;
  /** Each read of a key: `[from, to, key, version, how]`; version -1: there was none, -2: it failed. */
  readonly reads: readonly ReadTuple[];
  readonly changes: readonly ChangeTuple[];
  readonly creations: readonly CreationTuple[];
  /** Stretches in which the process did not run, longer than it should have been away: `[from, to]`. */
  readonly stalls: readonly (readonly [number, number])[];
  readonly errors: readonly string[];
  /** The slowest call, without what its creator took. */
  readonly slowestMs: number;
}

export type ReadTuple = readonly [from: number, to: number, key: string, version: number, how: string];

/**
 * A change of the origin and its invalidation: the keys with their new versions, when the origin was asked, when the
 * invalidation was called, when the authority had confirmed it (-1: not by the end).
 */
export interface ChangeTuple {
  readonly how: string;
  readonly versions: Readonly<Record<string, number>>;
  readonly askedAt: number;
  readonly from: number;
  confirmedAt: number;
}

export interface CreationTuple {
  readonly key: string;
  readonly from: number;
  to: number;
  /** It began because Redis could not be asked, and so without a lease. */
  readonly unasked: boolean;
}

export const absent = -1;
export const failed = -2;

/** The host's monotonic clock in milliseconds. */
export function hostNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
