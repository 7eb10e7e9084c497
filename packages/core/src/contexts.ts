import type { CachedValue, Found, Order } from "./cached-value.ts";

/** `stale`: too old, usable as a candidate. `absent`: not usable at all. */
export type Judgement = "fresh" | "stale" | "absent";

/**
 * The region's policy, asked by the chain for each entry that it meets. It looks at the metadata only (a proxy may have
 * encoded the payload), answers at once and never throws.
 */
export type Judge = (key: string, entry: CachedValue) => Judgement;

/** What the authority says of a lease that a read has asked for. Nothing is said of a key whose entry was found and not rejected. */
export interface LeaseAnswer {
  /** `false`: somebody else holds it. */
  readonly granted: boolean;
  /** The authority's order at that moment: a lower bound for what is created under the lease. */
  readonly order?: Order;
  /** When not granted: how long the holder's lease still lives, if known. */
  readonly holderMs?: number;
  /** When not granted: the holder's token, if known. A failure of its creation is told with it. */
  readonly holder?: string;
}

/**
 * A read's wish: "if the key is absent, or if its revision is the one that I reject, lease it to me".
 * One round trip, atomic with the read. Taking the same token again is idempotent.
 */
export interface LeaseRequest {
  /** Made by the caller, unique to this creation. */
  readonly token: string;
  readonly ms: number;
  /** By key: the revision that the caller has judged useless, or `"any"`. */
  readonly rejects?: ReadonlyMap<string, Order | "any">;
  /** Called by the authority, at most once a key, before the read's answer is given. */
  answer(key: string, answer: LeaseAnswer): void;
}

/** What a read may carry. No context allocates nothing. */
export interface ReadContext {
  /** Absent: whatever is found is fresh. */
  readonly judge?: Judge;
  /** The clock's instant after which the answer is of no use; nothing is sent after it. */
  readonly deadline?: number;
  /** Ask the nearest tier only; the answer is synchronous where that tier is. */
  readonly nearestOnly?: boolean;
  readonly lease?: LeaseRequest;
  /** Told what each tier answered, nearest first. Must not throw. */
  readonly observe?: (tier: string, key: string, found: Found) => void;
  /** Tiers, by name, not to be read. */
  readonly skip?: ReadonlySet<string>;
}

/** What a write may carry. */
export interface WriteContext {
  /** The clock's instant after which the write must not be sent any more. */
  readonly deadline?: number;
  /** Store only if this still stands: the token of a lease, or what {@link GuardTable.tickets} gave. */
  readonly ticket?: string;
  /** This tier keeps it at most so long, in milliseconds: residence, not life. */
  readonly keepMs?: number;
  /** The chain that writes; its own notice comes back to it with this name. */
  readonly sender?: string;
  /** What a creator has just made: near tiers may serve it while the farther ones store it, and drop it if they refuse. */
  readonly fill?: boolean;
  /** The authority could not be asked: near tiers keep the value as uncertain, the authority is not written. */
  readonly unconfirmed?: boolean;
  /** Tiers, by name, not to be written. */
  readonly skip?: ReadonlySet<string>;
  /** Told what each tier did, as it becomes known. Must not throw. */
  readonly observe?: (tier: string, key: string, outcome: WriteOutcome) => void;
}

/** Why a store did not keep what it was given. */
export const refusals = ["ticket", "newer", "too-large", "read-only", "full", "not-sampled", "skipped"] as const;
export type Refusal = (typeof refusals)[number];

/**
 * What became of one key's write or delete. `unknown`: it may or may not have happened (the answer was lost).
 * A write that answers nothing at all has stored.
 */
export type WriteOutcome =
  | { readonly status: "stored"; readonly revision?: Order }
  | { readonly status: "refused"; readonly why: Refusal }
  | { readonly status: "failed"; readonly error: Error }
  | { readonly status: "unknown"; readonly error: Error };

/** The outcome of a write that answered nothing. */
export const STORED: WriteOutcome = Object.freeze({ status: "stored" });

/** What of a read's or a write's context concerns the call itself. */
export type CallContext = Pick<WriteContext, "deadline" | "ticket" | "sender" | "fill">;
