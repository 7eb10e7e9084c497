import { isPromiseLike } from "./awaitable.ts";
import type { CachedValue, Found } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import { Creation, type CreationRequest } from "./creation.ts";
import type { Creator } from "./creator.ts";
import { Failures } from "./failures.ts";
import { type Right, unleased } from "./fill.ts";
import { Flight } from "./flight.ts";
import { type LeaseTurn, LeaseTurns } from "./lease-turn.ts";
import { LeasingRead } from "./leasing-read.ts";
import type { RegionState } from "./region-state.ts";
import { type Patience, RemoteCreations } from "./remote-creations.ts";
import { ShortCreation } from "./short-creation.ts";
import { type Standing, Standings, standings } from "./standing.ts";

const none: readonly Flight[] = [];

/**
 * Gets keys that are not fresh near by: one read of the farther tiers, which asks for leases on the way, then one
 * creation for what this process may create, and patience for what another one is creating.
 */
export class Creations {
  readonly #state: RegionState;
  readonly #failures = new Failures();
  readonly #creation: Creation;
  readonly #short: ShortCreation | undefined;
  readonly #turns: LeaseTurns;
  readonly #read: LeasingRead;
  readonly #standings: Standings;
  readonly #remote: RemoteCreations;

  constructor(state: RegionState) {
    this.#state = state;
    this.#creation = new Creation(state, this.#failures);
    this.#short = ShortCreation.for(state, this.#creation);
    this.#turns = new LeaseTurns(state);
    this.#read = new LeasingRead(state);
    this.#standings = new Standings(state, this.#failures, this.#creation);
    this.#remote = new RemoteCreations(state, this.#creation, (flights, request, patience) =>
      this.#go(flights, request, patience, request.options.forceRefresh !== false),
    );
  }

  /**
   * The flight of the key that somebody has started, to be joined.
   * @throws LockError for a creator that asks for its own key
   */
  joinable(key: string): Flight | undefined {
    this.#state.reentry.check(key);
    const flight = this.#state.flights.get(key);
    if (flight === undefined) return undefined;
    // What began before a long silence began, perhaps, before a change that nobody has told us of yet. What began lately is
    // within the bound, and has to be joined: in an outage each caller would run a creator of its own otherwise.
    if (this.#state.isTooOldToJoin(flight)) {
      this.#state.flights.forgetAll();
      return undefined;
    }
    return flight;
  }

  /** Registers a flight, in the same turn in which the caller has found nothing fresh. */
  begin(key: string, givenKey: string): Flight {
    const flight = new Flight(key, givenKey);
    flight.beganAt = this.#state.options.clock.coarse();
    this.#state.flights.add(flight);
    return flight;
  }

  /** Brings all flights to an end, each its own. Never throws. */
  lead(flights: readonly Flight[], request: CreationRequest): void {
    this.#go(flights, request, undefined, request.options.forceRefresh !== false);
  }

  /**
   * The short way to a key that the nearest tier was found to lack in this turn: the entry, if it is there at once; its
   * flight otherwise; `undefined` where this key has to go the long way.
   */
  short(
    key: string,
    givenKey: string,
    creator: Creator<unknown>,
    options: ResolvedCreateOptions,
  ): CachedValue | Flight | undefined {
    const isShort = this.#short !== undefined && this.#failures.size === 0 && this.#short.isFree(key);
    return isShort ? this.#short.run(key, givenKey, creator, options) : undefined;
  }

  /** A deleted or rewritten key may be created again at once. */
  forgetFailure(key: string): void {
    this.#failures.forget(key);
  }

  forgetFailures(): void {
    this.#failures.clear();
  }

  #go(flights: readonly Flight[], request: CreationRequest, patience: Patience | undefined, again: boolean): void {
    try {
      const turn = this.#turns.next(request.options, again ? flights : none);
      const found = this.#read.of(flights, request, turn);
      if (isPromiseLike(found)) {
        found
          .then((all) => this.#sort(flights, all, request, turn, patience, again))
          .then(undefined, (error: unknown) => this.#fail(flights, error, request));
      } else this.#sort(flights, found, request, turn, patience, again);
    } catch (error) {
      this.#fail(flights, error, request);
    }
  }

  #fail(flights: readonly Flight[], error: unknown, { options }: CreationRequest): void {
    for (const flight of flights) if (!flight.settled) this.#creation.failed(flight, error, options);
  }

  /** After a read: who is served, what this process creates, what it waits for, and what it has to ask again for. */
  #sort(
    flights: readonly Flight[],
    found: readonly Found[],
    request: CreationRequest,
    turn: LeaseTurn | undefined,
    patience: Patience | undefined,
    again: boolean,
  ): void {
    const [only] = flights;
    if (flights.length === 1 && only !== undefined) {
      const standing = this.#standings.of(only, found[0] as Found, request, turn, again);
      this.#act(standing, flights, request, turn, patience);
      return;
    }
    const groups: { [K in Standing]?: Flight[] } = {};
    for (let index = 0; index < flights.length; index += 1) {
      const flight = flights[index] as Flight;
      const standing = this.#standings.of(flight, found[index] as Found, request, turn, again);
      const group = groups[standing];
      if (group === undefined) groups[standing] = [flight];
      else group.push(flight);
    }
    // What this process owns it starts before it waits for anybody, so that overlapping batches can't wait for each other.
    for (const standing of standings) {
      const group = groups[standing];
      if (group !== undefined) this.#act(standing, group, request, turn, patience);
    }
  }

  #act(
    standing: Standing,
    flights: readonly Flight[],
    request: CreationRequest,
    turn: LeaseTurn | undefined,
    patience: Patience | undefined,
  ): void {
    switch (standing) {
      case "leased":
      case "unleased": {
        const right: Right =
          turn !== undefined && standing === "leased" ? { kind: "leased", token: turn.token } : unleased;
        this.#creation.start(flights, request, right);
        break;
      }
      case "unconfirmed":
        this.#creation.start(flights, request, { kind: "unconfirmed" });
        // The lease may have been taken though its answer was lost: nobody shall wait for it.
        if (turn !== undefined) this.#creation.giveBack(turn.lost, turn.token);
        break;
      case "unanswered": {
        const left = flights.filter((flight) => !this.#remote.followsNewer(flight));
        if (left.length > 0) this.#go(left, request, patience, true);
        break;
      }
      case "contested":
        this.#remote.wait(flights, request, patience, turn?.announced ?? 0);
        break;
      default:
    }
  }
}
