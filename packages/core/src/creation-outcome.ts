import type { CachedValue } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import { failureOf } from "./creation-failure.ts";
import type { Job, ShortJob } from "./creation-job.ts";
import { CreatorVerdict, type EntryContext } from "./creator.ts";
import type { Failures } from "./failures.ts";
import type { Fill, Made } from "./fill.ts";
import { type Flight, Landing } from "./flight.ts";
import { newEntry } from "./new-entry.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import type { RegionState } from "./region-state.ts";
import { isCacheable } from "./should-cache.ts";
import { checkTags } from "./tags.ts";
import { checkValidators } from "./validators.ts";

/** What becomes of a creator's values, or of its failure: entries stored, flights landed, leases given back. */
export class CreationOutcome {
  readonly #state: RegionState;
  readonly #failures: Failures;
  readonly #fill: Fill;

  constructor(state: RegionState, failures: Failures, fill: Fill) {
    this.#state = state;
    this.#failures = failures;
    this.#fill = fill;
  }

  /** The creator has answered. The promise is that of the store. */
  finish(job: Job, values: readonly unknown[]): Promise<void> | undefined {
    const { flights, contexts, options, right } = job;
    this.#tellCreated(job);
    const [only] = flights;
    if (flights.length === 1 && only !== undefined)
      return this.#finishOne(job, only, contexts[0] as EntryContext, values[0]);
    const kept: Made[] = [];
    const landing: Made[] = [];
    let unstored: Flight[] | undefined;
    for (let index = 0; index < flights.length; index += 1) {
      const flight = flights[index] as Flight;
      const context = contexts[index] as EntryContext;
      const entry = this.#made(job, flight, context, values[index]);
      if (entry !== undefined) landing.push({ flight, entry });
      if (entry !== undefined && this.#isKept(job, flight, entry, context)) kept.push({ flight, entry });
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

  /** The same on the short way. */
  finishShort(job: ShortJob, value: unknown): Promise<void> | undefined {
    this.#tellCreated(job);
    return this.#finishOne(job, job.flight, job.context, value);
  }

  /** One flight: nothing is sorted. */
  #finishOne(job: Job, flight: Flight, context: EntryContext, value: unknown): Promise<void> | undefined {
    const entry = this.#made(job, flight, context, value);
    if (entry === undefined || !this.#isKept(job, flight, entry, context)) {
      this.#giveBack(job, job.flights);
      if (entry !== undefined) this.#landOne(flight, entry);
      return undefined;
    }
    const stored = this.#fill.storeOne(flight, entry, job.options, job.right);
    if (stored !== undefined && job.awaitFill) return stored.then(() => this.#landOne(flight, entry));
    this.#landOne(flight, entry);
    return stored;
  }

  /** It has failed as a whole. */
  abort(job: Job, error: unknown): void {
    const { flights, startedAt, options } = job;
    const { events, options: region } = this.#state;
    if (events.observes("creationFailed")) {
      const keys = flights.map(({ givenKey }) => givenKey);
      events.emit("creationFailed", { keys, durationMs: region.clock.now() - startedAt, error });
    }
    for (const flight of flights) this.failed(flight, error, options);
    this.#giveUp(job, flights, error);
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
      flight.land(new Landing(stale, "stale"));
    } else if (options.fallback === undefined) flight.fail(error);
    else {
      try {
        flight.land(new Landing(this.#state.passing(options.fallback(error), stamps.next()), "default"));
      } catch (fallbackError) {
        flight.fail(fallbackError);
      }
    }
  }

  #land(landing: readonly Made[]): void {
    for (const { flight, entry } of landing) this.#landOne(flight, entry);
  }

  #landOne(flight: Flight, entry: CachedValue): void {
    // It has failed since: shouldCacheFn threw.
    if (flight.settled) return;
    this.#failures.forget(flight.key);
    this.#state.flights.remove(flight);
    flight.land(new Landing(entry, "created"));
  }

  /** What the creator made for one key; nothing if the key has failed or there is nothing. */
  #made(job: Job, flight: Flight, context: EntryContext, value: unknown): CachedValue | undefined {
    if (value instanceof CreatorVerdict && value.kind === "failed") {
      this.#failedIn(job, flight, value.error);
      return undefined;
    }
    if (isNoValue(value)) {
      this.#state.flights.remove(flight);
      flight.land(new Landing(NO_VALUE, "created"));
      return undefined;
    }
    try {
      return this.#entry(job, context, value);
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
    return newEntry(this.#state.options, payload, {
      startedAt,
      startedOrder,
      ttlMs: ttlMs ?? options.ttlMs,
      graceMs: graceMs ?? options.graceMs,
      ownTtl: options.ownTtl && ttlMs === undefined,
      tags: tags ?? renewed?.metadata.tags,
      validators: context.validators ?? renewed?.metadata.validators,
    });
  }

  #isKept(job: Job, flight: Flight, entry: CachedValue, context: EntryContext): boolean {
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

  #failedIn(job: Job, flight: Flight, error: unknown): void {
    job.failures ??= new Map();
    job.failures.set(flight, error);
    this.failed(flight, error, job.options);
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

  #tellCreated(job: Job): void {
    const { events, options } = this.#state;
    if (!events.observes("created")) return;
    const { flights, startedAt } = job;
    const keys = flights.map(({ givenKey }) => givenKey);
    const regenerated = flights.some(({ stale }) => stale !== undefined);
    events.emit("created", { keys, durationMs: options.clock.now() - startedAt, regenerated });
  }
}
