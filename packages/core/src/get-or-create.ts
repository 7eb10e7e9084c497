import type { Answers, Entry } from "./answers.ts";
import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import { Batch, type BatchOutcomes } from "./batch.ts";
import { CachedValue } from "./cached-value.ts";
import { checkCreator, checkKeyList } from "./call-arguments.ts";
import { type CreateOptions, type ResolvedCreateOptions, resolveCreateOptions } from "./call-options.ts";
import type { Creations } from "./creations.ts";
import type { BatchCreator, Creator } from "./creator.ts";
import { EarlyRefresh, type Hit } from "./early-refresh.ts";
import { PartialFailureError } from "./errors.ts";
import type { Flight, Landing } from "./flight.ts";
import { isNoValue, type NoValue } from "./no-value.ts";
import type { RegionReads } from "./region-reads.ts";
import type { RegionState } from "./region-state.ts";
import type { Sightings } from "./sightings.ts";
import { SingleRequest } from "./single-request.ts";
import { waitFor } from "./waiting.ts";

/** Answers `getOrCreate` and its kin: a fresh entry of the nearest tier at once, anything else by a flight. */
export class GetOrCreate {
  readonly #state: RegionState;
  readonly #reads: RegionReads;
  readonly #answers: Answers;
  readonly #creations: Creations;
  readonly #early: EarlyRefresh | undefined;
  /** What callers without options of their own get. */
  readonly #defaults: ResolvedCreateOptions;

  constructor(state: RegionState, reads: RegionReads, answers: Answers, creations: Creations) {
    this.#state = state;
    this.#reads = reads;
    this.#answers = answers;
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
        const value = this.#answers.served<T>(key, near);
        if (this.#early !== undefined) this.#refresh(this.#early, inner, key, near, creator, options);
        return Promise.resolve(value);
      }
    }
    if (near !== undefined) return this.#createLacking<T>(key, inner, creator, options);
    const { landing, joined } = this.#land(key, inner, creator, options, this.#answers.sightingsIfTold());
    return this.#landed<T>(key, landing, joined);
  }

  /** The same, with tier, age, remaining ttl, and whether it was created now. */
  async entry<T>(key: string, creator: Creator<T>, options: CreateOptions<T> | undefined): Promise<Entry<T> | NoValue> {
    const inner = this.#state.inner(key);
    checkCreator(creator);
    const near = options === undefined || readsPlainly(options) ? this.#reads.near(inner) : undefined;
    if (near instanceof CachedValue) {
      if (this.#early !== undefined) this.#refresh(this.#early, inner, key, near, creator, options);
      this.#state.events.hit(key, this.#state.nearName);
      return this.#answers.describe<T>(inner, near, this.#state.nearName, false);
    }
    const sightings = this.#answers.sightings();
    const way = this.#land(key, inner, creator, options, sightings);
    const landing = await way.landing;
    this.#answers.tell(key, landing, way.joined);
    const { entry, origin, tier } = landing;
    if (isNoValue(entry)) return entry;
    const isNew = origin === "created" || origin === "default";
    // Who joins a flight knows only what that has looked out for.
    return this.#answers.describe<T>(
      inner,
      entry,
      isNew ? undefined : (tier ?? sightings.tierOf(inner, entry)),
      origin === "created",
    );
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
    const batch = new Batch<T>(this.#state, reads, this.#answers, this.#creations, onHit);
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
      all.set(key, this.#answers.served<T>(key, entries[at] as CachedValue));
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
    if (joined !== undefined) return this.#landed<T>(key, waitFor(joined, false, resolved, this.#state), true);
    const made = this.#creations.short(inner, key, creator as Creator<unknown>, resolved);
    if (made instanceof CachedValue) return Promise.resolve(this.#answers.created<T>(key, made));
    const flight = made ?? this.#start(key, inner, creator, resolved, this.#answers.sightingsIfTold());
    return this.#landed<T>(key, this.#landingOf(flight, resolved), false);
  }

  /** At once, without a promise, if the creation needed none. @throws what the creator has thrown */
  #land<T>(
    key: string,
    inner: string,
    creator: Creator<T>,
    options: CreateOptions<T> | undefined,
    sightings: Sightings | undefined,
  ): Way {
    const creations = this.#creations;
    const joined = creations.joinable(inner);
    const resolved = this.#resolved(options);
    if (joined !== undefined) return { landing: waitFor(joined, false, resolved, this.#state), joined: true };
    const flight = this.#start(key, inner, creator, resolved, sightings);
    return { landing: this.#landingOf(flight, resolved), joined: false };
  }

  #start<T>(
    key: string,
    inner: string,
    creator: Creator<T>,
    options: ResolvedCreateOptions,
    sightings: Sightings | undefined,
  ): Flight {
    const flight = this.#creations.begin(inner, key);
    this.#creations.lead([flight], new SingleRequest(creator, options, sightings));
    return flight;
  }

  /** For the caller who has begun it. @throws what the creator has thrown at once */
  #landingOf(flight: Flight, options: ResolvedCreateOptions): Awaitable<Landing> {
    return flight.settled ? flight.ended() : waitFor(flight, true, options, this.#state);
  }

  #landed<T>(key: string, landing: Awaitable<Landing>, joined: boolean): Promise<T> {
    return isPromiseLike(landing)
      ? Promise.resolve(landing.then((landed) => this.#answers.landed<T>(key, landed, joined)))
      : Promise.resolve(this.#answers.landed<T>(key, landing, joined));
  }
}

/** How a caller comes by what a flight ends with. */
interface Way {
  readonly landing: Awaitable<Landing>;
  /** It was under way already. */
  readonly joined: boolean;
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
