import { type Abandonment, AbandonmentWatch } from "./abandonment.ts";
import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Job, ShortJob } from "./creation-job.ts";
import { CreationOutcome } from "./creation-outcome.ts";
import { CreatorContext, type EntryContext, Stopper } from "./creator.ts";
import { LockError } from "./errors.ts";
import type { Failures } from "./failures.ts";
import { Fill, type Right } from "./fill.ts";
import { type Flight, Landing } from "./flight.ts";
import { type HandOverWork, handOver } from "./hand-over.ts";
import { renewLease } from "./lease-renewal.ts";
import { MutexTurn } from "./mutex-turn.ts";
import { NO_VALUE } from "./no-value.ts";
import { creatorOf } from "./reentry.ts";
import type { RegionState } from "./region-state.ts";
import type { Sightings } from "./sightings.ts";
import { Slots } from "./slots.ts";

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

/**
 * Creations: one call of a creator for one or many flights, and what follows from it. A creator that answers at once
 * costs no promise.
 */
export class Creation {
  readonly #state: RegionState;
  readonly #slots: Slots | undefined;
  readonly #fill: Fill;
  readonly #outcome: CreationOutcome;
  readonly #abandonment: Abandonment = {
    stopped: ({ renewal }) => renewal?.cancel(),
    gone: ({ flights, right }) => {
      for (const flight of flights) this.#state.flights.giveUp(flight);
      this.#fill.giveBack(flights, right);
    },
  };

  constructor(state: RegionState, failures: Failures) {
    const { maxCreators } = state.options;
    this.#state = state;
    this.#fill = new Fill(state);
    this.#outcome = new CreationOutcome(state, failures, this.#fill);
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
    this.#outcome.failed(flight, error, options);
  }

  /** Goes on from what a creator has answered that was called on the short way. */
  goOn(job: ShortJob, value: unknown): void {
    if (!isPromiseLike(value)) this.#ended(job);
    const work = isPromiseLike(value)
      ? this.#finishLater(job, value, (one) => this.#outcome.finishShort(job, one))
      : this.#outcome.finishShort(job, value);
    if (work !== undefined) this.#state.inBackground(work, "a creation");
  }

  /** The same from what it has thrown. */
  threw(job: ShortJob, error: unknown): void {
    this.#ended(job);
    this.#outcome.abort(job, error);
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
        flight.land(new Landing(flight.stale ?? NO_VALUE, "stale"));
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
      renewal: right.kind === "leased" ? renewLease(flights, right.token, this.#state) : undefined,
      failures: undefined,
    };
    let values: Awaitable<readonly unknown[]>;
    try {
      const create = (its: Job) => request.create(its.contexts, its.stopper);
      values = reentry.run(creatorOf(flights), request.isAsync !== false, create, job);
    } catch (error) {
      this.#ended(job);
      this.#outcome.abort(job, error);
      return undefined;
    }
    if (isPromiseLike(values)) return this.#finishLater(job, values, (all) => this.#outcome.finish(job, all));
    this.#ended(job);
    return this.#outcome.finish(job, values);
  }

  #finishLater<A>(job: Job, answer: PromiseLike<A>, finish: (given: A) => Promise<void> | undefined): Promise<void> {
    const watch = new AbandonmentWatch(job, this.#abandonment, this.#state.options);
    const done = answer.then(
      (given) => {
        watch.cancel();
        this.#ended(job);
        return finish(given);
      },
      (error: unknown) => {
        watch.cancel();
        this.#ended(job);
        this.#outcome.abort(job, error);
      },
    );
    return Promise.resolve(done);
  }

  #ended({ renewal }: Job): void {
    this.#state.reentry.done();
    renewal?.cancel();
  }
}
