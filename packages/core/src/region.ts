import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import { type BackendHealth, CacheBackend } from "./backend.ts";
import { type BackendMaker, backendFromConfig, backendOf, defaultBackends } from "./backend-registry.ts";
import { Batch, type BatchOutcomes } from "./batch.ts";
import {
  type CachedDecorator,
  type CachedDecoratorOptions,
  type CachedFunction,
  type CachedOptions,
  cachedFunction,
} from "./cached.ts";
import {
  type CachedListDecorator,
  type CachedListFunction,
  type CachedMultiDecoratorOptions,
  type CachedMultiOptions,
  type CachedSpreadDecorator,
  cachedMultiFunction,
  type ListedArgument,
  type MultiResult,
} from "./cached-multi.ts";
import { type CachingRegion, decoratorOf, withDogpileLife } from "./cached-settings.ts";
import { CachedValue } from "./cached-value.ts";
import {
  type CreateOptions,
  type ReadOptions,
  resolveCreateOptions,
  resolveReadOptions,
  resolveWriteOptions,
  type WriteOptions,
} from "./call-options.ts";
import {
  type ConfigureByNameOptions,
  type ConfigureOptions,
  checkConfigureOptions,
  configureByNameNames,
  configureNames,
} from "./configure-options.ts";
import type { CreationRequest } from "./creation.ts";
import { Creations } from "./creations.ts";
import type { BatchCreator, Creator, CreatorContext, EntryContext } from "./creator.ts";
import { DeferredInvalidation } from "./deferred-invalidation.ts";
import { EarlyRefresh } from "./early-refresh.ts";
import { ConfigurationError, PartialFailureError, RegionAlreadyConfigured, RegionNotConfigured } from "./errors.ts";
import { explainRegion } from "./explain.ts";
import { flatConfiguration } from "./flat-configuration.ts";
import type { Landing } from "./flight.ts";
import { type AnyFunction, KeyPrefixes } from "./function-keys.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { regionMark } from "./mark-board.ts";
import type { CacheMutex } from "./mutex.ts";
import { isNoValue, NO_VALUE, type NoValue } from "./no-value.ts";
import { protect } from "./protection-proxy.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import { applyProxy, type ProxyFactory } from "./proxy-factory.ts";
import { isAsyncFunction } from "./reentry.ts";
import { RegionEventHub, type RegionEventName, type RegionEvents } from "./region-events.ts";
import {
  type RegionBackendOptions,
  type RegionOptions,
  type ResolvedRegionOptions,
  resolveRegionOptions,
} from "./region-options.ts";
import { type Entry, RegionReads } from "./region-reads.ts";
import { chainOf, RegionState } from "./region-state.ts";
import { type CloseReport, RegionWrites } from "./region-writes.ts";
import { scopeOf } from "./scope-proxy.ts";
import { SerializingProxy } from "./serializing-proxy.ts";
import { touch } from "./touch.ts";
import { waitFor } from "./waiting.ts";
import type { WriteReport } from "./write-log.ts";

interface Configured {
  readonly state: RegionState;
  readonly reads: RegionReads;
  readonly writes: RegionWrites;
  readonly creations: Creations;
  readonly early: EarlyRefresh | undefined;
  /** What callers without options of their own get. */
  readonly defaults: ReturnType<typeof resolveCreateOptions>;
  readonly writeDefaults: ReturnType<typeof resolveWriteOptions>;
}

/**
 * The front end: policy over a backend. It decides what is fresh, lets one creator run a key, invalidates, and tells what
 * happens. Storage is the backend's, behaviour around it the proxies'.
 */
export class Region<V = unknown> {
  #options: ResolvedRegionOptions;
  readonly #given: RegionOptions;
  readonly #events: RegionEventHub;
  readonly #prefixes = new KeyPrefixes();
  #configured: Configured | undefined;
  #invalidator: RegionInvalidationStrategy | undefined;
  /** A backend that this region has made. */
  #owned: CacheBackend | undefined;

  constructor(options: RegionOptions) {
    this.#given = options;
    this.#options = resolveRegionOptions(options);
    this.#events = new RegionEventHub(options.logger);
  }

  get name(): string {
    return this.#options.name;
  }

  get isConfigured(): boolean {
    return this.#configured !== undefined;
  }

  /** The outermost backend: proxies, tiers and all. @throws RegionNotConfigured */
  get backend(): CacheBackend {
    return this.#parts().state.outermost;
  }

  /** The innermost backend: the farthest tier without any proxy. @throws RegionNotConfigured */
  get actualBackend(): CacheBackend {
    let backend = this.backend;
    while (backend instanceof ProxyBackend) backend = backend.proxied;
    return backend;
  }

  /**
   * Gives the region its backend, at once; or, by its name, as soon as it is loaded and made: then the region owns it and
   * closes it. Everything is checked before anything changes.
   * @throws RegionAlreadyConfigured unless `replaceExistingBackend`
   * @throws ConfigurationError
   * @throws PluginNotFound (rejects) if nobody has registered the name
   */
  configure(backend: CacheBackend, options?: ConfigureOptions): this;
  configure(name: string, options?: ConfigureByNameOptions): Promise<this>;
  configure(backend: CacheBackend | string, options: ConfigureByNameOptions = {}): this | Promise<this> {
    if (typeof backend !== "string") {
      this.#assign(backend, options, configureNames);
      return this;
    }
    return this.#bind(backend, options, (maker) => backendOf(maker, options.arguments ?? {}));
  }

  /**
   * The same from dogpile's flat form: the entries of `config` whose key starts with `prefix`. `config` is not modified.
   * @throws ConfigurationError (rejects) naming every entry that is missing or that nobody knows
   */
  async configureFromConfig(
    config: Readonly<Record<string, unknown>>,
    prefix: string,
    options: Pick<ConfigureByNameOptions, "backends"> = {},
  ): Promise<this> {
    const { backend, argumentsPrefix, options: found } = flatConfiguration(config, prefix);
    return this.#bind(backend, { ...found, ...options }, (maker) => backendFromConfig(maker, config, argumentsPrefix));
  }

  /** Puts one more proxy around everything. */
  wrap(proxy: ProxyFactory): this {
    this.#install(applyProxy(proxy, this.backend, "proxy"));
    return this;
  }

  /** The backend's lock of the key, `null` where it has none and the region's own order is all. */
  getMutex(key: string): CacheMutex | null {
    const { state } = this.#parts();
    return state.backend.getMutex(state.inner(key));
  }

  /** Whether the backend's locks may vanish before they are released. */
  hasLockTimeout(): boolean {
    return this.backend.hasLockTimeout();
  }

  /** The value, if a tier has a fresh one. Rejects if no tier could be read: a failed read is not a miss. */
  get<T extends V = V>(key: string, options?: ReadOptions): Promise<T | NoValue> {
    try {
      const { state, reads, early } = this.#parts();
      const inner = state.inner(key);
      const found =
        options === undefined ? reads.get(inner, key) : reads.getWith(inner, key, resolveReadOptions(options));
      if (found instanceof CachedValue) return Promise.resolve(this.#served<T>(found, key, inner, early));
      return this.#servedLater<T>(found, key, inner, early);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The value, if the nearest tier has a fresh one: at once, without a promise. */
  peek<T extends V = V>(key: string): T | NoValue {
    const { state, reads, early } = this.#parts();
    const inner = state.inner(key);
    const entry = reads.near(inner);
    return entry === undefined ? NO_VALUE : this.#served<T>(entry, key, inner, early);
  }

  /**
   * Aligned with `keys`, NO_VALUE in the holes; one round trip a tier for what the nearer ones lack.
   * @throws PartialFailureError if keys could not be read, with the results of the others
   */
  async getMulti<T extends V = V>(keys: readonly string[], options?: ReadOptions): Promise<readonly (T | NoValue)[]> {
    const { state, reads } = this.#parts();
    const inner = state.innerAll(keys);
    if (keys.length === 0) return [];
    const hits = options === undefined ? reads.hits(inner) : undefined;
    if (hits !== undefined) return this.#servedAll<T>(hits, keys, inner);
    return this.#readMulti<T>(inner, keys, options);
  }

  async #readMulti<T>(
    inner: readonly string[],
    keys: readonly string[],
    options: ReadOptions | undefined,
  ): Promise<readonly (T | NoValue)[]> {
    const { reads } = this.#parts();
    const answered = reads.getMulti(inner, keys, options && resolveReadOptions(options));
    const all = "then" in answered ? await answered : answered;
    const errors = new Map<string, unknown>();
    const values = all.map((one, index) => {
      const key = keys[index] as string;
      if (one instanceof Error) errors.set(key, one);
      return one instanceof Error ? NO_VALUE : this.#served<T>(one, key, inner[index] as string, undefined);
    });
    if (errors.size === 0) return values;
    throw new PartialFailureError(
      new Map(keys.map((key, index) => [key, values[index]] as const).filter(([key]) => !errors.has(key))),
      errors,
    );
  }

  /** The entry with its tier, age and remaining ttl, or NO_VALUE. */
  async getEntry<T extends V = V>(key: string, options: ReadOptions = {}): Promise<Entry<T> | NoValue> {
    const { state, reads } = this.#parts();
    const inner = state.inner(key);
    let tier: string | undefined;
    const found = await reads.getWith(inner, key, resolveReadOptions(options), {
      observe: (name, _key, one) => {
        if (!isNoValue(one)) tier = name;
      },
    });
    return isNoValue(found) ? found : reads.describe<T>(inner, found, tier ?? state.backend.name, false);
  }

  async has(key: string): Promise<boolean> {
    return !isNoValue(await this.get(key));
  }

  /**
   * The value of a fresh entry, or what `creator` makes: one creation a key at a time, in this process and, where the
   * farthest tier leases, in the cluster; everybody who asks meanwhile shares its result or its error.
   */
  getOrCreate<T extends V = V>(key: string, creator: Creator<T>, options?: CreateOptions<T>): Promise<T> {
    try {
      const { state, reads, early } = this.#parts();
      const inner = state.inner(key);
      if (options === undefined || readsPlainly(options)) {
        const near = reads.near(inner);
        if (near !== undefined) return Promise.resolve(this.#served<T>(near, key, inner, early, creator, options) as T);
      }
      return this.#created(key, inner, creator, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same, with tier, age, remaining ttl, and whether it was created now. */
  async getOrCreateEntry<T extends V = V>(
    key: string,
    creator: Creator<T>,
    options?: CreateOptions<T>,
  ): Promise<Entry<T> | NoValue> {
    const { state, reads } = this.#parts();
    const inner = state.inner(key);
    if (options?.forceRefresh !== true) {
      const before = await this.getEntry<T>(key, pickRead(options)).catch(() => NO_VALUE);
      if (!isNoValue(before)) return before as Entry<T>;
    }
    const { entry, origin } = await this.#land(key, inner, creator, options);
    if (isNoValue(entry)) return entry;
    return reads.describe<T>(
      inner,
      entry,
      origin === "created" || origin === "default" ? undefined : state.backend.name,
      origin === "created",
    );
  }

  /**
   * The same for many keys: one read of each tier for what the nearer ones lack, one call of the creator for what no tier
   * has. A map in the order of the keys' first occurrence.
   * @throws PartialFailureError if keys failed, with the results of the others; `settled: true` gives each key's outcome instead
   */
  getOrCreateMulti<T extends V = V>(
    keys: readonly string[],
    creator: BatchCreator<T>,
    options: CreateOptions<T> & { readonly settled: true },
  ): Promise<BatchOutcomes<T>>;
  getOrCreateMulti<T extends V = V>(
    keys: readonly string[],
    creator: BatchCreator<T>,
    options?: CreateOptions<T>,
  ): Promise<Map<string, T>>;
  async getOrCreateMulti<T extends V = V>(
    keys: readonly string[],
    creator: BatchCreator<T>,
    options?: CreateOptions<T> & { readonly settled?: boolean },
  ): Promise<Map<string, T> | BatchOutcomes<T>> {
    const { state, reads, creations, defaults } = this.#parts();
    if (options === undefined || (readsPlainly(options) && options.settled !== true)) {
      const hits = reads.hits(state.innerAll(keys));
      if (hits !== undefined) return reads.handOutAll<T>(keys, hits);
    }
    const resolved = options === undefined ? defaults : resolveCreateOptions(options, this.#options);
    const outcomes = await new Batch<T>(state, reads, creations).run(keys, creator, resolved);
    if (options?.settled) return outcomes;
    const results = new Map<string, T>();
    const errors = new Map<string, unknown>();
    for (const [key, outcome] of outcomes) {
      if (outcome.status === "fulfilled") results.set(key, outcome.value);
      else errors.set(key, outcome.reason);
    }
    if (errors.size > 0) throw new PartialFailureError(results, errors);
    return results;
  }

  /**
   * A function whose results are cached under its name and arguments. The region may get its backend later. With options
   * alone it is a decorator, for methods too: `@region.cached({ ttl: "1m" })`.
   * @throws ConfigurationError for a function without a name, or one whose name another function of the region has
   */
  cached<F extends AnyFunction>(fn: F, options?: CachedOptions<F>): CachedFunction<F>;
  cached(options?: CachedDecoratorOptions): CachedDecorator;
  cached(given: AnyFunction | CachedDecoratorOptions = {}, options: object = {}): unknown {
    if (typeof given !== "function")
      return decoratorOf(given, (fn) => this.#cachedFunction(fn, given as CachedOptions<AnyFunction>));
    return this.#cachedFunction(given, options as CachedOptions<AnyFunction>);
  }

  /** The same for a function that takes a list and gives each element's result: called for what is not cached, once. */
  cachedMulti<F extends AnyFunction>(
    fn: F,
    options?: CachedMultiOptions<ListedArgument<F>, MultiResult<F>>,
  ): CachedListFunction<F>;
  cachedMulti(options?: CachedMultiDecoratorOptions): CachedListDecorator;
  cachedMulti(given: AnyFunction | CachedMultiDecoratorOptions = {}, options: object = {}): unknown {
    if (typeof given !== "function") return decoratorOf(given, (fn) => this.#cachedMulti(fn, given, false));
    return this.#cachedMulti(given, options, false);
  }

  /** dogpile's `cache_on_arguments`: as {@link cached}; `expirationTime` alone is also the ttl of what is stored. */
  cacheOnArguments(options: CachedDecoratorOptions = {}): CachedDecorator {
    return this.cached(withDogpileLife(options));
  }

  /** dogpile's `cache_multi_on_arguments`: as {@link cachedMulti}, for a function whose arguments are the keys. */
  cacheMultiOnArguments(options: CachedMultiDecoratorOptions = {}): CachedSpreadDecorator {
    const decorate = decoratorOf(options, (fn) => this.#cachedMulti(fn, withDogpileLife(options), true));
    return decorate as unknown as CachedSpreadDecorator;
  }

  async set<T extends V = V>(key: string, value: T, options?: WriteOptions): Promise<WriteReport> {
    const { state, writes, writeDefaults } = this.#parts();
    const resolved = options === undefined ? writeDefaults : resolveWriteOptions(options, this.#options);
    return writes.setOne(state.inner(key), key, value, resolved);
  }

  /** One write a tier. The mapping and its values are not changed. */
  async setMulti<T extends V = V>(mapping: ReadonlyMap<string, T>, options?: WriteOptions): Promise<WriteReport> {
    const { state, writes } = this.#parts();
    const given = new Map<string, readonly [string, T]>();
    for (const pair of mapping) given.set(state.inner(pair[0]), pair);
    return given.size === 0 ? nothing : writes.set(given, resolveWriteOptions(options, this.#options));
  }

  async delete(key: string): Promise<WriteReport> {
    const { state, writes } = this.#parts();
    return writes.delete(new Map([[state.inner(key), key]]));
  }

  async deleteMulti(keys: readonly string[]): Promise<WriteReport> {
    const { state, writes } = this.#parts();
    return keys.length === 0 ? nothing : writes.delete(new Map(keys.map((key) => [state.inner(key), key])));
  }

  /** Starts the entry's life anew. `false` if there is none, or it was changed meanwhile. */
  async touch(key: string, options?: WriteOptions): Promise<boolean> {
    const { state, reads } = this.#parts();
    return touch(state, reads, state.inner(key), key, resolveWriteOptions(options, this.#options));
  }

  /** Everything in the region: `hard` (the default) makes it absent, `hard: false` stale. O(1), in all processes. */
  async invalidate(options: { readonly hard?: boolean } = {}): Promise<WriteReport> {
    return this.#invalidate([regionMark], options);
  }

  /** Every entry with one of the tags. */
  async invalidateTags(tags: readonly string[], options: { readonly hard?: boolean } = {}): Promise<WriteReport> {
    return tags.length === 0 ? nothing : this.#invalidate([...new Set(tags)], options);
  }

  /** Forgets everything: a hard invalidation, and the memory of this process is freed at once. Never a scan of a shared store. */
  async clear(): Promise<WriteReport> {
    const { state } = this.#parts();
    const report = await this.#invalidate([regionMark], {});
    const chain = chainOf(state.backend);
    if (chain !== undefined) await chain.clearNear();
    else if (!state.backend.shared) await state.backend.clear?.();
    return report;
  }

  /** Collects keys and tags during a transaction: `apply` after the commit, `drop` after a rollback. */
  deferInvalidation(): DeferredInvalidation {
    return new DeferredInvalidation(this);
  }

  /** Whether a creation of the key is under way: in this process, or under the backend's own lock. */
  async keyIsLocked(key: string): Promise<boolean> {
    const { state } = this.#parts();
    const inner = state.inner(key);
    if (state.flights.get(inner) !== undefined) return true;
    const mutex = state.backend.getMutex(inner);
    return mutex === null ? false : mutex.locked();
  }

  /** Listens; what is returned ends that. A listener that throws is logged and harms nobody. */
  on<E extends RegionEventName>(event: E, listener: RegionEvents[E]): () => void {
    return this.#events.on(event, listener);
  }

  /** Each tier, nearest first: up, degraded or down, since when, why. */
  health(): ReadonlyMap<string, BackendHealth> {
    return explainRegion.health(this.backend);
  }

  /** The resolved chain in words; with a key, what each tier holds of it. */
  async explain(key?: string): Promise<string> {
    const { state } = this.#parts();
    return explainRegion.text(this.#options, state, key === undefined ? undefined : state.inner(key));
  }

  /** Ends the region: waits, within `closeTimeout`, for background work. Backends belong to who made them and stay open. */
  async close(): Promise<CloseReport> {
    const parts = this.#configured;
    if (parts === undefined || parts.state.closed) return { unconfirmedKeys: [], unconfirmedMarks: [], unfinished: 0 };
    const report = await parts.writes.close(() => this.#events.clear());
    await this.#owned?.close();
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #cachedFunction(fn: AnyFunction, options: CachedOptions<AnyFunction>): unknown {
    const { functionKeyGenerator } = this.#options;
    return cachedFunction(this as unknown as CachingRegion, fn, options, this.#prefixes, functionKeyGenerator);
  }

  #cachedMulti(fn: AnyFunction, options: CachedMultiDecoratorOptions, spread: boolean): unknown {
    const { functionMultiKeyGenerator } = this.#options;
    const region = this as unknown as CachingRegion;
    return cachedMultiFunction(region, fn, options, this.#prefixes, functionMultiKeyGenerator, spread);
  }

  #parts(): Configured {
    if (this.#configured === undefined) throw new RegionNotConfigured(this.name);
    this.#configured.state.assertOpen();
    return this.#configured;
  }

  #assertFree({ replaceExistingBackend = false }: ConfigureOptions): void {
    if (this.#configured !== undefined && !replaceExistingBackend) throw new RegionAlreadyConfigured(this.name);
  }

  #resolved({ ttl, grace }: ConfigureOptions): ResolvedRegionOptions {
    return resolveRegionOptions({
      ...this.#given,
      ...(ttl !== undefined && { ttl }),
      ...(grace !== undefined && { grace }),
    });
  }

  /** Makes the backend and assigns it; closes it again if it can't be assigned. */
  async #bind(
    name: string,
    options: ConfigureByNameOptions,
    make: (maker: BackendMaker) => CacheBackend,
  ): Promise<this> {
    checkConfigureOptions(options, configureByNameNames);
    this.#assertFree(options);
    this.#resolved(options);
    const backend = make(await (options.backends ?? defaultBackends).load(name));
    try {
      this.#assign(backend, options, configureByNameNames);
    } catch (error) {
      await backend.close();
      throw error;
    }
    this.#owned = backend;
    return this;
  }

  #assign(backend: CacheBackend, options: ConfigureOptions, names: readonly string[]): void {
    this.#assertFree(options);
    checkConfigureOptions(options, names);
    if (!(backend instanceof CacheBackend))
      throw new ConfigurationError({ path: "region.backend", expected: "a backend", received: backend });
    const resolved = this.#resolved(options);
    const { clock, random, serializer } = resolved;
    const scoped = scopeOf(protect(backend, { clock, random }), resolved.name);
    const stored = serializer === undefined ? scoped : new SerializingProxy(scoped, serializer);
    const wrapped = (options.wrap ?? []).reduceRight<CacheBackend>(
      (inner, proxy, index) => applyProxy(proxy, inner, `region.wrap[${index}]`),
      stored,
    );
    this.#options = resolved;
    this.#invalidator = options.regionInvalidator ?? this.#invalidator;
    this.#install(wrapped);
    const before = this.#owned;
    this.#owned = undefined;
    if (before !== undefined) this.#parts().state.inBackground(closing(before), "closing a replaced backend");
  }

  #install(backend: CacheBackend): void {
    const before = this.#configured;
    const state = new RegionState(this.#options, backend, this.#events, this.#invalidator, this);
    const reads = new RegionReads(state);
    const creations = new Creations(state);
    const writes = new RegionWrites(state, (key) => creations.forgetFailure(key));
    const early = EarlyRefresh.for(state, creations);
    this.#configured = {
      state,
      reads,
      writes,
      creations,
      early,
      defaults: resolveCreateOptions(undefined, this.#options),
      writeDefaults: resolveWriteOptions(undefined, this.#options),
    };
    before?.state.retire(backend);
  }

  #created<T>(key: string, inner: string, creator: Creator<T>, options: CreateOptions<T> | undefined): Promise<T> {
    const landing = this.#land(key, inner, creator, options);
    return isPromiseLike(landing)
      ? Promise.resolve(landing.then((landed) => this.#landed<T>(landed)))
      : Promise.resolve(this.#landed<T>(landing));
  }

  #landed<T>({ entry }: Landing): T {
    return (isNoValue(entry) ? entry : this.#parts().reads.handOut<T>(entry)) as T;
  }

  /** At once, without a promise, if the creation needed none. @throws what the creator has thrown */
  #land<T>(key: string, inner: string, creator: Creator<T>, options: CreateOptions<T> | undefined): Awaitable<Landing> {
    const { state, creations, defaults } = this.#parts();
    const joined = creations.joinable(inner);
    const resolved = options === undefined ? defaults : resolveCreateOptions(options, this.#options);
    const flight = joined ?? creations.begin(inner, key);
    if (joined === undefined) {
      creations.lead([flight], new SingleRequest(creator, resolved));
      if (flight.settled) return flight.ended();
    }
    return waitFor(flight, joined === undefined, resolved, state);
  }

  #servedAll<T>(hits: readonly CachedValue[], keys: readonly string[], inner: readonly string[]): readonly T[] {
    const values = new Array<T>(hits.length);
    for (let at = 0; at < hits.length; at += 1)
      values[at] = this.#served<T>(hits[at] as CachedValue, keys[at] as string, inner[at] as string, undefined) as T;
    return values;
  }

  // Apart from the hit's way: a function that makes a closure pays for it at its entry, whether or not it comes to that.
  #servedLater<T>(
    found: Awaitable<CachedValue | NoValue>,
    key: string,
    inner: string,
    early: EarlyRefresh | undefined,
  ): Promise<T | NoValue> {
    return Promise.resolve(andThen(found, (entry) => this.#served<T>(entry, key, inner, early)));
  }

  #served<T>(
    entry: CachedValue | NoValue,
    key: string,
    inner: string,
    early: EarlyRefresh | undefined,
    creator?: Creator<T>,
    options?: CreateOptions<T>,
  ): T | NoValue {
    if (isNoValue(entry)) return entry;
    if (this.#events.observesHits) this.#events.hit(key, this.#configured?.state.nearName);
    if (early !== undefined && creator !== undefined)
      early.consider(inner, key, entry, creator as Creator<unknown>, options as CreateOptions | undefined);
    return (this.#options.isolation === "share" ? entry.payload : this.#parts().reads.handOut(entry)) as T;
  }

  async #invalidate(names: readonly string[], options: { readonly hard?: boolean }): Promise<WriteReport> {
    const { writes, creations } = this.#parts();
    creations.forgetFailures();
    return writes.invalidate(names, options.hard === false ? "soft" : "hard");
  }
}

const nothing: WriteReport = Object.freeze({
  confirmed: true,
  outcomes: new Map(),
  tiers: new Map(),
  settled: Promise.resolve(),
});

async function closing(backend: CacheBackend): Promise<void> {
  await backend.close();
}

/** A region with its backend, in one step. */
export function createRegion<V = unknown>(options: RegionOptions & RegionBackendOptions): Region<V> {
  const { backend, wrap, regionInvalidator, ...rest } = options;
  return new Region<V>(rest).configure(backend, {
    ...(wrap !== undefined && { wrap }),
    ...(regionInvalidator !== undefined && { regionInvalidator }),
  });
}

/** A region that gets its backend later: functions may be decorated with it before. */
export function makeRegion<V = unknown>(options: RegionOptions): Region<V> {
  return new Region<V>(options);
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
