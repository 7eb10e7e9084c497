import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import { CachedValue, compareOrders, type Found, type Order, ReadFailure } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { LeaseAnswer, LeaseRequest, ReadContext } from "./contexts.ts";
import { Creation, type CreationRequest } from "./creation.ts";
import { RemoteCreatorError } from "./creation-failure.ts";
import type { Creator } from "./creator.ts";
import { LockError } from "./errors.ts";
import { Failures } from "./failures.ts";
import { type Right, unleased } from "./fill.ts";
import { Flight } from "./flight.ts";
import { mayHaveArrived } from "./lease-returns.ts";
import { readKey, readMany } from "./near-tier.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import type { RegionState } from "./region-state.ts";
import { settledRead } from "./settled-read.ts";
import { ShortCreation } from "./short-creation.ts";
import type { Sightings } from "./sightings.ts";
import { SingleRequest } from "./single-request.ts";

/** One wish for leases and what the authority has answered. */
class LeaseTurn implements LeaseRequest {
  readonly token: string;
  readonly ms: number;
  /** A lease that was granted may have ended then. */
  readonly until: number;
  /** What had been announced when it left. */
  readonly announced: number;
  readonly rejects: Map<string, Order | "any"> = new Map();
  readonly answers: Map<string, LeaseAnswer> = new Map();
  /** Whose answer was lost, so that the lease may have been taken. */
  readonly lost: Flight[] = [];

  constructor(token: string, ms: number, until: number, announced: number) {
    this.token = token;
    this.ms = ms;
    this.until = until;
    this.announced = announced;
  }

  answer(key: string, answer: LeaseAnswer): void {
    this.answers.set(key, answer);
  }
}

/** Where a flight stands after a read: done with, to be created by some right, to be asked for again, or another process's. */
const standings = ["served", "leased", "unleased", "unconfirmed", "unanswered", "contested"] as const;
type Standing = (typeof standings)[number];

const none: readonly Flight[] = [];
const nothingFound: readonly Found[] = [NO_VALUE];

/** The wait for other processes' creations. */
interface Patience {
  readonly until: number;
  rounds: number;
}

/**
 * Gets keys that are not fresh near by: one read of the farther tiers, which asks for leases on the way, then one
 * creation for what this process may create, and patience for what another one is creating.
 */
export class Creations {
  readonly #state: RegionState;
  readonly #failures = new Failures();
  readonly #creation: Creation;
  readonly #short: ShortCreation | undefined;
  readonly #plainContext: ReadContext;
  #turns = 0;

  constructor(state: RegionState) {
    this.#state = state;
    this.#creation = new Creation(state, this.#failures);
    this.#short = ShortCreation.for(state, this.#creation);
    this.#plainContext = { judge: state.freshness.judge };
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
   * A creation of a key that the nearest tier was found to lack in this turn: the entry, if it is there at once; the flight
   * otherwise.
   */
  createLacking(
    key: string,
    givenKey: string,
    creator: Creator<unknown>,
    options: ResolvedCreateOptions,
    sightings: Sightings | undefined,
  ): CachedValue | Flight {
    if (this.#short !== undefined && this.#failures.size === 0 && this.#short.isFree(key))
      return this.#short.run(key, givenKey, creator, options);
    const flight = this.begin(key, givenKey);
    this.lead([flight], new SingleRequest(creator, options, sightings));
    return flight;
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
      const turn = this.#turn(request.options, again ? flights : none);
      const found = this.#read(flights, request, turn);
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

  #turn(options: ResolvedCreateOptions, rejected: readonly Flight[]): LeaseTurn | undefined {
    if (this.#state.backend.leases === undefined) return undefined;
    this.#turns += 1;
    const { clock, leaseMs } = this.#state.options;
    const { count } = this.#state.announcements;
    const turn = new LeaseTurn(`${this.#state.sender}.${this.#turns}`, leaseMs, clock.now() + leaseMs, count);
    for (const { key, stale } of rejected) turn.rejects.set(key, stale?.metadata.revision ?? "any");
    if (options.forceRefresh !== false) for (const { key } of rejected) turn.rejects.set(key, "any");
    return turn;
  }

  #read(
    flights: readonly Flight[],
    request: CreationRequest,
    turn: LeaseTurn | undefined,
  ): Awaitable<readonly Found[]> {
    const { backend, pending } = this.#state;
    const context = this.#context(request, turn);
    const [only] = flights;
    if (flights.length === 1 && only !== undefined && pending.size === 0) {
      const found = readKey(backend, only.key, context);
      // What a tier of this process lacks is known at once.
      if (isNoValue(found)) return nothingFound;
      return this.#learned(andThen(found, (one) => [one]));
    }
    return this.#readMany(flights, context);
  }

  #context({ options, sightings }: CreationRequest, lease: LeaseTurn | undefined): ReadContext {
    const { expirationMs, skipRead } = options;
    const isPlain =
      lease === undefined && expirationMs === undefined && skipRead === undefined && sightings === undefined;
    if (isPlain) return this.#plainContext;
    const context: { -readonly [K in keyof ReadContext]: ReadContext[K] } = {
      judge: this.#state.freshness.judgeWith(expirationMs),
    };
    if (lease !== undefined) context.lease = lease;
    if (skipRead !== undefined) context.skip = skipRead;
    if (sightings !== undefined) context.observe = sightings.observe;
    return context;
  }

  #learned(found: Awaitable<readonly Found[]>): Awaitable<readonly Found[]> {
    const { marks } = this.#state;
    return andThen(found, (all) => {
      const entries = all.filter((one) => one instanceof CachedValue);
      if (entries.every(({ metadata }) => marks.knows(metadata))) return all;
      return andThen(marks.learn(entries), () => all);
    });
  }

  #readMany(flights: readonly Flight[], context: ReadContext): Awaitable<readonly Found[]> {
    const { backend, pending } = this.#state;
    const keys = flights.map(({ key }) => key);
    return settledRead(keys, pending, (wanted) => {
      const [first] = wanted;
      const found =
        wanted.length === 1 && first !== undefined
          ? andThen(readKey(backend, first, context), (one): readonly Found[] => [one])
          : readMany(backend, wanted, () => backend.getMulti(wanted, context));
      return this.#learned(found);
    });
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
      const standing = this.#standing(only, found[0] as Found, request, turn, again);
      this.#act(standing, flights, request, turn, patience);
      return;
    }
    const groups: { [K in Standing]?: Flight[] } = {};
    for (let index = 0; index < flights.length; index += 1) {
      const flight = flights[index] as Flight;
      const standing = this.#standing(flight, found[index] as Found, request, turn, again);
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
        if (turn !== undefined) this.#giveBack(turn.lost, turn);
        break;
      case "unanswered": {
        const left = flights.filter((flight) => !this.#followsNewer(flight));
        if (left.length > 0) this.#go(left, request, patience, true);
        break;
      }
      case "contested":
        this.#wait(flights, request, patience, turn?.announced ?? 0);
        break;
      default:
    }
  }

  #standing(
    flight: Flight,
    found: Found,
    request: CreationRequest,
    turn: LeaseTurn | undefined,
    again: boolean,
  ): Standing {
    const answer = turn?.answers.get(flight.key);
    this.#state.note(answer?.order);
    if (this.#isServed(flight, found, request, answer)) {
      if (turn !== undefined && answer?.granted) this.#giveBack([flight], turn);
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
      flight.land({ entry: found, origin: "cached", tier: sightings?.tierOf(flight.key, found) });
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
    flight.land({ entry: flight.stale, origin: "stale" });
    return true;
  }

  #reason(key: string, found: Found) {
    if (found instanceof ReadFailure) return "failed";
    return found instanceof CachedValue ? (this.#state.freshness.why(key, found) ?? "expired") : "absent";
  }

  /** Another process creates them: until it has filled them or failed, or its lease is over, or this process's patience. */
  #wait(all: readonly Flight[], request: CreationRequest, patience: Patience | undefined, announced: number): void {
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
          !this.#followsNewer(flight),
      );
      if (left.length > 0) this.#go(left, request, mine, request.options.forceRefresh !== false);
    });
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

  /**
   * A key that was changed while its flight waited or read: what it reads from here on is from after the change, so it begins anew
   * and may be joined again, or shares the outcome of the flight that has begun since.
   */
  #followsNewer(flight: Flight): boolean {
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

  #giveBack(flights: readonly Flight[], turn: LeaseTurn): void {
    this.#creation.giveBack(flights, turn.token);
  }
}

/** Whether it has been renewed since it was found and rejected, and is of no use again: an invalidation came between. */
function isAnother(found: Found, rejected: Order | "any" | undefined): boolean {
  return found instanceof CachedValue && rejected !== "any" && compareOrders(found.metadata.revision, rejected) !== 0;
}
