import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import { Batch, type BatchOutcomes } from "./batch.ts";
import type { CachedValue } from "./cached-value.ts";
import { checkCreator, checkKeyList } from "./call-arguments.ts";
import {
  type CreateOptions,
  type ReadOptions,
  type ResolvedCreateOptions,
  resolveCreateOptions,
  resolveReadOptions,
} from "./call-options.ts";
import type { CreationRequest } from "./creation.ts";
import type { Creations } from "./creations.ts";
import type { BatchCreator, Creator, CreatorContext, EntryContext } from "./creator.ts";
import { EarlyRefresh } from "./early-refresh.ts";
import { PartialFailureError } from "./errors.ts";
import type { Landing } from "./flight.ts";
import { isNoValue, NO_VALUE, type NoValue } from "./no-value.ts";
import { isAsyncFunction } from "./reentry.ts";
import type { Entry, RegionReads } from "./region-reads.ts";
import type { RegionState } from "./region-state.ts";
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
    if (options === undefined || readsPlainly(options)) {
      const near = this.#reads.near(inner);
      if (near !== undefined) {
        const value = this.#reads.served<T>(key, near);
        if (this.#early !== undefined) this.#refresh(this.#early, inner, key, near, creator, options);
        return Promise.resolve(value);
      }
    }
    const landing = this.#land(key, inner, creator, options);
    return isPromiseLike(landing) ? this.#landedLater<T>(landing) : Promise.resolve(this.#landed<T>(landing));
  }

  /** The same, with tier, age, remaining ttl, and whether it was created now. */
  async entry<T>(key: string, creator: Creator<T>, options: CreateOptions<T> | undefined): Promise<Entry<T> | NoValue> {
    const inner = this.#state.inner(key);
    checkCreator(creator);
    if (options?.forceRefresh !== true) {
      const read = resolveReadOptions(pickRead(options), this.#state);
      const found = await this.#reads.entry<T>(inner, key, read).catch(() => NO_VALUE);
      if (!isNoValue(found)) return found;
    }
    const { entry, origin } = await this.#land(key, inner, creator, options);
    if (isNoValue(entry)) return entry;
    const isFound = origin !== "created" && origin !== "default";
    return this.#reads.describe<T>(inner, entry, isFound ? this.#state.backend.name : undefined, origin === "created");
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
      if (hits !== undefined) return this.#servedAll<T>(keys, hits);
    }
    const outcomes = await new Batch<T>(this.#state, reads, this.#creations).run(
      keys,
      creator,
      this.#resolved(options),
    );
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

  #servedAll<T>(keys: readonly string[], entries: readonly CachedValue[]): Map<string, T> {
    const all = new Map<string, T>();
    for (let at = 0; at < entries.length; at += 1) {
      const key = keys[at] as string;
      all.set(key, this.#reads.served<T>(key, entries[at] as CachedValue));
    }
    return all;
  }

  #landed<T>({ entry }: Landing): T {
    return (isNoValue(entry) ? entry : this.#reads.handOut<T>(entry)) as T;
  }

  #landedLater<T>(landing: PromiseLike<Landing>): Promise<T> {
    return Promise.resolve(landing.then((landed) => this.#landed<T>(landed)));
  }

  /** At once, without a promise, if the creation needed none. @throws what the creator has thrown */
  #land<T>(key: string, inner: string, creator: Creator<T>, options: CreateOptions<T> | undefined): Awaitable<Landing> {
    const creations = this.#creations;
    const joined = creations.joinable(inner);
    const resolved = this.#resolved(options);
    const flight = joined ?? creations.begin(inner, key);
    if (joined === undefined) {
      creations.lead([flight], new SingleRequest(creator, resolved));
      if (flight.settled) return flight.ended();
    }
    return waitFor(flight, joined === undefined, resolved, this.#state);
  }
}

/** A creator of one value as a request. A class, since it is made for every creation: no closure, no object around it. */
class SingleRequest<T> implements CreationRequest {
  readonly options: CreationRequest["options"];
  readonly isAsync: boolean;
  readonly #creator: Creator<T>;

  constructor(creator: Creator<T>, options: CreationRequest["options"]) {
    this.options = options;
    this.isAsync = isAsyncFunction(creator);
    this.#creator = creator;
  }

  create(contexts: readonly EntryContext[]): Awaitable<readonly unknown[]> {
    // Apart, so that it is called as a function of its own.
    const creator = this.#creator;
    const value: unknown = creator(contexts[0] as CreatorContext<T>);
    return isPromiseLike(value) ? alone(value) : [value];
  }
}

function alone(value: PromiseLike<unknown>): PromiseLike<readonly unknown[]> {
  return value.then((one) => [one]);
}

/** Whether a fresh entry of the nearest tier is what the call asks for. */
function readsPlainly({
  expirationTime,
  forceRefresh,
  skip,
}: Pick<CreateOptions, "expirationTime" | "forceRefresh" | "skip">): boolean {
  return expirationTime === undefined && forceRefresh !== true && skip === undefined;
}

function pickRead(options: Pick<CreateOptions, "expirationTime" | "skip"> | undefined): ReadOptions {
  return {
    ...(options?.expirationTime !== undefined && { expirationTime: options.expirationTime }),
    ...(options?.skip !== undefined && { skip: options.skip }),
  };
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
