import { argumentKey } from "./argument-key.ts";
import type { Awaitable } from "./awaitable.ts";
import type { CreateOptions, ReadOptions, WriteOptions } from "./call-options.ts";
import type { BatchCreator, Creator } from "./creator.ts";
import type { Duration } from "./duration.ts";
import { ConfigurationError } from "./errors.ts";
import {
  type AnyFunction,
  type CallKey,
  type FunctionKeyGenerator,
  functionKeyGenerator,
  type KeyPrefixes,
  keyPrefix,
} from "./function-keys.ts";
import type { NoValue } from "./no-value.ts";
import { checkOptionNames } from "./options.ts";
import type { WriteReport } from "./region-writes.ts";

/** What decorated functions need of a region. */
export interface CachingRegion {
  get<T>(key: string, options?: ReadOptions): Promise<T | NoValue>;
  getMulti<T>(keys: readonly string[], options?: ReadOptions): Promise<readonly (T | NoValue)[]>;
  getOrCreate<T>(key: string, creator: Creator<T>, options?: CreateOptions<T>): Promise<T>;
  getOrCreateMulti<T>(
    keys: readonly string[],
    creator: BatchCreator<T>,
    options?: CreateOptions<T>,
  ): Promise<Map<string, T>>;
  set<T>(key: string, value: T, options?: WriteOptions): Promise<WriteReport>;
  setMulti<T>(mapping: ReadonlyMap<string, T>, options?: WriteOptions): Promise<WriteReport>;
  delete(key: string): Promise<WriteReport>;
  deleteMulti(keys: readonly string[]): Promise<WriteReport>;
}

/** What every decorated function may be given, single or multi. */
export interface CachedSettings<T>
  extends Pick<
    CreateOptions<T>,
    "grace" | "softTimeout" | "hardTimeout" | "fallback" | "awaitFill" | "shouldCacheFn" | "skip"
  > {
  /** Stands before the arguments in each key. @default the function's own name */
  readonly name?: string;
  /** Tells functions of the same name apart. */
  readonly namespace?: string;
}

type ValueOf<F extends AnyFunction> = Awaited<ReturnType<F>>;

/** How a function is cached. */
export interface CachedOptions<F extends AnyFunction = AnyFunction> extends CachedSettings<ValueOf<F>> {
  /**
   * How long a result is fresh. A function is asked on every call, and what it answers holds for what is found as well as
   * for what is created, as dogpile's callable `expiration_time` does. @default the region's
   */
  readonly ttl?: Duration | ((...args: Parameters<F>) => Duration);
  /** In place of the stored results' own ttl, for what is found. */
  readonly expirationTime?: Duration | ((...args: Parameters<F>) => Duration);
  /** The results' tags, or a function of the result and the arguments. */
  readonly tags?: readonly string[] | ((value: ValueOf<F>, ...args: Parameters<F>) => readonly string[]);
  /**
   * What of a call identifies its result, where that isn't all of its arguments: plain data. It is called with the call's
   * `this`, which otherwise is no part of the key.
   */
  readonly key?: (this: ThisParameterType<F>, ...args: Parameters<F>) => unknown;
  /** Makes the whole key instead. @default the region's */
  readonly functionKeyGenerator?: FunctionKeyGenerator;
}

/** What a decorated function can do beside being called. All of it computes the key that the call does. */
export interface CachedMethods<F extends AnyFunction> {
  /** The function as it was. */
  readonly original: F;
  key(...args: Parameters<F>): string;
  /** The result if a fresh one is cached; the function is not called. */
  get(...args: Parameters<F>): Promise<ValueOf<F> | NoValue>;
  /** Stores a result, unless `shouldCacheFn` refuses it: then the report says `refused`. */
  set(value: ValueOf<F>, ...args: Parameters<F>): Promise<WriteReport>;
  /** Deletes the result. */
  invalidate(...args: Parameters<F>): Promise<WriteReport>;
  /** Calls the function even if a fresh result is cached, one call a key at a time, stores what it gives and returns it. */
  refresh(...args: Parameters<F>): Promise<ValueOf<F>>;
  /** The same for a method of `self`: `users.find.on(users).refresh(1)`. */
  on(self: ThisParameterType<F>): CachedFunction<F>;
}

/** A decorated function: called as before, and it always gives a promise. An async function keeps its type to the letter. */
export type CachedFunction<F extends AnyFunction> = (ReturnType<F> extends Promise<unknown>
  ? F
  : (this: ThisParameterType<F>, ...args: Parameters<F>) => Promise<ValueOf<F>>) &
  CachedMethods<F>;

/** Decorates a function, or a method: `@region.cached({ ttl: "1m" })`. */
export type CachedDecorator<Options> = <F extends AnyFunction>(
  fn: F,
  context?: { readonly kind: string },
) => CachedFunction<F> & (Options extends never ? never : unknown);

const settingNames = [
  "grace",
  "softTimeout",
  "hardTimeout",
  "fallback",
  "awaitFill",
  "shouldCacheFn",
  "skip",
] as const satisfies readonly (keyof CachedSettings<unknown>)[];
const singleNames = ["name", "namespace", "ttl", "expirationTime", "tags", "key", "functionKeyGenerator"];

type Loose = (this: unknown, ...args: readonly unknown[]) => unknown;

/** A function as `Region.cached` decorates it. */
export function cachedFunction<F extends AnyFunction>(
  region: CachingRegion,
  fn: F,
  options: CachedOptions<F>,
  prefixes: KeyPrefixes,
  generator: FunctionKeyGenerator | undefined,
): CachedFunction<F> {
  checkFunction(fn);
  checkOptionNames(options, [...settingNames, ...singleNames], "cached");
  const keyOf = keyFor(fn, options, prefixes, generator);
  const call = fn as unknown as Loose;
  const settings = commonSettings(options);
  const create = (args: readonly unknown[]): CreateOptions<unknown> => {
    const tags = options.tags as undefined | readonly string[] | ((...given: unknown[]) => readonly string[]);
    return {
      ...settings,
      ...lives(options, args),
      ...(tags !== undefined && { tags: typeof tags === "function" ? (value) => tags(value, ...args) : tags }),
    };
  };
  const isFixed = ![options.ttl, options.expirationTime, options.tags].some((one) => typeof one === "function");
  const fixed = isFixed ? create([]) : undefined;
  const optionsOf = (args: readonly unknown[]) => fixed ?? create(args);

  const decorated = (bound: { readonly self: unknown } | undefined): CachedFunction<F> => {
    const self = bound?.self;
    const key = (args: readonly unknown[]) => keyOf.apply(self, args);
    const methods: CachedMethods<AnyFunction> = {
      original: fn,
      key: (...args) => key(args),
      get: async (...args) => region.get(key(args), readOptionsOf(optionsOf(args))),
      set: async (value, ...args) => {
        const at = key(args);
        const given = optionsOf(args);
        if (given.shouldCacheFn?.(value, at) === false) return notCached([at]);
        return region.set(at, value, writeOptionsOf(given, value, at));
      },
      invalidate: async (...args) => region.delete(key(args)),
      refresh: async (...args) =>
        region.getOrCreate(key(args), () => call.apply(self, args) as Awaitable<unknown>, {
          ...optionsOf(args),
          forceRefresh: true,
        }),
      on: (other) => decorated({ self: other }),
    };
    const wrapper = function (this: unknown, ...args: readonly unknown[]): Promise<unknown> {
      try {
        const its = bound === undefined ? this : self;
        const create = () => call.apply(its, args) as Awaitable<unknown>;
        return region.getOrCreate(keyOf.apply(its, args), create, optionsOf(args));
      } catch (error) {
        return Promise.reject(error);
      }
    };
    return like(fn, wrapper, methods) as unknown as CachedFunction<F>;
  };
  return decorated(undefined);
}

function keyFor<F extends AnyFunction>(
  fn: F,
  options: CachedOptions<F>,
  prefixes: KeyPrefixes,
  ofRegion: FunctionKeyGenerator | undefined,
): CallKey {
  const { namespace, key } = options;
  const name = options.name ?? fn.name;
  const generator = options.functionKeyGenerator ?? ofRegion;
  if (generator !== undefined) return generator(namespace, fn, name);
  const prefix = keyPrefix(namespace, name);
  prefixes.claim(prefix, { fn, kind: "single", key });
  if (key === undefined) return functionKeyGenerator(namespace, fn, name);
  return function (...args) {
    return `${prefix}|${argumentKey([(key as Loose).apply(this, args)], "the key of the arguments")}`;
  };
}

/** Decorates functions, by hand or as `@…`, with one set of options. */
export function decoratorOf<R>(decorate: (fn: AnyFunction) => R): (fn: AnyFunction, context?: unknown) => R {
  return (fn, context) => {
    const kind = (context as { kind?: unknown } | undefined)?.kind;
    if (context !== undefined && kind !== "method") {
      const expected = "a method, decorated as the language's own decorators do";
      throw new ConfigurationError({ path: "cached", expected, received: kind ?? context });
    }
    return decorate(fn);
  };
}

/** @throws ConfigurationError */
export function checkFunction(fn: unknown): void {
  if (typeof fn !== "function") throw new ConfigurationError({ path: "cached", expected: "a function", received: fn });
}

/** The settings that go to the region as they are. */
export function commonSettings<T>(options: CachedSettings<T>): CreateOptions<unknown> {
  return Object.fromEntries(
    settingNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}

export const settingOptionNames: readonly string[] = settingNames;

/** ttl and expirationTime, asked for where they are functions. */
export function lives(
  options: { readonly ttl?: unknown; readonly expirationTime?: unknown },
  args: readonly unknown[],
): Pick<CreateOptions, "ttl" | "expirationTime"> {
  const { ttl, expirationTime } = options;
  const dynamic = typeof ttl === "function";
  const ownTtl = (dynamic ? ttl(...args) : ttl) as Duration | undefined;
  const found = (typeof expirationTime === "function" ? expirationTime(...args) : expirationTime) ?? undefined;
  const judged = (found ?? (dynamic ? ownTtl : undefined)) as Duration | undefined;
  return { ...(ownTtl !== undefined && { ttl: ownTtl }), ...(judged !== undefined && { expirationTime: judged }) };
}

export function readOptionsOf({ expirationTime, skip }: CreateOptions<unknown>): ReadOptions {
  return { ...(expirationTime !== undefined && { expirationTime }), ...(skip !== undefined && { skip }) };
}

export function writeOptionsOf(
  { ttl, grace, skip, tags }: CreateOptions<unknown>,
  value: unknown,
  key: string,
): WriteOptions {
  const own = typeof tags === "function" ? tags(value, key) : tags;
  return {
    ...(ttl !== undefined && { ttl }),
    ...(grace !== undefined && { grace }),
    ...(skip !== undefined && { skip }),
    ...(own !== undefined && { tags: own }),
  };
}

/** The report of values that `shouldCacheFn` kept out: nothing was written. */
export function notCached(keys: readonly string[]): WriteReport {
  const outcomes = new Map(keys.map((key) => [key, { status: "refused", why: "skipped" } as const]));
  return { confirmed: false, outcomes, tiers: new Map(), settled: Promise.resolve() };
}

/** `wrapper` with the name and length of `fn`, and with methods. */
export function like(fn: AnyFunction, wrapper: unknown, methods: object): unknown {
  const target = wrapper as object;
  for (const name of ["name", "length"] as const) {
    Object.defineProperty(target, name, { value: fn[name], configurable: true });
  }
  return Object.assign(target, methods);
}
