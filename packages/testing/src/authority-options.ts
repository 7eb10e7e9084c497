import type { CachedValue, Clock, LeaseAnswer, NoValue } from "@cascata/core";
import type { Random } from "./random.ts";

/** Options of `AuthorityStore`. */
export interface AuthorityStoreOptions {
  readonly clock: Clock;
  /** Names the epochs. @default seeded by chance: two stores never share an epoch */
  readonly random?: Random;
  /** How many lines of the change log are kept. @default 10_000 */
  readonly logLimit?: number;
  /** A near tier that several processes share: an entry that carries a farther authority's revision keeps it. @default false */
  readonly near?: boolean;
}

/** What a read step says of one key. */
export interface ReadAnswer {
  readonly found: CachedValue | NoValue;
  readonly lease?: LeaseAnswer;
}
