import { CachedValue, compareOrders, type Found, type Order, ReadFailure } from "./cached-value.ts";
import type { LeaseAnswer } from "./contexts.ts";
import type { Creation, CreationRequest } from "./creation.ts";
import type { Failures } from "./failures.ts";
import { type Flight, Landing } from "./flight.ts";
import { mayHaveArrived } from "./lease-returns.ts";
import type { LeaseTurn } from "./lease-turn.ts";
import type { RegionState } from "./region-state.ts";

/** Where a flight stands after a read: done with, to be created by some right, to be asked for again, or another process's. */
export const standings = ["served", "leased", "unleased", "unconfirmed", "unanswered", "contested"] as const;
export type Standing = (typeof standings)[number];

/** Tells where flights stand, and lands those for which nothing has to be created. */
export class Standings {
  readonly #state: RegionState;
  readonly #failures: Failures;
  readonly #creation: Creation;

  constructor(state: RegionState, failures: Failures, creation: Creation) {
    this.#state = state;
    this.#failures = failures;
    this.#creation = creation;
  }

  /** @param again whether it was asked for in spite of what is there */
  of(flight: Flight, found: Found, request: CreationRequest, turn: LeaseTurn | undefined, again: boolean): Standing {
    const answer = turn?.answers.get(flight.key);
    this.#state.note(answer?.order);
    if (this.#isServed(flight, found, request, answer)) {
      if (turn !== undefined && answer?.granted) this.#creation.giveBack([flight], turn.token);
      return "served";
    }
    if (found instanceof ReadFailure) {
      if (turn !== undefined && mayHaveArrived(found.error)) turn.lost.push(flight);
      return "unconfirmed";
    }
    if (answer !== undefined) {
      if (!answer.granted) {
        flight.holder = answer.holder;
        return "contested";
      }
      // A process that was stopped meanwhile holds nothing any more, and another one may be creating.
      const over = turn !== undefined && this.#state.options.clock.now() >= turn.until;
      return over && !again ? "unanswered" : "leased";
    }
    // Something is there that can't be used, unreadable bytes perhaps: the lease is asked for in spite of it, once.
    return turn === undefined || (again && !isAnother(found, turn.rejects.get(flight.key))) ? "unleased" : "unanswered";
  }

  /** Lands the flight if nothing has to be created for it. */
  #isServed(
    flight: Flight,
    found: Found,
    { options, sightings }: CreationRequest,
    answer: LeaseAnswer | undefined,
  ): boolean {
    const { freshness, events, options: region } = this.#state;
    const entry = found instanceof ReadFailure ? found.candidate : found instanceof CachedValue ? found : undefined;
    const judgement = entry === undefined ? "absent" : freshness.judgeWith(options.expirationMs)(flight.key, entry);
    if (judgement === "fresh" && found instanceof CachedValue && options.forceRefresh === false) {
      this.#state.flights.remove(flight);
      flight.land(new Landing(found, "cached", sightings?.tierOf(flight.key, found)));
      return true;
    }
    if (events.observes("miss") && flight.reading)
      events.emit("miss", { key: flight.givenKey, reason: this.#reason(flight.key, found) });
    const usable =
      judgement !== "absent" && (found instanceof CachedValue || freshness.graceMs(entry as CachedValue) > 0);
    flight.hasRead(usable ? entry : undefined);
    const failure = this.#failures.size === 0 ? undefined : this.#failures.standing(flight.key, region.clock.now());
    if (flight.stale === undefined) {
      if (failure === undefined || region.errorTtlMs === 0 || options.forceRefresh !== false) return false;
      this.#state.flights.remove(flight);
      flight.fail(failure.error);
      return true;
    }
    const busy = answer?.granted === false;
    if (options.forceRefresh === true || (failure === undefined && !busy)) return false;
    events.emit("stale", { key: flight.givenKey, reason: busy ? "refreshing" : "retry-after" });
    this.#state.flights.remove(flight);
    flight.land(new Landing(flight.stale, "stale"));
    return true;
  }

  #reason(key: string, found: Found) {
    if (found instanceof ReadFailure) return "failed";
    return found instanceof CachedValue ? (this.#state.freshness.why(key, found) ?? "expired") : "absent";
  }
}

/** Whether it has been renewed since it was found and rejected, and is of no use again: an invalidation came between. */
function isAnother(found: Found, rejected: Order | "any" | undefined): boolean {
  return found instanceof CachedValue && rejected !== "any" && compareOrders(found.metadata.revision, rejected) !== 0;
}
