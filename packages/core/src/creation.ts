import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import type { WriteOutcomes } from "./backend.ts";
import type { CachedValue, Order } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Timer } from "./clock.ts";
import { STORED, type WriteContext, type WriteOutcome } from "./contexts.ts";
import { CreatorContext, CreatorVerdict, type EntryContext, Stopper } from "./creator.ts";
import { ValidationError } from "./errors.ts";
import type { Failures } from "./failures.ts";
import type { Flight } from "./flight.ts";
import { isolated } from "./isolation.ts";
import { MutexTurn } from "./mutex-turn.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import type { RegionState } from "./region-state.ts";
import { Slots } from "./slots.ts";
import { writeMany, writeOne } from "./write-through.ts";

/** What is to be created, and how. */
export interface CreationRequest {
  readonly options: ResolvedCreateOptions;
  /** Values, or verdicts, aligned with the contexts. */
  create(contexts: readonly EntryContext[], stopper: Stopper): Awaitable<readonly unknown[]>;
}

/**
 * By what right this process creates, and where the result goes:
 * `leased`: stored if the lease still stands; `unleased`: the store has no leases; `unconfirmed`: the authority could not
 * be read, only near tiers keep it; `unstored`: for the callers alone.
 */
export type Right =
  | { readonly kind: "leased"; readonly token: string }
  | { readonly kind: "unleased" | "unconfirmed" | "unstored" };

interface Made {
  readonly flight: Flight;
  readonly entry: CachedValue;
}

/** One call of a creator for one or many flights, and what follows from it. */
export class Creation {
  readonly #state: RegionState;
  readonly #failures: Failures;
  readonly #slots: Slots | undefined;

  constructor(state: RegionState, failures: Failures) {
    this.#state = state;
    this.#failures = failures;
    this.#slots =
      state.options.maxCreators === Number.POSITIVE_INFINITY ? undefined : new Slots(state.options.maxCreators);
  }

  /** Creates for all of them. Never throws; each flight lands or fails. */
  start(flights: readonly Flight[], request: CreationRequest, right: Right): void {
    for (const flight of flights) if (flight.reading) flight.hasRead(undefined);
    const turn = right.kind === "unleased" ? MutexTurn.for(flights, this.#state) : undefined;
    const work = turn === undefined ? this.#run(flights, request, right) : this.#runLocked(turn, flights, request);
    this.#state.inBackground(work, "a creation");
  }

  /** The creator, or the way to it, has failed: the stale value, the last resort, or the error. */
  failed(flight: Flight, error: unknown, options: ResolvedCreateOptions): void {
    const { events, options: region } = this.#state;
    this.#state.flights.remove(flight);
    const standsFor = flight.stale === undefined ? region.errorTtlMs : region.retryAfterMs;
    if (standsFor > 0 && !flight.broken) this.#failures.remember(flight.key, region.clock.now() + standsFor, error);
    if (flight.stale !== undefined && this.#state.freshness.graceMs(flight.stale) > 0) {
      events.emit("stale", { key: flight.givenKey, reason: "error" });
      flight.land({ entry: flight.stale, origin: "stale" });
      return;
    }
    if (options.fallback === undefined) return flight.fail(error);
    try {
      const { startedAt } = this.#plan(options);
      const entry = this.#state.entry(options.fallback(error), { ...this.#plan(options), startedAt });
      flight.land({ entry, origin: "default" });
    } catch (fallbackError) {
      flight.fail(fallbackError);
    }
  }

  async #runLocked(turn: MutexTurn, flights: readonly Flight[], request: CreationRequest): Promise<void> {
    const left = await turn.acquire(flights, request.options);
    try {
      if (left.length > 0) await this.#run(left, request, { kind: "unleased" }, true);
    } finally {
      await turn.release();
    }
  }

  async #run(
    flights: readonly Flight[],
    request: CreationRequest,
    right: Right,
    awaitFill = request.options.awaitFill,
  ): Promise<void> {
    const { options, events, reentry, stamps } = this.#state;
    const stopper = new Stopper();
    const contexts = flights.map((flight) => new CreatorContext(flight.givenKey, flight.stale, stopper));
    let abandoned = 0;
    for (const flight of flights) {
      flight.onAbandoned = () => {
        abandoned += 1;
        if (abandoned === flights.length) stopper.stop(new Error("nobody waits for this creation any more"));
      };
    }
    const renewal = right.kind === "leased" ? this.#renew(flights, right.token) : undefined;
    if (this.#slots !== undefined) await this.#slots.take();
    const startedOrder = this.#state.knownOrder();
    const startedAt = stamps.next();
    let values: readonly unknown[];
    try {
      const creating = reentry.run(flights, () => request.create(contexts, stopper));
      values = isPromiseLike(creating) ? await creating : creating;
    } catch (error) {
      this.#abort(flights, error, startedAt, request.options, right);
      return;
    } finally {
      reentry.done();
      renewal?.cancel();
      this.#slots?.giveBack();
    }
    if (events.observes("created")) {
      const regenerated = flights.some(({ stale }) => stale !== undefined);
      events.emit("created", {
        keys: flights.map(({ givenKey }) => givenKey),
        durationMs: options.clock.now() - startedAt,
        regenerated,
      });
    }
    await this.#finish(flights, contexts, values, { startedAt, startedOrder }, request.options, right, awaitFill);
  }

  #abort(
    flights: readonly Flight[],
    error: unknown,
    startedAt: number,
    options: ResolvedCreateOptions,
    right: Right,
  ): void {
    const { events, options: region } = this.#state;
    const keys = flights.map(({ givenKey }) => givenKey);
    events.emit("creationFailed", { keys, durationMs: region.clock.now() - startedAt, error });
    for (const flight of flights) this.failed(flight, error, options);
    this.#giveBack(flights, right);
  }

  #finish(
    flights: readonly Flight[],
    contexts: readonly EntryContext[],
    values: readonly unknown[],
    started: { readonly startedAt: number; readonly startedOrder: Order | undefined },
    options: ResolvedCreateOptions,
    right: Right,
    awaitFill: boolean,
  ): Awaitable<void> {
    const made: Made[] = [];
    const landings: Made[] = [];
    const unstored: Flight[] = [];
    flights.forEach((flight, index) => {
      const context = contexts[index] as EntryContext;
      const value = values[index];
      if (value instanceof CreatorVerdict && value.kind === "failed") {
        this.failed(flight, value.error, options);
        unstored.push(flight);
        return;
      }
      if (isNoValue(value)) {
        this.#state.flights.remove(flight);
        flight.land({ entry: NO_VALUE, origin: "created" });
        unstored.push(flight);
        return;
      }
      try {
        const entry = this.#entry(value, context, started, options);
        landings.push({ flight, entry });
        if (this.#isKept(flight, context, entry, options, right)) made.push({ flight, entry });
        else unstored.push(flight);
      } catch (error) {
        this.failed(flight, error, options);
        unstored.push(flight);
      }
    });
    this.#giveBack(unstored, right);
    const stored = this.#store(made, options, right);
    const land = () => {
      for (const { flight, entry } of landings) {
        this.#failures.forget(flight.key);
        this.#state.flights.remove(flight);
        flight.land({ entry, origin: "created" });
      }
    };
    if (!awaitFill) {
      land();
      return stored;
    }
    return isPromiseLike(stored) ? stored.then(land) : land();
  }

  #entry(
    value: unknown,
    context: EntryContext,
    started: { readonly startedAt: number; readonly startedOrder: Order | undefined },
    options: ResolvedCreateOptions,
  ): CachedValue {
    const renewed = value instanceof CreatorVerdict ? context.stale : undefined;
    const payload = renewed === undefined ? isolated(value, this.#state.options.isolation) : renewed.payload;
    const tags = typeof options.tags === "function" ? options.tags(payload as never, context.key) : options.tags;
    const ttlMs = context.ttlMs;
    return this.#state.entry(payload, {
      ...started,
      ttlMs: ttlMs ?? options.ttlMs,
      graceMs: context.graceMs ?? options.graceMs,
      ownTtl: options.ownTtl && ttlMs === undefined,
      tags:
        context.tags.length === 0 ? (tags ?? renewed?.metadata.tags) : [...new Set([...(tags ?? []), ...context.tags])],
      validators: context.validators ?? renewed?.metadata.validators,
    });
  }

  #isKept(
    flight: Flight,
    context: EntryContext,
    entry: CachedValue,
    options: ResolvedCreateOptions,
    right: Right,
  ): boolean {
    if (context.skipped || right.kind === "unstored") return false;
    if (options.shouldCacheFn !== undefined && !options.shouldCacheFn(entry.payload as never, flight.givenKey))
      return false;
    if (!flight.broken && !this.#state.closed) return true;
    this.#state.events.emit("fillRefused", { key: flight.givenKey, reason: "changed" });
    return false;
  }

  /** Near tiers hold it when this returns; the farthest one when the promise does. */
  #store(made: readonly Made[], options: ResolvedCreateOptions, right: Right): Awaitable<void> {
    if (made.length === 0) return;
    const { backend, pending, sender } = this.#state;
    // The authority itself, alone: it could not be read, and a write without a lease might hide what is there.
    if (right.kind === "unconfirmed" && !("near" in backend) && backend.remote) return;
    for (const { flight, entry } of made) pending.letPass(flight.key, entry.metadata.startedAt);
    const context: WriteContext = {
      fill: true,
      sender,
      ...(right.kind === "leased" && { ticket: right.token }),
      ...(right.kind === "unconfirmed" && { unconfirmed: true }),
      ...(options.skipWrite !== undefined && { skip: options.skipWrite }),
    };
    const [first] = made;
    const outcomes =
      made.length === 1 && first !== undefined
        ? writeOne(backend, first.flight.key, first.entry, context)
        : writeMany(backend, new Map(made.map(({ flight, entry }) => [flight.key, entry])), context);
    const settle = (all: WriteOutcomes) => {
      for (const one of made) this.#stored(one, all.get(one.flight.key) ?? STORED);
    };
    return isPromiseLike(outcomes) ? outcomes.then(settle) : settle(outcomes);
  }

  #stored({ flight, entry }: Made, outcome: WriteOutcome): void {
    const { events, pending } = this.#state;
    const key = flight.givenKey;
    if (outcome.status === "stored") {
      this.#state.note(outcome.revision);
      pending.supersede(flight.key, entry.metadata.startedAt);
      return;
    }
    if (outcome.status === "refused") {
      events.emit("fillRefused", { key, reason: outcome.why === "ticket" ? "lease" : "store" });
      return;
    }
    events.emit("fillRefused", { key, reason: "failed", error: outcome.error });
    events.emit("tierFailed", { tier: this.#state.backend.name, operation: "write", key, error: outcome.error });
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

  #giveBack(flights: readonly Flight[], right: Right): void {
    if (flights.length === 0 || right.kind !== "leased") return;
    const keys = flights.map(({ key }) => key);
    this.#state.inBackground(
      Promise.resolve().then(() => this.#state.backend.leases?.release(keys, right.token)),
      "giving back a lease",
    );
  }

  #plan(options: ResolvedCreateOptions) {
    return {
      startedAt: this.#state.stamps.next(),
      startedOrder: undefined,
      ttlMs: options.ttlMs,
      graceMs: 0,
      ownTtl: options.ownTtl,
    };
  }
}

/**
 * A batch creator's answer, aligned with the keys.
 * @throws ValidationError if it is of another length, lacks a key or has an unknown one: nothing has been stored
 */
export function alignedValues(answer: unknown, keys: readonly string[]): readonly unknown[] {
  const path = "the batch creator's answer";
  if (Array.isArray(answer)) {
    if (answer.length === keys.length) return answer;
    throw new ValidationError({ path, expected: `${keys.length} values, one for each key`, received: answer.length });
  }
  if (!(answer instanceof Map)) throw new ValidationError({ path, expected: "an array or a Map", received: answer });
  const missing = keys.find((key) => !answer.has(key));
  if (missing !== undefined) {
    const hint = "NO_VALUE says that there is none";
    throw new ValidationError({ path, expected: `a value for ${JSON.stringify(missing)}`, received: undefined, hint });
  }
  if (answer.size > keys.length) {
    const known = new Set(keys);
    const unknown = [...answer.keys()].find((key) => !known.has(key as string));
    throw new ValidationError({ path, expected: "values of the keys that were asked for", received: unknown });
  }
  return keys.map((key) => answer.get(key));
}
