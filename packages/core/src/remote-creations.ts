import type { Creation, CreationRequest } from "./creation.ts";
import { RemoteCreatorError } from "./creation-failure.ts";
import { LockError } from "./errors.ts";
import type { Flight } from "./flight.ts";
import type { RegionState } from "./region-state.ts";

/** The wait for other processes' creations. */
export interface Patience {
  readonly until: number;
  rounds: number;
}

/** Goes for what is left, once more. */
type GoOn = (flights: readonly Flight[], request: CreationRequest, patience: Patience) => void;

/** Creations of other processes: how long they are waited for, and what becomes of the flights meanwhile. */
export class RemoteCreations {
  readonly #state: RegionState;
  readonly #creation: Creation;
  readonly #goOn: GoOn;

  constructor(state: RegionState, creation: Creation, goOn: GoOn) {
    this.#state = state;
    this.#creation = creation;
    this.#goOn = goOn;
  }

  /** Another process creates them: until it has filled them or failed, or its lease is over, or this process's patience. */
  wait(all: readonly Flight[], request: CreationRequest, patience: Patience | undefined, announced: number): void {
    const { options, announcements, backend } = this.#state;
    // A failure may be told sooner than the answer arrives that says whose creation it was.
    const flights = all.filter((flight) => !this.#sharesFailure(flight, request));
    if (flights.length === 0) return;
    const now = options.clock.now();
    const mine: Patience = patience ?? { until: now + options.leaseWaitMs, rounds: 0 };
    if (now >= mine.until) {
      if (options.afterLeaseWait === "create") this.#creation.start(flights, request, { kind: "unstored" });
      else {
        const error = new LockError(`another process has been creating this for longer than ${options.leaseWaitMs} ms`);
        for (const flight of flights) this.#creation.failed(flight, error, request.options);
      }
      return;
    }
    mine.rounds += 1;
    // With a feed the announcement wakes; the poll is its safety net. Jitter keeps the waiters of a cluster apart.
    const base = backend.changes?.live ? 250 : Math.min(10 * 2 ** mine.rounds, 250);
    const delay = Math.min(base * (0.5 + options.random()), mine.until - now);
    const keys = flights.map(({ key }) => key);
    void announcements.wait(keys, delay, announced).then(() => {
      const left = flights.filter(
        (flight) =>
          !flight.settled &&
          !this.#isLeft(flight) &&
          !this.#sharesFailure(flight, request) &&
          !this.followsNewer(flight),
      );
      if (left.length > 0) this.#goOn(left, request, mine);
    });
  }

  /**
   * A key that was changed while its flight waited or read: what it reads from here on is from after the change, so it begins anew
   * and may be joined again, or shares the outcome of the flight that has begun since.
   */
  followsNewer(flight: Flight): boolean {
    const newer = this.#state.flights.get(flight.key);
    if (newer === flight) return false;
    this.#state.flights.remove(flight);
    if (newer === undefined) {
      flight.broken = false;
      // Who joins it now must not get what it had read before the change.
      flight.stale = undefined;
      this.#state.flights.add(flight);
      return false;
    }
    newer.outcome.then(
      (landing) => flight.land(landing),
      (error: unknown) => flight.fail(error),
    );
    return true;
  }

  /** Ends a flight that nobody waits for any more: what another process creates is not created here as well. */
  #isLeft(flight: Flight): boolean {
    if (flight.waiters > 0) return false;
    this.#state.flights.remove(flight);
    flight.fail(new LockError("nobody waits for this any more"));
    return true;
  }

  /**
   * Fails the flight if that is how the very creation ended which it waits for in another process. Not so after an
   * invalidation that is later than that creation's start, or a delete that the authority hasn't confirmed, nor where only a
   * creation of its own will do.
   */
  #sharesFailure(flight: Flight, { options }: CreationRequest): boolean {
    const { failure, holder } = flight;
    const { marks, pending, strategy, options: region } = this.#state;
    if (failure === undefined || failure.token !== holder || !region.shareErrors || strategy !== undefined)
      return false;
    if (options.forceRefresh !== false || pending.get(flight.key) !== undefined) return false;
    if (marks.mayCover(failure.startedOrder)) return false;
    this.#creation.failed(flight, new RemoteCreatorError(failure), options);
    return true;
  }
}
