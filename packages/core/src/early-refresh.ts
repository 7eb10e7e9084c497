import { type Awaitable, andThen } from "./awaitable.ts";
import { batchRequest } from "./batch-request.ts";
import type { CachedValue } from "./cached-value.ts";
import { type CreateOptions, type ResolvedCreateOptions, resolveCreateOptions } from "./call-options.ts";
import type { Creations } from "./creations.ts";
import type { BatchCreator, Creator, CreatorContext } from "./creator.ts";
import { isAsyncFunction } from "./reentry.ts";
import type { RegionState } from "./region-state.ts";

/** A fresh entry that a caller was given. */
export interface Hit {
  readonly key: string;
  readonly givenKey: string;
  readonly entry: CachedValue;
}

/**
 * Renews entries that are hit before they expire, in the background, one refresher in the cluster: past a fixed share of
 * their ttl, or at random (XFetch: now + creation time × beta × −ln(random) ≥ expiry).
 */
export class EarlyRefresh {
  readonly #state: RegionState;
  readonly #creations: Creations;
  readonly #options: ResolvedCreateOptions;

  private constructor(state: RegionState, creations: Creations) {
    this.#state = state;
    this.#creations = creations;
    this.#options = this.#resolved(undefined);
  }

  /** `undefined` where it is off: then it costs nothing. */
  static for(state: RegionState, creations: Creations): EarlyRefresh | undefined {
    const { refreshAhead, earlyRefresh } = state.options;
    return refreshAhead === undefined && earlyRefresh === undefined ? undefined : new EarlyRefresh(state, creations);
  }

  /** @param options the caller's: what is renewed is stored as it would be for that caller */
  consider(
    key: string,
    givenKey: string,
    entry: CachedValue,
    creator: Creator<unknown>,
    options?: CreateOptions,
  ): void {
    if (!this.#isDue(entry) || this.#state.flights.get(key) !== undefined) return;
    const resolved = options === undefined ? this.#options : this.#resolved(options);
    const flight = this.#creations.begin(key, givenKey);
    // Nobody waits for it, and nobody's leaving may stop it.
    flight.waiters += 1;
    this.#state.goesOn(flight);
    this.#creations.lead([flight], {
      options: resolved,
      isAsync: isAsyncFunction(creator),
      create: (contexts) => andThen(creator(contexts[0] as CreatorContext) as Awaitable<unknown>, (value) => [value]),
    });
  }

  /** The same for a batch: one call of the creator for all that are due. */
  considerMany(hits: readonly Hit[], creator: BatchCreator<unknown>, options?: CreateOptions): void {
    const due = hits.filter(({ key, entry }) => this.#isDue(entry) && this.#state.flights.get(key) === undefined);
    if (due.length === 0) return;
    const resolved = options === undefined ? this.#options : this.#resolved(options);
    const flights = due.map(({ key, givenKey }) => this.#creations.begin(key, givenKey));
    for (const flight of flights) {
      flight.waiters += 1;
      this.#state.goesOn(flight);
    }
    this.#creations.lead(flights, batchRequest(creator, resolved));
  }

  #resolved(options: CreateOptions | undefined): ResolvedCreateOptions {
    const resolved = resolveCreateOptions(options, this.#state);
    return { ...resolved, signal: undefined, fallback: undefined, forceRefresh: "if-idle" };
  }

  #isDue(entry: CachedValue): boolean {
    const { freshness, options } = this.#state;
    const ttlMs = freshness.ttlMs(entry);
    if (ttlMs === Number.POSITIVE_INFINITY) return false;
    const remainingMs = freshness.roughlyRemainingMs(entry);
    if (options.refreshAhead !== undefined && remainingMs < ttlMs * (1 - options.refreshAhead)) return true;
    if (options.earlyRefresh === undefined) return false;
    const creationMs = entry.metadata.createdAt - entry.metadata.startedAt;
    return creationMs * options.earlyRefresh * -Math.log(options.random()) >= remainingMs;
  }
}
