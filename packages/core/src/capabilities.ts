import type { Awaitable } from "./awaitable.ts";
import type { Order } from "./cached-value.ts";

/**
 * Capability of a tier that leases keys on reads ({@link ReadContext.lease}) and honours their tokens on writes
 * ({@link WriteContext.ticket}). A delete, and a set without a ticket, break every lease on the key.
 */
export interface LeaseTable {
  /** Prolongs those leases that the token still holds; aligned with `keys`. */
  renew(keys: readonly string[], token: string, ms: number): Awaitable<readonly boolean[]>;
  /**
   * Gives the leases back, where the token still holds them, and tells those who wait for one of these very leases. They take
   * it in their turn; or, where the creation has failed and `failure` says how, they fail as it did.
   */
  release(keys: readonly string[], token: string, failure?: CreationFailure): Awaitable<void>;
}

/**
 * How the creation under a lease has failed, for those who waited for it in other processes. Short, and without any payload;
 * a feed may leave it out where it can't be told.
 */
export interface CreationFailure {
  /** Of the lease: whoever was refused another one has not waited for this creation. */
  readonly token: string;
  /** Of the error, as its message and its code. */
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
  /** The order known before the creation started: who has invalidated something since then doesn't share it. */
  readonly startedOrder?: Order;
}

/**
 * Capability of a near tier that several processes share: a ticket taken before the farther tier is read stands until
 * the key is deleted or rewritten by anybody; a back-fill carries it.
 */
export interface GuardTable {
  /** Aligned with `keys`. */
  tickets(keys: readonly string[]): Awaitable<readonly string[]>;
}

/** What a change feed says. Keys are as the backend that owns the feed was given them. */
export interface ChangeNotice {
  readonly keys: readonly string[];
  /** The authority's order of the change. */
  readonly order?: Order;
  /** The chain that made it. Its subscriber skips the keys, not the order. */
  readonly sender?: string;
  /**
   * Until this settles the key is in transition: receivers neither read nor fill their near tiers for it. A tier nearer
   * than another one hands on when the farther one has been cleaned; a store that cannot announce atomically
   * says when it is done, and may tell the change once more then.
   */
  readonly settled?: Promise<unknown>;
}

/**
 * Called synchronously, in the feed's order. Must not throw. A feed begins silent; when it has found its first position
 * it says `uncertain("started")`, since nothing is known of what came before.
 */
export interface ChangeListener {
  /**
   * These keys were deleted or stored. A fill under a lease counts where it replaced what its holder had rejected; that of an
   * absent key changes nothing that anybody holds.
   */
  changed(notice: ChangeNotice): void;
  marked(marks: readonly Mark[]): void;
  /** Somebody who waits for one of these keys can read it now; or, where its creation has failed, has waited for that failure. */
  filled(keys: readonly string[], failure?: CreationFailure): void;
  /** Nothing was heard for longer than the bound, or the link is down. It may yet turn out that nothing was missed. */
  silent(reason: string): void;
  /** The feed went on from where it had stopped: nothing was missed. */
  resumed(): void;
  /** Something may have been missed for good: what was stored near before now has to be confirmed. */
  uncertain(reason: string): void;
}

/** Capability of a shared tier that can tell what changed. */
export interface ChangeFeed {
  /** Whether a change and its notice are one step of the store. */
  readonly atomic: boolean;
  /** The latest order heard of; any creation that starts now may count from it. */
  readonly position: Order | undefined;
  /** `false` while silent. */
  readonly live: boolean;
  /** The clock's instant of the last sign of life. */
  readonly heardAt: number;
  /** A sign of life that is older than so many milliseconds is silence, whether or not anybody has noticed yet. */
  readonly silenceMs: number;
  /** Starts the feed with the first subscriber; the answer ends the subscription. */
  subscribe(listener: ChangeListener): () => void;
}

/**
 * "Everything of this name that started before is invalid." `hard`: absent; `soft`: stale. A name keeps both.
 * The empty name covers the whole region.
 */
export interface Mark {
  readonly name: string;
  readonly mode: "hard" | "soft";
  /** The authority's order; absent where a store has none, then `at` serves. */
  readonly order?: Order;
  /** The marking process's instant: serves where orders can't be compared. */
  readonly at: number;
}

/** Capability of a tier that keeps marks, outside its eviction and as long as what they cover. */
export interface MarkTable {
  /** Writes a mark of each name with the next order, one round trip. What comes back carries the order. */
  put(names: readonly string[], mode: Mark["mode"], at: number, sender?: string): Awaitable<readonly Mark[]>;
  /** The standing marks of each name, aligned; one round trip. */
  lookup(names: readonly string[]): Awaitable<readonly (readonly Mark[])[]>;
}
