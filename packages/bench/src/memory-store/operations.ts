/** What one process found: nanoseconds an operation, but where the name says otherwise. */
export interface Measured {
  readonly hit: number;
  readonly miss: number;
  readonly replace: number;
  readonly evict: number;
  /** zipf 0.99 over five times the capacity: get, and set on a miss. */
  readonly mix: number;
  /** Without keys and values. */
  readonly bytesPerEntry: number;
  readonly longestInsertMs: number;
}

export const operationNames = ["hit", "miss", "replace", "evict", "mix", "bytesPerEntry", "longestInsertMs"] as const;
