/** What was measured, in milliseconds; `Infinity`: not within three seconds. */
export interface Figures {
  /** The slowest of fifty reads of what memory holds. */
  readonly hit: number;
  /** The first miss, with a creator of 20 ms. */
  readonly first: number;
  /** The median of five misses later. */
  readonly later: number;
  /** How many of a hundred parallel misses were answered. */
  readonly answered: number;
  readonly set: number;
  readonly delete: number;
  /** Until a value that one instance stores is read by another, from when Redis is back. */
  readonly back: number;
}
