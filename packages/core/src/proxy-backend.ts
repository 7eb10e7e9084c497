import type { Awaitable } from "./awaitable.ts";
import { allOf, attempt, andThen as then } from "./awaitable.ts";
import type { BackendHealth, BackendIncident, WriteOutcomes } from "./backend.ts";
import { CacheBackend } from "./backend.ts";
import { CachedValue, type Found, type Order, ReadFailure } from "./cached-value.ts";
import type { ChangeFeed, GuardTable, LeaseTable, MarkTable } from "./capabilities.ts";
import type { CallContext, ReadContext, WriteContext, WriteOutcome } from "./contexts.ts";
import { asCacheError, ConfigurationError } from "./errors.ts";
import {
  type KeyMapping,
  mappedFeed,
  mappedGuards,
  mappedLeases,
  mappedReadContext,
  mappedWriteContext,
} from "./key-mapping.ts";
import type { KeyMangler } from "./keys.ts";
import type { CacheMutex } from "./mutex.ts";
import { NO_VALUE, type NoValue } from "./no-value.ts";
import { isUnreadable } from "./serializer.ts";
import {
  type Operation,
  type Run,
  type Surround,
  surroundedGuards,
  surroundedLeases,
  surroundedMarks,
} from "./surround.ts";
import { settleUnstored } from "./unstored.ts";

/**
 * A backend around a backend. Override what you need of the three hooks, and nothing else: every operation, single,
 * multi, leased or re-validating, is built from them.
 *
 *  - {@link encode} / {@link decode} change an entry on its way down and up; never given NO_VALUE; a failure is that key's alone;
 *  - {@link toInner} / {@link fromInner} change keys;
 *  - {@link around} runs before and after each call: deadlines, breakers, counting.
 *
 * Hooks that are not overridden cost nothing. An instance wraps one backend, once.
 */
export abstract class ProxyBackend extends CacheBackend {
  readonly proxied: CacheBackend;
  readonly #codes: boolean;
  readonly #maps: boolean;
  readonly #surrounds: boolean;
  readonly #toInner = (key: string): string => this.toInner(key);
  readonly #surround: Surround = (operation, run, keys) => this.around(operation, run, keys);

  constructor(proxied: CacheBackend) {
    super();
    if (!(proxied instanceof CacheBackend)) {
      throw new ConfigurationError({ path: "proxied", expected: "a backend", received: proxied });
    }
    this.proxied = proxied;
    const base = ProxyBackend.prototype;
    this.#codes = this.encode !== base.encode || this.decode !== base.decode;
    this.#maps = this.toInner !== base.toInner;
    this.#surrounds = this.around !== base.around;
    if (this.#maps && this.fromInner === base.fromInner && this.keysHaveInverse) {
      throw new ConfigurationError({
        path: "fromInner",
        expected: "an inverse of toInner, or keysHaveInverse: false",
        received: undefined,
      });
    }
    // An optional operation is there exactly if the wrapped backend has it, unless the subclass has its own.
    for (const optional of ["revisions", "clear"] as const) {
      if (proxied[optional] === undefined && this[optional] === base[optional])
        Object.defineProperty(this, optional, { value: undefined });
    }
  }

  get name(): string {
    return this.proxied.name;
  }

  /**
   * On the way down. Gives a new entry or the same; never changes the one it is given. What it throws is that key's
   * `failed` outcome, an {@link EntryRefused} its refusal.
   */
  protected encode(entry: CachedValue, _key: string): Awaitable<CachedValue> {
    return entry;
  }

  /**
   * On the way up. NO_VALUE: what is stored is of no use. A SerializationError says the same, and is reported as an
   * incident; any other error is that key's read failure.
   */
  protected decode(entry: CachedValue, _key: string): Awaitable<Found> {
    return entry;
  }

  /** The caller's key to the wrapped backend's. */
  protected toInner(key: string): string {
    return key;
  }

  /** The wrapped backend's key to the caller's; `undefined`: a key that is none of this proxy's. */
  protected fromInner(key: string): string | undefined {
    return key;
  }

  /** `false` for a proxy that maps keys one way only: the change feed is hidden then. */
  protected get keysHaveInverse(): boolean {
    return true;
  }

  /**
   * Surrounds one call. `run` may be called later or not at all; it may be called again only where repeating is harmless.
   * What it throws or rejects with is the failure of every key of the call. Leases, guards and marks come through here
   * as well; a mutex does not, it waits by design.
   *
   * @param run makes the call; given an instant, the wrapped backend sees that deadline instead of the caller's
   * @param keys the caller's; names for marks, none for `clear`
   * @param context what of the call's context concerns the call itself, if there is one
   */
  protected around<T>(
    _operation: Operation,
    run: Run<T>,
    _keys: readonly string[],
    _context?: CallContext,
  ): Awaitable<T> {
    return run();
  }

  get(key: string, context?: ReadContext): Awaitable<Found> {
    const inner = this.#maps ? this.toInner(key) : key;
    const given = this.#allowed(context);
    const innerContext =
      this.#maps && given !== undefined ? mappedReadContext(given, this.#mapping([key], [inner])) : given;
    const found = this.#surrounds
      ? this.around("get", (limit) => this.proxied.get(inner, within(innerContext, limit)), [key], context)
      : this.proxied.get(inner, innerContext);
    return this.#codes ? then(found, (one) => this.#decoded(one, key)) : found;
  }

  getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]> {
    const inner = this.#maps ? keys.map(this.#toInner) : keys;
    const mapping = this.#maps ? this.#mapping(keys, inner) : undefined;
    const given = this.#allowed(context);
    const innerContext = mapping === undefined || given === undefined ? given : mappedReadContext(given, mapping);
    const run = (limit?: number) => this.proxied.getMulti(inner, within(innerContext, limit));
    const found = this.#surrounds ? this.around("getMulti", run, keys, context) : run();
    if (!this.#codes) return found;
    return then(found, (all) => allOf(all.map((one, index) => this.#decoded(one, keys[index] as string))));
  }

  set(key: string, value: CachedValue, context?: WriteContext): Awaitable<WriteOutcome | void> {
    if (!this.#codes) return this.#setOne(key, value, context);
    return then(this.#encoded(value, key), (entry) => {
      if (entry instanceof CachedValue) return this.#setOne(key, entry, context);
      return then(settleUnstored(this, new Map([[key, entry.error]]), context), (outcomes) => outcomes.get(key));
    });
  }

  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Awaitable<WriteOutcomes | void> {
    if (!this.#codes) return this.#setMany(mapping, context);
    const keys = [...mapping.keys()];
    return then(allOf(keys.map((key) => this.#encoded(mapping.get(key) as CachedValue, key))), (results) => {
      const entries = new Map<string, CachedValue>();
      const errors = new Map<string, unknown>();
      results.forEach((result, index) => {
        if (result instanceof CachedValue) entries.set(keys[index] as string, result);
        else errors.set(keys[index] as string, result.error);
      });
      if (errors.size === 0) return this.#setMany(entries, context);
      return then(this.#setMany(entries, context), (stored) =>
        then(settleUnstored(this, errors, context), (unstored) => new Map([...unstored, ...(stored ?? [])])),
      );
    });
  }

  delete(key: string, context?: WriteContext): Awaitable<WriteOutcome | void> {
    const inner = this.#maps ? this.toInner(key) : key;
    const innerContext =
      this.#maps && context !== undefined ? mappedWriteContext(context, this.#mapping([key], [inner])) : context;
    const run = (limit?: number) => this.proxied.delete(inner, within(innerContext, limit));
    return this.#surrounds ? this.around("delete", run, [key], context) : run();
  }

  deleteMulti(keys: readonly string[], context?: WriteContext): Awaitable<WriteOutcomes | void> {
    const inner = this.#maps ? keys.map(this.#toInner) : keys;
    const mapping = this.#maps ? this.#mapping(keys, inner) : undefined;
    const innerContext =
      mapping === undefined || context === undefined ? context : mappedWriteContext(context, mapping);
    const run = (limit?: number) => this.proxied.deleteMulti(inner, within(innerContext, limit));
    const outcomes = this.#surrounds ? this.around("deleteMulti", run, keys, context) : run();
    return mapping === undefined ? outcomes : then(outcomes, (all) => outerOutcomes(all, mapping));
  }

  override revisions(
    keys: readonly string[],
    context?: ReadContext,
  ): Awaitable<readonly (Order | NoValue | ReadFailure)[]> {
    const { proxied } = this;
    const inner = this.#maps ? keys.map(this.#toInner) : keys;
    const run = (limit?: number) => proxied.revisions?.(inner, within(context, limit)) ?? [];
    return this.#surrounds ? this.around("revisions", run, keys, context) : run();
  }

  override clear(): Awaitable<void> {
    const run = () => this.proxied.clear?.();
    return this.#surrounds ? this.around("clear", run, []) : run();
  }

  override get remote(): boolean {
    return this.proxied.remote;
  }

  override get shared(): boolean {
    return this.proxied.shared;
  }

  override get keepsResidence(): boolean {
    return this.proxied.keepsResidence;
  }

  override get byReference(): boolean {
    return this.proxied.byReference && !this.#codes;
  }

  override get keyMangler(): KeyMangler | undefined {
    return this.proxied.keyMangler;
  }

  override get leases(): LeaseTable | undefined {
    const { leases } = this.proxied;
    const mapped = leases === undefined || !this.#maps ? leases : mappedLeases(leases, this.#toInner);
    return mapped === undefined || !this.#surrounds ? mapped : surroundedLeases(mapped, this.#surround);
  }

  override get guards(): GuardTable | undefined {
    const { guards } = this.proxied;
    const mapped = guards === undefined || !this.#maps ? guards : mappedGuards(guards, this.#toInner);
    return mapped === undefined || !this.#surrounds ? mapped : surroundedGuards(mapped, this.#surround);
  }

  override get changes(): ChangeFeed | undefined {
    const { changes } = this.proxied;
    if (changes === undefined || !this.#maps) return changes;
    return this.keysHaveInverse ? mappedFeed(changes, (key) => this.fromInner(key)) : undefined;
  }

  override get marks(): MarkTable | undefined {
    const { marks } = this.proxied;
    return marks === undefined || !this.#surrounds ? marks : surroundedMarks(marks, this.#surround);
  }

  override watch(watcher: (incident: BackendIncident) => void): () => void {
    const own = super.watch(watcher);
    const inner = this.proxied.watch(watcher);
    return () => {
      own();
      inner();
    };
  }

  override getMutex(key: string): CacheMutex | null {
    return this.proxied.getMutex(this.#maps ? this.toInner(key) : key);
  }

  override hasLockTimeout(): boolean {
    return this.proxied.hasLockTimeout();
  }

  override health(): BackendHealth {
    return this.proxied.health();
  }

  close(): Awaitable<void> {
    return this.proxied.close();
  }

  /** A proxy that hides the leases of what it wraps takes none either. */
  #allowed(context: ReadContext | undefined): ReadContext | undefined {
    if (context?.lease === undefined || this.leases !== undefined) return context;
    const { lease: _, ...rest } = context;
    return rest;
  }

  #setOne(key: string, entry: CachedValue, context: WriteContext | undefined): Awaitable<WriteOutcome | void> {
    const inner = this.#maps ? this.toInner(key) : key;
    const innerContext =
      this.#maps && context !== undefined ? mappedWriteContext(context, this.#mapping([key], [inner])) : context;
    const run = (limit?: number) => this.proxied.set(inner, entry, within(innerContext, limit));
    return this.#surrounds ? this.around("set", run, [key], context) : run();
  }

  #setMany(
    entries: ReadonlyMap<string, CachedValue>,
    context: WriteContext | undefined,
  ): Awaitable<WriteOutcomes | void> {
    if (entries.size === 0) return;
    const keys = this.#maps || this.#surrounds ? [...entries.keys()] : [];
    const inner = this.#maps ? keys.map(this.#toInner) : keys;
    const mapping = this.#maps ? this.#mapping(keys, inner) : undefined;
    const innerEntries =
      mapping === undefined
        ? entries
        : new Map(keys.map((key, index) => [inner[index] as string, entries.get(key) as CachedValue]));
    const innerContext =
      mapping === undefined || context === undefined ? context : mappedWriteContext(context, mapping);
    const run = (limit?: number) => this.proxied.setMulti(innerEntries, within(innerContext, limit));
    const outcomes = this.#surrounds ? this.around("setMulti", run, keys, context) : run();
    return mapping === undefined ? outcomes : then(outcomes, (all) => outerOutcomes(all, mapping));
  }

  #encoded(entry: CachedValue, key: string): Awaitable<CachedValue | { readonly error: unknown }> {
    return attempt(
      () => then(this.encode(entry, key), (encoded) => residing(encoded, entry)),
      (error) => ({ error }),
    );
  }

  #decoded(found: Found, key: string): Awaitable<Found> {
    if (found instanceof ReadFailure && found.candidate !== undefined) {
      // The candidate may yet be served: it comes from below as any other entry does.
      return then(
        this.#decoded(found.candidate, key),
        (one) => new ReadFailure(found.tier, found.error, one instanceof CachedValue ? one : undefined),
      );
    }
    if (!(found instanceof CachedValue)) return found;
    const fail = (error: unknown): Found => {
      if (!isUnreadable(error)) return new ReadFailure(this.name, asCacheError(error, this.name, "decode", 1));
      this.report("unreadable entry", { key, error });
      return NO_VALUE;
    };
    const decode = () =>
      then(this.decode(found, key), (one) => (one instanceof CachedValue ? residing(one, found) : one));
    return attempt(decode, fail);
  }

  /** For one call the inverse is known without asking: it is the keys that the call was given. */
  #mapping(keys: readonly string[], inner: readonly string[]): KeyMapping {
    // Made when it is asked for, which most calls never do.
    let outer: Map<string, string> | undefined;
    return {
      toInner: this.#toInner,
      fromInner: (key) => {
        outer ??= new Map(inner.map((each, index) => [each, keys[index] as string]));
        return outer.get(key) ?? this.fromInner(key) ?? key;
      },
    };
  }
}

function within<C extends ReadContext | WriteContext>(
  context: C | undefined,
  deadline: number | undefined,
): C | undefined {
  // A deadline is all that a context may lack: an object with nothing else is one of either kind.
  return deadline === undefined ? context : ({ ...context, deadline } as C);
}

function outerOutcomes(outcomes: WriteOutcomes | void, mapping: KeyMapping): WriteOutcomes | void {
  if (outcomes !== undefined) return new Map([...outcomes].map(([key, outcome]) => [mapping.fromInner(key), outcome]));
}

/** What a chain remembers of a near entry survives the proxies around its tier. */
function residing(entry: CachedValue, like: CachedValue): CachedValue {
  if (entry.residence === like.residence) return entry;
  return new CachedValue(entry.payload, entry.metadata, like.residence);
}
