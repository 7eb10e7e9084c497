import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import { Batch, type BatchOutcomes } from "./batch.ts";
import { CachedValue } from "./cached-value.ts";
import { checkCreator, checkKeyList } from "./call-arguments.ts";
import { type CreateOptions, type ResolvedCreateOptions, resolveCreateOptions } from "./call-options.ts";
import type { ReadContext } from "./contexts.ts";
import type { Creations } from "./creations.ts";
import type { BatchCreator, Creator } from "./creator.ts";
import { EarlyRefresh, type Hit } from "./early-refresh.ts";
import { PartialFailureError } from "./errors.ts";
import type { Landing } from "./flight.ts";
import { isNoValue, type NoValue } from "./no-value.ts";
import type { Entry, RegionReads } from "./region-reads.ts";
import type { RegionState } from "./region-state.ts";
import { SingleRequest } from "./single-request.ts";
import { waitFor } from "./waiting.ts";

/** Answers `getOrCreate` and its kin: a fresh entry of the nearest tier at once, anything else by a flight. */
export class GetOrCreate {
  readonly #state: RegionState;
  readonly #reads: RegionReads;
  readonly #creations: Creations;
  readonly #early: EarlyRefresh | undefined;
  /** What callers without options of their own get. */
  readonly #defaults: ResolvedCreateOptions;

  constructor(state: RegionState, reads: RegionReads, creations: Creations) {
    this.#state = state;
    this.#reads = reads;
    this.#creations = creations;
    this.#early = EarlyRefresh.for(state, creations);
    this.#defaults = resolveCreateOptions(undefined, state);
  }

  /** @throws ValidationError @throws what the creator has thrown at once */
  one<T>(key: string, creator: Creator<T>, options: CreateOptions<T> | undefined): Promise<T> {
    const inner = this.#state.inner(key);
    checkCreator(creator);
    let near: CachedValue | NoValue | undefined;
    if (options === undefined || readsPlainly(options)) {
      near = this.#reads.near(inner);
      if (near instanceof CachedValue) {
        const value = this.#reads.served<T>(key, near);
        if (this.#early !== undefined) this.#refresh(this.#early, inner, key, near, creator, options);
        return Promise.resolve(value);
      }
    }
    return near === undefined
      ? this.#landed<T>(this.#land(key, inner, creator, options))
      : this.#createLacking<T>(key, inner, creator, options);
  }

  /** The same, with tier, age, remaining ttl, and whether it was created now. */
  async entry<T>(key: string, creator: Creator<T>, options: CreateOptions<T> | undefined): Promise<Entry<T> | NoValue> {
    const inner = this.#state.inner(key);
    checkCreator(creator);
    const near = options === undefined || readsPlainly(options) ? this.#reads.near(inner) : undefined;
    if (near instanceof CachedValue) {
      if (this.#early !== undefined) this.#refresh(this.#early, inner, key, near, creator, options);
      return this.#reads.describe<T>(inner, near, this.#state.nearName, false);
    }
    const found: (readonly [string, CachedValue])[] = [];
    const { entry, origin } = await this.#land(key, inner, creator, options, (tier, _key, one) => {
      if (one instanceof CachedValue) found.push([tier, one]);
    });
    if (isNoValue(entry)) return entry;
    if (origin === "created" || origin === "default")
      return this.#reads.describe<T>(inner, entry, undefined, origin === "created");
    // Who joins a flight can't know where it has found what it has; a proxy may have changed what a tier has told.
    const [tier] = found.find(([, one]) => one === entry) ?? found.at(-1) ?? [this.#state.backend.name];
    return this.#reads.describe<T>(inner, entry, tier, false);
  }

  /** @throws PartialFailureError unless `settled` */
  async many<T>(
    keys: readonly string[],
    creator: BatchCreator<T>,
    options: (CreateOptions<T> & { readonly settled?: boolean }) | undefined,
  ): Promise<Map<string, T> | BatchOutcomes<T>> {
    const reads = this.#reads;
    checkKeyList(keys);
    checkCreator(creator);
    if (options === undefined || (readsPlainly(options) && options.settled !== true)) {
      const hits = reads.hits(this.#state.innerAll(keys));
      if (hits !== undefined) {
        const values = this.#servedAll<T>(keys, hits);
        if (this.#early !== undefined) this.#refreshAll(this.#early, this.#hitsOf(keys, hits), creator, options);
        return values;
      }
    }
    const hits: Hit[] = [];
    const onHit = this.#early === undefined ? undefined : (hit: Hit) => void hits.push(hit);
    const batch = new Batch<T>(this.#state, reads, this.#creations, onHit);
    const running = batch.run(keys, creator, this.#resolved(options));
    if (this.#early !== undefined) this.#refreshAll(this.#early, hits, creator, options);
    const outcomes = await running;
    return options?.settled ? outcomes : valuesOf(outcomes);
  }

  #resolved<T>(options: CreateOptions<T> | undefined): ResolvedCreateOptions {
    return options === undefined ? this.#defaults : resolveCreateOptions(options, this.#state);
  }

  #refresh<T>(
    early: EarlyRefresh,
    inner: string,
    key: string,
    entry: CachedValue,
    creator: Creator<T>,
    options: CreateOptions<T> | undefined,
  ): void {
    early.consider(inner, key, entry, creator as Creator<unknown>, options as CreateOptions | undefined);
  }

  #refreshAll<T>(
    early: EarlyRefresh,
    hits: readonly Hit[],
    creator: BatchCreator<T>,
    options: CreateOptions<T> | undefined,
  ): void {
    early.considerMany(hits, creator as BatchCreator<unknown>, options as CreateOptions | undefined);
  }

  /** Each key once. */
  #hitsOf(keys: readonly string[], entries: readonly CachedValue[]): readonly Hit[] {
    const hits = new Map<string, Hit>();
    entries.forEach((entry, at) => {
      const givenKey = keys[at] as string;
      const key = this.#state.inner(givenKey);
      hits.set(key, { key, givenKey, entry });
    });
    return [...hits.values()];
  }

  #servedAll<T>(keys: readonly string[], entries: readonly CachedValue[]): Map<string, T> {
    const all = new Map<string, T>();
    for (let at = 0; at < entries.length; at += 1) {
      const key = keys[at] as string;
      all.set(key, this.#reads.served<T>(key, entries[at] as CachedValue));
    }
    return all;
  }

  #createLacking<T>(
    key: string,
    inner: string,
    creator: Creator<T>,
    options: CreateOptions<T> | undefined,
  ): Promise<T> {
    const resolved = this.#resolved(options);
    const joined = this.#creations.joinable(inner);
    if (joined !== undefined) return this.#landed<T>(waitFor(joined, false, resolved, this.#state));
    const made = this.#creations.createLacking(inner, key, creator as Creator<unknown>, resolved);
    if (made instanceof CachedValue) return Promise.resolve(this.#reads.handOut<T>(made));
    return this.#landed<T>(made.settled ? made.ended() : waitFor(made, true, resolved, this.#state));
  }

  /** At once, without a promise, if the creation needed none. @throws what the creator has thrown */
  #land<T>(
    key: string,
    inner: string,
    creator: Creator<T>,
    options: CreateOptions<T> | undefined,
    observe?: ReadContext["observe"],
  ): Awaitable<Landing> {
    const creations = this.#creations;
    const joined = creations.joinable(inner);
    const resolved = this.#resolved(options);
    const flight = joined ?? creations.begin(inner, key);
    if (joined === undefined) {
      creations.lead([flight], new SingleRequest(creator, resolved, observe));
      if (flight.settled) return flight.ended();
    }
    return waitFor(flight, joined === undefined, resolved, this.#state);
  }

  #landed<T>(landing: Awaitable<Landing>): Promise<T> {
    return isPromiseLike(landing)
      ? Promise.resolve(landing.then(({ entry }) => this.#given<T>(entry)))
      : Promise.resolve(this.#given<T>(landing.entry));
  }

  #given<T>(entry: CachedValue | NoValue): T {
    return (isNoValue(entry) ? entry : this.#reads.handOut<T>(entry)) as T;
  }
}

/** Whether a fresh entry of the nearest tier is what the call asks for. */
function readsPlainly({
  expirationTime,
  forceRefresh,
  skip,
}: Pick<CreateOptions, "expirationTime" | "forceRefresh" | "skip">): boolean {
  return expirationTime === undefined && forceRefresh !== true && skip === undefined;
}

/** @throws PartialFailureError with the values of the others, if keys failed */
function valuesOf<T>(outcomes: BatchOutcomes<T>): Map<string, T> {
  const values = new Map<string, T>();
  const errors = new Map<string, unknown>();
  for (const [key, outcome] of outcomes) {
    if (outcome.status === "fulfilled") values.set(key, outcome.value);
    else errors.set(key, outcome.reason);
  }
  if (errors.size > 0) throw new PartialFailureError(values, errors);
  return values;
}
