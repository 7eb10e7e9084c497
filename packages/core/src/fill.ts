import { isPromiseLike } from "./awaitable.ts";
import type { WriteOutcomes } from "./backend.ts";
import type { CachedValue } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { CreationFailure } from "./capabilities.ts";
import { STORED, type WriteContext, type WriteOutcome } from "./contexts.ts";
import type { Flight } from "./flight.ts";
import { LeaseReturns } from "./lease-returns.ts";
import type { RegionState } from "./region-state.ts";
import { writeKey, writeKeys } from "./write-keys.ts";

/**
 * By what right this process creates, and where the result goes:
 * `leased`: stored if the lease still stands; `unleased`: the store has no leases; `unconfirmed`: the authority could not
 * be read, only near tiers keep it; `unstored`: for the callers alone.
 */
export type Right =
  | { readonly kind: "leased"; readonly token: string }
  | { readonly kind: "unleased" | "unconfirmed" | "unstored" };

export const unleased: Right = Object.freeze({ kind: "unleased" });

/** What was created for a flight. */
export interface Made {
  readonly flight: Flight;
  readonly entry: CachedValue;
}

/** What is filled: a key, and as the caller names it. */
type Filled = Pick<Flight, "key" | "givenKey">;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Stores what was created: in near tiers at once, in the authority as the right allows. */
export class Fill {
  readonly #state: RegionState;
  readonly #returns: LeaseReturns;
  /** For plain fills, so that they make none. */
  readonly #plainContext: WriteContext;

  constructor(state: RegionState) {
    this.#state = state;
    this.#returns = new LeaseReturns(state);
    this.#plainContext = { fill: true, sender: state.sender };
  }

  /** Near tiers hold it when this returns; the farthest one when the promise does, if there is one. */
  store(made: readonly Made[], options: ResolvedCreateOptions, right: Right): Promise<void> | undefined {
    const [first] = made;
    if (first === undefined) return undefined;
    const { backend, pending, replays } = this.#state;
    if (this.#isHidden(right)) return undefined;
    if (made.length === 1) return this.storeOne(first.flight, first.entry, options, right);
    if (pending.size > 0) for (const { flight, entry } of made) pending.letPass(flight.key, entry.metadata.startedAt);
    // What is made now is newer than what was set before.
    if (replays !== undefined && replays.size > 0) for (const { flight } of made) replays.changed(flight.key);
    const context = this.#context(options, right);
    const outcomes = writeKeys(backend, new Map(made.map(({ flight, entry }) => [flight.key, entry])), context);
    // What only near tiers keep has not been confirmed by anybody, and supersedes nothing.
    if (right.kind === "unconfirmed") return undefined;
    if (isPromiseLike(outcomes)) return Promise.resolve(outcomes).then((all) => this.#settle(made, all, right));
    this.#settle(made, outcomes, right);
    return undefined;
  }

  /** The same for one key. */
  storeOne(
    flight: Filled,
    entry: CachedValue,
    options: ResolvedCreateOptions,
    right: Right,
  ): Promise<void> | undefined {
    if (this.#isHidden(right)) return undefined;
    const { backend, pending, replays } = this.#state;
    pending.letPass(flight.key, entry.metadata.startedAt);
    if (replays !== undefined && replays.size > 0) replays.changed(flight.key);
    const plain = right.kind === "unleased" && options.skipWrite === undefined;
    const outcome = writeKey(backend, flight.key, entry, plain ? this.#plainContext : this.#context(options, right));
    if (right.kind === "unconfirmed") return undefined;
    if (isPromiseLike(outcome)) return this.#settleLater(flight, outcome, right);
    this.#settleOne(flight, outcome, right);
    return undefined;
  }

  /** The authority itself, alone: it could not be read, and a write without a lease might hide what is there. */
  #isHidden(right: Right): boolean {
    return right.kind === "unconfirmed" && !this.#state.hasNearTier;
  }

  /** Leases of keys that are not stored after all; `failure`: others who wait for them fail too. */
  giveBack(flights: readonly Filled[], right: Right, failure?: CreationFailure): void {
    if (flights.length === 0 || right.kind !== "leased") return;
    this.#returns.give(
      flights.map(({ key }) => key),
      right.token,
      failure,
    );
  }

  #context({ skipWrite }: ResolvedCreateOptions, right: Right): WriteContext {
    const context: Mutable<WriteContext> = { fill: true, sender: this.#state.sender };
    if (right.kind === "leased") context.ticket = right.token;
    else if (right.kind === "unconfirmed") context.unconfirmed = true;
    if (skipWrite !== undefined) context.skip = skipWrite;
    return context;
  }

  #settle(made: readonly Made[], outcomes: WriteOutcomes, right: Right): void {
    const ended: string[] = [];
    const failed: Flight[] = [];
    for (const { flight } of made) {
      if (this.#stored(flight, outcomes.get(flight.key) ?? STORED)) ended.push(flight.key);
      else failed.push(flight);
    }
    if (right.kind !== "leased") return;
    this.#state.announcements.announce(ended);
    // The lease may stand though the store failed, and nobody would create before its end.
    this.giveBack(failed, right);
  }

  #settleOne(flight: Filled, outcome: WriteOutcome, right: Right): void {
    const isEnded = this.#stored(flight, outcome);
    if (right.kind !== "leased") return;
    // Who waits for the lease in this process need not hear of its end from afar, nor at all if the feed is away.
    if (isEnded) this.#state.announcements.announce([flight.key]);
    else this.giveBack([flight], right);
  }

  #settleLater(flight: Filled, outcome: PromiseLike<WriteOutcome>, right: Right): Promise<void> {
    return Promise.resolve(outcome.then((one) => this.#settleOne(flight, one, right)));
  }

  /** Tells of the outcome; whether the lease has been used. */
  #stored(flight: Filled, outcome: WriteOutcome): boolean {
    const { events, backend } = this.#state;
    const key = flight.givenKey;
    if (outcome.status === "stored") {
      // A pending delete of the key stays: a fill is no change that other processes hear of, the delete is.
      this.#state.note(outcome.revision);
    } else if (outcome.status === "refused") {
      if (outcome.why !== "skipped")
        events.emit("fillRefused", { key, reason: outcome.why === "ticket" ? "lease" : "store" });
      // A proxy may have refused it: the store knows nothing of it, and the lease stands.
      return outcome.why === "ticket";
    } else {
      events.emit("fillRefused", { key, reason: "failed", error: outcome.error });
      events.emit("tierFailed", { tier: backend.name, operation: "write", key, error: outcome.error });
      return false;
    }
    return true;
  }
}
