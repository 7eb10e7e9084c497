import type { RemovalCause } from "./memory-options.ts";

/**
 * A bounded table of objects: what a memory tier keeps its entries in. Synchronous; every operation takes constant time,
 * but for those that say otherwise. Instants are milliseconds of whatever clock the caller reads.
 */
export interface Store<V extends object> {
  /** How many entries it holds; some may have expired unnoticed. */
  readonly count: number;
  /** Their weight; 0 where weight isn't bounded. */
  readonly weight: number;
  /** What is kept of `key`, unless its last instant lies before `now`; one that does is removed. Counts as a use. */
  get(key: string, now: number): V | undefined;
  /** Like {@link Store.get}, but is no use and removes nothing. */
  peek(key: string, now: number): V | undefined;
  /**
   * Keeps `value` until `expiresAt`, that instant included, or for ever (`Infinity`), and makes others give way if the
   * bound asks for it. False: it is heavier than the whole bound and was refused; what was kept of `key` is gone then too.
   *
   * @param weight above 0; what it counts for against `maxWeight`
   */
  set(key: string, value: V, expiresAt: number, weight: number, now: number): boolean;
  /** Whether there was something to delete. */
  delete(key: string, cause?: RemovalCause): boolean;
  /** Makes the entry give way that the policy would choose; false when there is none. */
  evict(now: number): boolean;
  /** Drops everything; takes time for each entry if there is a listener. */
  clear(): void;
}

/** What a {@link Store} is made with. */
export interface StoreOptions<V extends object> {
  /** A whole number from 1 on, or `Infinity`: not bounded by it. */
  readonly maxEntries: number;
  /** Above 0, or `Infinity`: not bounded by it. */
  readonly maxWeight: number;
  /** Called after each entry that has left; the store may be used in it. */
  readonly onRemoved?: ((key: string, value: V, cause: RemovalCause) => void) | undefined;
}
