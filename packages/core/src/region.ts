import type { Entry } from "./answers.ts";
import type { BackendHealth, CacheBackend } from "./backend.ts";
import type { BatchOutcomes } from "./batch.ts";
import type { CachedDecorator, CachedDecoratorOptions, CachedFunction, CachedOptions } from "./cached.ts";
import type {
  CachedListDecorator,
  CachedListFunction,
  CachedMultiDecoratorOptions,
  CachedMultiOptions,
  CachedSpreadDecorator,
  ListedArgument,
  MultiResult,
} from "./cached-multi.ts";
import type { CachingRegion } from "./cached-settings.ts";
import { checkKeyList, checkMapping } from "./call-arguments.ts";
import {
  type CreateOptions,
  checkInvalidateOptions,
  type InvalidateOptions,
  type ReadOptions,
  resolveWriteOptions,
  type WriteOptions,
} from "./call-options.ts";
import type { ConfigureByNameOptions, ConfigureOptions } from "./configure-options.ts";
import type { BatchCreator, Creator } from "./creator.ts";
import { DeferredInvalidation } from "./deferred-invalidation.ts";
import { explainRegion } from "./explain.ts";
import type { AnyFunction } from "./function-keys.ts";
import { regionMark } from "./mark-board.ts";
import type { CacheMutex } from "./mutex.ts";
import { isNoValue, type NoValue } from "./no-value.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import type { ProxyFactory } from "./proxy-factory.ts";
import { RegionBinding } from "./region-binding.ts";
import type { CloseReport } from "./region-close.ts";
import type { RegionEventName, RegionEvents } from "./region-events.ts";
import { RegionFunctions } from "./region-functions.ts";
import type { RegionBackendOptions, RegionOptions } from "./region-options.ts";
import { checkTags } from "./tags.ts";
import { chainOf } from "./tiers.ts";
import { Touch } from "./touch.ts";
import type { WriteReport } from "./write-log.ts";

/**
 * The front end: policy over a backend. It decides what is fresh, lets one creator run a key, invalidates, and tells what
 * happens. Storage is the backend's, behaviour around it the proxies'.
 */
export class Region<V = unknown> {
  readonly #binding: RegionBinding;
  readonly #functions: RegionFunctions;

  constructor(options: RegionOptions) {
    this.#binding = new RegionBinding(options, this);
    this.#functions = new RegionFunctions(this as unknown as CachingRegion, this.#binding.options);
  }

  get name(): string {
    return this.#binding.options.name;
  }

  get isConfigured(): boolean {
    return this.#binding.isBound;
  }

  /** The outermost backend: proxies, tiers and all. @throws RegionNotConfigured */
  get backend(): CacheBackend {
    return this.#binding.parts().state.outermost;
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
    if (typeof backend === "string") return this.#binding.bindByName(backend, options).then(() => this);
    this.#binding.bind(backend, options);
    return this;
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
    await this.#binding.bindFromConfig(config, prefix, options);
    return this;
  }

  /** Puts one more proxy around everything. */
  wrap(proxy: ProxyFactory): this {
    this.#binding.wrap(proxy);
    return this;
  }

  /** The backend's lock of the key, `null` where it has none and the region's own order is all. */
  getMutex(key: string): CacheMutex | null {
    const { state } = this.#binding.parts();
    return state.backend.getMutex(state.inner(key));
  }

  /** Whether the backend's locks may vanish before they are released. */
  hasLockTimeout(): boolean {
    return this.backend.hasLockTimeout();
  }

  /** The value, if a tier has a fresh one. Rejects if no tier could be read: a failed read is not a miss. */
  get<T extends V = V>(key: string, options?: ReadOptions): Promise<T | NoValue> {
    try {
      return this.#binding.parts().lookups.get<T>(key, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The value, if the nearest tier has a fresh one: at once, without a promise. */
  peek<T extends V = V>(key: string): T | NoValue {
    return this.#binding.parts().lookups.peek<T>(key);
  }

  /**
   * Aligned with `keys`, NO_VALUE in the holes; one round trip a tier for what the nearer ones lack.
   * @throws PartialFailureError if keys could not be read, with the results of the others
   */
  async getMulti<T extends V = V>(keys: readonly string[], options?: ReadOptions): Promise<readonly (T | NoValue)[]> {
    return this.#binding.parts().lookups.getMulti<T>(keys, options);
  }

  /** The entry with its tier, age and remaining ttl, or NO_VALUE. */
  async getEntry<T extends V = V>(key: string, options: ReadOptions = {}): Promise<Entry<T> | NoValue> {
    return this.#binding.parts().lookups.getEntry<T>(key, options);
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
      return this.#binding.parts().getOrCreate.one<T>(key, creator, options);
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
    return this.#binding.parts().getOrCreate.entry<T>(key, creator, options);
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
    return this.#binding.parts().getOrCreate.many<T>(keys, creator, options);
  }

  /**
   * A function whose results are cached under its name and arguments. The region may get its backend later. With options
   * alone it is a decorator, for methods too: `@region.cached({ ttl: "1m" })`.
   * @throws ConfigurationError for a function without a name, or one whose name another function of the region has
   */
  cached<F extends AnyFunction>(fn: F, options?: CachedOptions<F>): CachedFunction<F>;
  cached(options?: CachedDecoratorOptions): CachedDecorator;
  cached(given: AnyFunction | CachedDecoratorOptions = {}, options: object = {}): unknown {
    return this.#functions.one(given, options);
  }

  /** The same for a function that takes a list and gives each element's result: called for what is not cached, once. */
  cachedMulti<F extends AnyFunction>(
    fn: F,
    options?: CachedMultiOptions<ListedArgument<F>, MultiResult<F>>,
  ): CachedListFunction<F>;
  cachedMulti(options?: CachedMultiDecoratorOptions): CachedListDecorator;
  cachedMulti(given: AnyFunction | CachedMultiDecoratorOptions = {}, options: object = {}): unknown {
    return this.#functions.many(given, options);
  }

  /** dogpile's `cache_on_arguments`: as {@link cached}; `expirationTime` alone is also the ttl of what is stored. */
  cacheOnArguments(options: CachedDecoratorOptions = {}): CachedDecorator {
    return this.#functions.onArguments(options) as CachedDecorator;
  }

  /** dogpile's `cache_multi_on_arguments`: as {@link cachedMulti}, for a function whose arguments are the keys. */
  cacheMultiOnArguments(options: CachedMultiDecoratorOptions = {}): CachedSpreadDecorator {
    return this.#functions.multiOnArguments(options) as CachedSpreadDecorator;
  }

  async set<T extends V = V>(key: string, value: T, options?: WriteOptions): Promise<WriteReport> {
    const { state, writes, writeDefaults } = this.#binding.parts();
    const resolved = options === undefined ? writeDefaults : resolveWriteOptions(options, state);
    return writes.setOne(state.inner(key), key, value, resolved);
  }

  /** One write a tier. The mapping and its values are not changed. */
  async setMulti<T extends V = V>(mapping: ReadonlyMap<string, T>, options?: WriteOptions): Promise<WriteReport> {
    const { state, writes, writeDefaults } = this.#binding.parts();
    checkMapping(mapping);
    if (mapping.size === 0) return nothing;
    return writes.set(mapping, options === undefined ? writeDefaults : resolveWriteOptions(options, state));
  }

  async delete(key: string): Promise<WriteReport> {
    const { state, writes } = this.#binding.parts();
    return writes.delete(new Map([[state.inner(key), key]]));
  }

  async deleteMulti(keys: readonly string[]): Promise<WriteReport> {
    const { state, writes } = this.#binding.parts();
    checkKeyList(keys);
    return keys.length === 0 ? nothing : writes.delete(new Map(keys.map((key) => [state.inner(key), key])));
  }

  /**
   * Starts the entry's life anew: with the ttl, the grace and the tags that it has, unless others are given. `false` if there
   * is none, or it was changed meanwhile. Rejects if the authority can't be asked.
   */
  async touch(key: string, options?: WriteOptions): Promise<boolean> {
    const { state, reads } = this.#binding.parts();
    const resolved = resolveWriteOptions(options, state);
    return new Touch(state, reads, state.inner(key), key, resolved).run();
  }

  /** Everything in the region: `hard` (the default) makes it absent, `hard: false` stale. O(1), in all processes. */
  async invalidate(options: InvalidateOptions = {}): Promise<WriteReport> {
    return this.#invalidate([regionMark], options);
  }

  /** Every entry with one of the tags. */
  async invalidateTags(tags: readonly string[], options: InvalidateOptions = {}): Promise<WriteReport> {
    checkTags(tags, "tags");
    return tags.length === 0 ? nothing : this.#invalidate([...new Set(tags)], options);
  }

  /** Forgets everything: a hard invalidation, and the memory of this process is freed at once. Never a scan of a shared store. */
  async clear(): Promise<WriteReport> {
    const { state } = this.#binding.parts();
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
    const { state } = this.#binding.parts();
    const inner = state.inner(key);
    if (state.flights.has(inner)) return true;
    const mutex = state.backend.getMutex(inner);
    return mutex === null ? false : mutex.locked();
  }

  /** Listens; what is returned ends that. A listener that throws is logged and harms nobody. */
  on<E extends RegionEventName>(event: E, listener: RegionEvents[E]): () => void {
    return this.#binding.events.on(event, listener);
  }

  /** Each tier, nearest first: up, degraded or down, since when, why. */
  health(): ReadonlyMap<string, BackendHealth> {
    return explainRegion.health(this.backend);
  }

  /** The resolved chain in words; with a key, what each tier holds of it. */
  async explain(key?: string): Promise<string> {
    const { state } = this.#binding.parts();
    return explainRegion.text(this.#binding.options, state, key === undefined ? undefined : state.inner(key));
  }

  /** Ends the region: waits, within `closeTimeout`, for background work. Backends belong to who made them and stay open. */
  async close(): Promise<CloseReport> {
    return this.#binding.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #invalidate(names: readonly string[], options: InvalidateOptions): Promise<WriteReport> {
    const { writes, creations } = this.#binding.parts();
    checkInvalidateOptions(options);
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
