import { watchForAbandonment } from "./abandonment.ts";
import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import type { CachedValue, Order } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Timer } from "./clock.ts";
import { failureOf } from "./creation-failure.ts";
import { CreatorContext, CreatorVerdict, type EntryContext, Stopper } from "./creator.ts";
import { LockError } from "./errors.ts";
import type { Failures } from "./failures.ts";
import { Fill, type Made, type Right, unleased } from "./fill.ts";
import type { Flight } from "./flight.ts";
import { type HandOverWork, handOver } from "./hand-over.ts";
import { MutexTurn } from "./mutex-turn.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import { creatorOf } from "./reentry.ts";
import type { RegionState } from "./region-state.ts";
import type { CalledCreator } from "./short-creation.ts";
import { isCacheable } from "./should-cache.ts";
import type { Sightings } from "./sightings.ts";
import { alone } from "./single-request.ts";
import { Slots } from "./slots.ts";
import { checkTags } from "./tags.ts";
import { checkValidators } from "./validators.ts";

/** What is to be created, and how. */
export interface CreationRequest {
  readonly options: ResolvedCreateOptions;
  /** Values, or verdicts, aligned with the contexts. */
  create(contexts: readonly EntryContext[], stopper: Stopper): Awaitable<readonly unknown[]>;
  /** `false`: the creator is no async function, and may well answer at once. */
  readonly isAsync?: boolean;
  /** Where what is found was found, for who asks. */
  readonly sightings?: Sightings | undefined;
}

/** One call of a creator that is under way. */
interface Job {
  readonly flights: readonly Flight[];
  readonly contexts: readonly EntryContext[];
  readonly stopper: Stopper;
  readonly options: ResolvedCreateOptions;
  readonly right: Right;
  readonly startedAt: number;
  readonly startedOrder: Order | undefined;
  readonly awaitFill: boolean;
  readonly renewal: Timer | undefined;
  /** The errors of those that have failed by themselves. */
  failures: Map<Flight, unknown> | undefined;
}

/**
 * Creations: one call of a creator for one or many flights, and what follows from it. A creator that answers at once
 * costs no promise.
 */
export class Creation {
  readonly #state: RegionState;
  readonly #failures: Failures;
  readonly #slots: Slots | undefined;
  readonly #fill: Fill;

  constructor(state: RegionState, failures: Failures) {
    const { maxCreators } = state.options;
    this.#state = state;
    this.#failures = failures;
    this.#fill = new Fill(state);
    this.#slots = maxCreators === Number.POSITIVE_INFINITY ? undefined : new Slots(maxCreators);
  }

  /** Creates for all of them. Never throws; each flight lands or fails. */
  start(flights: readonly Flight[], request: CreationRequest, right: Right): void {
    for (const flight of flights) if (flight.reading) flight.hasRead(undefined);
    if (this.#state.options.asyncCreationRunner !== undefined && request.options.forceRefresh === false)
      for (const flight of flights) flight.handedOver = flight.stale !== undefined;
    const turn = right.kind === "unleased" ? MutexTurn.for(flights, this.#state) : undefined;
    const run = () =>
      turn === undefined
        ? this.#dispatch(flights, request, right, request.options.awaitFill)
        : this.#runLocked(turn, flights, request);
    const work = this.#slots === undefined ? run() : this.#slots.run(run);
    if (work !== undefined) this.#state.inBackground(work, "a creation");
  }

  /** The creator, or the way to it, has failed: the stale value, the last resort, or the error. */
  failed(flight: Flight, error: unknown, options: ResolvedCreateOptions): void {
    const { events, flights, freshness, options: region, stamps } = this.#state;
    flights.remove(flight);
    const stale = this.#state.staleOf(flight, options.expirationMs);
    const standsFor = stale === undefined ? region.errorTtlMs : region.retryAfterMs;
    if (standsFor > 0 && !flight.broken) this.#failures.remember(flight.key, region.clock.now() + standsFor, error);
    if (stale !== undefined && freshness.graceMs(stale) > 0) {
      events.emit("stale", { key: flight.givenKey, reason: "error" });
      flight.land({ entry: stale, origin: "stale" });
    } else if (options.fallback === undefined) flight.fail(error);
    else {
      try {
        flight.land({ entry: this.#state.passing(options.fallback(error), stamps.next()), origin: "default" });
      } catch (fallbackError) {
        flight.fail(fallbackError);
      }
    }
  }

  /** Goes on from what a creator has answered that was called on the short way. */
  goOn(called: CalledCreator, value: unknown): void {
    const job = jobOf(called);
    if (!isPromiseLike(value)) this.#ended(job);
    const work = isPromiseLike(value)
      ? this.#finishLater(job, alone(value), this.#watch(job))
      : this.#finish(job, [value]);
    if (work !== undefined) this.#state.inBackground(work, "a creation");
  }

  /** The same from what it has thrown. */
  threw(called: CalledCreator, error: unknown): void {
    const job = jobOf(called);
    this.#ended(job);
    this.#abort(job, error);
  }

  /** Leases that are not used after all. */
  giveBack(flights: readonly Flight[], token: string): void {
    this.#fill.giveBack(flights, { kind: "leased", token });
  }

  async #runLocked(turn: MutexTurn, flights: readonly Flight[], request: CreationRequest): Promise<void> {
    try {
      const { left, refused } = await turn.acquire(flights, request.options);
      if (refused.length > 0) this.#withoutLock(refused, request);
      if (left.length > 0) await this.#dispatch(left, request, { kind: "unleased" }, true);
    } finally {
      await turn.release();
    }
  }

  /** A lock that could not be had in time: as for another process's lease, without storing or not at all. */
  #withoutLock(flights: readonly Flight[], request: CreationRequest): void {
    if (this.#state.options.afterLeaseWait === "create") this.start(flights, request, { kind: "unstored" });
    else
      for (const flight of flights)
        this.failed(
          flight,
          new LockError(`the lock of ${JSON.stringify(flight.givenKey)} was not granted`),
          request.options,
        );
  }

  /** To the region's runner what has a stale value meanwhile; the rest is created here. */
  #dispatch(
    flights: readonly Flight[],
    request: CreationRequest,
    right: Right,
    awaitFill: boolean,
  ): Promise<void> | undefined {
    const runner = this.#state.options.asyncCreationRunner;
    const handed = runner === undefined ? [] : flights.filter(({ handedOver }) => handedOver);
    if (runner === undefined || handed.length === 0) return this.#run(flights, request, right, awaitFill);
    const rest = flights.filter(({ handedOver }) => !handedOver);
    const own = rest.length === 0 ? undefined : this.#run(rest, request, right, awaitFill);
    const work: HandOverWork = {
      run: (flight, its) => this.#run([flight], its, right, true),
      abandon: (flight) => {
        this.#fill.giveBack([flight], right);
        this.#state.flights.remove(flight);
        flight.land({ entry: flight.stale ?? NO_VALUE, origin: "stale" });
      },
    };
    const others = handed.map((flight) => handOver(runner, flight, request, work, this.#state));
    return Promise.all([own, ...others]).then(() => undefined);
  }

  #run(
    flights: readonly Flight[],
    request: CreationRequest,
    right: Right,
    awaitFill: boolean,
  ): Promise<void> | undefined {
    const { reentry, stamps } = this.#state;
    const stopper = new Stopper();
    const contexts = flights.map((flight) => new CreatorContext(flight.givenKey, flight.stale, stopper));
    const job: Job = {
      flights,
      contexts,
      stopper,
      options: request.options,
      right,
      startedOrder: this.#state.knownOrder(),
      startedAt: stamps.next(),
      awaitFill,
      renewal: right.kind === "leased" ? this.#renew(flights, right.token) : undefined,
      failures: undefined,
    };
    let values: Awaitable<readonly unknown[]>;
    try {
      const create = (its: Job) => request.create(its.contexts, its.stopper);
      values = reentry.run(creatorOf(flights), request.isAsync !== false, create, job);
    } catch (error) {
      this.#ended(job);
      this.#abort(job, error);
      return undefined;
    }
    if (isPromiseLike(values)) {
      return this.#finishLater(job, values, this.#watch(job));
    }
    this.#ended(job);
    return this.#finish(job, values);
  }

  #watch(job: Job): Timer {
    const { flights, stopper, options, right, renewal } = job;
    const { clock, leaseMs } = this.#state.options;
    return watchForAbandonment({
      flights,
      stopper,
      clock,
      hardTimeoutMs: options.hardTimeoutMs,
      leaseMs,
      onStop: () => renewal?.cancel(),
      onGone: () => {
        for (const flight of flights) this.#state.flights.giveUp(flight);
        this.#fill.giveBack(flights, right);
      },
    });
  }

  #finishLater(job: Job, values: PromiseLike<readonly unknown[]>, watch: Timer): Promise<void> {
    const done = values.then(
      (all) => {
        watch.cancel();
        this.#ended(job);
        return this.#finish(job, all);
      },
      (error: unknown) => {
        watch.cancel();
        this.#ended(job);
        this.#abort(job, error);
      },
    );
    return Promise.resolve(done);
  }

  #ended({ renewal }: Job): void {
    this.#state.reentry.done();
    renewal?.cancel();
  }

  #abort(job: Job, error: unknown): void {
    const { flights, startedAt, options } = job;
    const { events, options: region } = this.#state;
    if (events.observes("creationFailed")) {
      const keys = flights.map(({ givenKey }) => givenKey);
      events.emit("creationFailed", { keys, durationMs: region.clock.now() - startedAt, error });
    }
    for (const flight of flights) this.failed(flight, error, options);
    this.#giveUp(job, flights, error);
  }

  /**
   * Those who wait for it in other processes fail too, each by its own options. A creation that this process has stopped, since
   * nobody here waits for it or the region ends, says nothing of the key: they go on and take the lease.
   */
  #giveUp({ right, stopper, startedOrder }: Job, flights: readonly Flight[], error: unknown): void {
    const { options, strategy, closing } = this.#state;
    // What a strategy has invalidated since the creation started can't be told by an order.
    const shared = right.kind === "leased" && options.shareErrors && strategy === undefined;
    const told = shared && !stopper.stopped && !closing;
    this.#fill.giveBack(flights, right, told ? failureOf(error, right.token, startedOrder) : undefined);
  }

  #giveBack(job: Job, flights: readonly Flight[]): void {
    const { failures } = job;
    if (failures === undefined) {
      this.#fill.giveBack(flights, job.right);
      return;
    }
    this.#fill.giveBack(
      flights.filter((flight) => !failures.has(flight)),
      job.right,
    );
    // Keys that failed by one error are given back together.
    const byError = new Map<unknown, Flight[]>();
    for (const [flight, error] of failures) byError.set(error, [...(byError.get(error) ?? []), flight]);
    for (const [error, failed] of byError) this.#giveUp(job, failed, error);
  }

  #failedIn(job: Job, flight: Flight, error: unknown): void {
    job.failures ??= new Map();
    job.failures.set(flight, error);
    this.failed(flight, error, job.options);
  }

  #finish(job: Job, values: readonly unknown[]): Promise<void> | undefined {
    const { flights, options, right } = job;
    this.#tellCreated(job);
    if (flights.length === 1) return this.#finishOne(job, values[0]);
    const kept: Made[] = [];
    const landing: Made[] = [];
    let unstored: Flight[] | undefined;
    for (let index = 0; index < flights.length; index += 1) {
      const flight = flights[index] as Flight;
      const made = this.#made(job, flight, job.contexts[index] as EntryContext, values[index]);
      if (made !== undefined) landing.push(made);
      if (made !== undefined && this.#isKept(job, made, job.contexts[index] as EntryContext)) kept.push(made);
      else {
        unstored ??= [];
        unstored.push(flight);
      }
    }
    if (unstored !== undefined) this.#giveBack(job, unstored);
    const stored = this.#fill.store(kept, options, right);
    if (stored !== undefined && job.awaitFill) return stored.then(() => this.#land(landing));
    this.#land(landing);
    return stored;
  }

  /** The same for one flight: nothing is sorted. */
  #finishOne(job: Job, value: unknown): Promise<void> | undefined {
    const flight = job.flights[0] as Flight;
    const context = job.contexts[0] as EntryContext;
    const made = this.#made(job, flight, context, value);
    if (made === undefined || !this.#isKept(job, made, context)) {
      this.#giveBack(job, job.flights);
      if (made !== undefined) this.#landOne(made);
      return undefined;
    }
    const stored = this.#fill.store([made], job.options, job.right);
    if (stored !== undefined && job.awaitFill) return stored.then(() => this.#landOne(made));
    this.#landOne(made);
    return stored;
  }

  #land(landing: readonly Made[]): void {
    for (const made of landing) this.#landOne(made);
  }

  #landOne({ flight, entry }: Made): void {
    // It has failed since: shouldCacheFn threw.
    if (flight.settled) return;
    this.#failures.forget(flight.key);
    this.#state.flights.remove(flight);
    flight.land({ entry, origin: "created" });
  }

  /** What the creator made for one key; nothing if the key has failed or there is nothing. */
  #made(job: Job, flight: Flight, context: EntryContext, value: unknown): Made | undefined {
    if (value instanceof CreatorVerdict && value.kind === "failed") {
      this.#failedIn(job, flight, value.error);
      return undefined;
    }
    if (isNoValue(value)) {
      this.#state.flights.remove(flight);
      flight.land({ entry: NO_VALUE, origin: "created" });
      return undefined;
    }
    try {
      return { flight, entry: this.#entry(job, context, value) };
    } catch (error) {
      this.#failedIn(job, flight, error);
      return undefined;
    }
  }

  #entry({ options, startedAt, startedOrder }: Job, context: EntryContext, value: unknown): CachedValue {
    // It may have been made for another key of the batch.
    if (value instanceof CreatorVerdict) context.notModified();
    const renewed = value instanceof CreatorVerdict ? context.stale : undefined;
    const payload = renewed === undefined ? this.#state.isolator.apart(value) : renewed.payload;
    const { ttlMs, graceMs } = context;
    let tags = typeof options.tags === "function" ? options.tags(payload as never, context.key) : options.tags;
    checkTags(context.tags, "context.tags");
    checkValidators(context.validators, "context.validators");
    if (context.tags.length > 0) tags = [...new Set([...(tags ?? []), ...context.tags])];
    return this.#state.entry(payload, {
      startedAt,
      startedOrder,
      ttlMs: ttlMs ?? options.ttlMs,
      graceMs: graceMs ?? options.graceMs,
      ownTtl: options.ownTtl && ttlMs === undefined,
      tags: tags ?? renewed?.metadata.tags,
      validators: context.validators ?? renewed?.metadata.validators,
    });
  }

  #isKept(job: Job, { flight, entry }: Made, context: EntryContext): boolean {
    const { options, right } = job;
    if (context.skipped || right.kind === "unstored") return false;
    if (options.shouldCacheFn !== undefined) {
      try {
        if (!isCacheable(options.shouldCacheFn, entry.payload as never, flight.givenKey)) return false;
      } catch (error) {
        this.#failedIn(job, flight, error);
        return false;
      }
    }
    if (!flight.broken && !this.#state.closed) return true;
    this.#state.events.emit("fillRefused", { key: flight.givenKey, reason: "changed" });
    return false;
  }

  #tellCreated({ flights, startedAt }: Job): void {
    const { events, options } = this.#state;
    if (!events.observes("created")) return;
    const keys = flights.map(({ givenKey }) => givenKey);
    const regenerated = flights.some(({ stale }) => stale !== undefined);
    events.emit("created", { keys, durationMs: options.clock.now() - startedAt, regenerated });
  }

  #renew(flights: readonly Flight[], token: string): Timer {
    const { clock, leaseMs } = this.#state.options;
    const keys = flights.map(({ key }) => key);
    let timer: Timer;
    const schedule = () => {
      timer = clock.schedule(() => {
        const renewed = Promise.resolve().then(() => this.#state.backend.leases?.renew(keys, token, leaseMs));
        this.#state.inBackground(renewed, "renewing a lease");
        schedule();
      }, leaseMs / 3);
    };
    schedule();
    return { cancel: () => timer.cancel() };
  }
}

// Written out: a rest and two spreads take five times as long as the rest of a creation.
function jobOf({ flight, context, options, startedAt, startedOrder }: CalledCreator): Job {
  return {
    flights: [flight],
    contexts: [context],
    stopper: context.stopper,
    options,
    right: unleased,
    startedAt,
    startedOrder,
    awaitFill: options.awaitFill,
    renewal: undefined,
    failures: undefined,
  };
}
