import { argumentKey } from "./argument-key.ts";
import type { Awaitable } from "./awaitable.ts";
import {
  type CachedSettings,
  type CachingRegion,
  checkFunction,
  commonSettings,
  like,
  lives,
  notCached,
  readOptionsOf,
  settingOptionNames,
  writeOptionsOf,
} from "./cached-settings.ts";
import type { CreateOptions } from "./call-options.ts";
import type { Duration } from "./duration.ts";
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
import { isCacheable } from "./should-cache.ts";
import type { WriteReport } from "./write-log.ts";

type ValueOf<F extends AnyFunction> = Awaited<ReturnType<F>>;

/** A class's methods don't say what their `this` is: whoever asks for it has to. */
type KnownThis<F extends AnyFunction> = unknown extends ThisParameterType<F> ? never : ThisParameterType<F>;

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
  readonly key?: (this: KnownThis<F>, ...args: Parameters<F>) => unknown;
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

/** The options of a decorator that is made before it has its function. */
export type CachedDecoratorOptions = Omit<CachedOptions<(...args: never[]) => never>, "fallback"> &
  Pick<CachedSettings<unknown>, "fallback">;

/** Decorates a function, or a method as `@region.cached({ ttl: "1m" })`. */
export type CachedDecorator = <F extends AnyFunction>(fn: F, context?: { readonly kind: string }) => CachedFunction<F>;

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
  checkOptionNames(options, [...settingOptionNames, ...singleNames], "cached");
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
    const key = (args: readonly unknown[]) => Reflect.apply(keyOf, self, args);
    const methods: CachedMethods<AnyFunction> = {
      original: fn,
      key: (...args) => key(args),
      get: async (...args) => region.get(key(args), readOptionsOf(optionsOf(args))),
      set: async (value, ...args) => {
        const at = key(args);
        const given = optionsOf(args);
        if (!isCacheable(given.shouldCacheFn, value as unknown, at)) return notCached([at]);
        return region.set(at, value, writeOptionsOf(given, value, at));
      },
      invalidate: async (...args) => region.delete(key(args)),
      refresh: async (...args) =>
        region.getOrCreate(key(args), () => Reflect.apply(call, self, args) as Awaitable<unknown>, {
          ...optionsOf(args),
          forceRefresh: true,
        }),
      on: (other: unknown) => decorated({ self: other }) as unknown as CachedFunction<AnyFunction>,
    };
    const wrapper = function (this: unknown, ...args: readonly unknown[]): Promise<unknown> {
      try {
        const its = bound === undefined ? this : self;
        const create = () => Reflect.apply(call, its, args) as Awaitable<unknown>;
        return region.getOrCreate(Reflect.apply(keyOf, its, args), create, optionsOf(args));
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
    return `${prefix}|${argumentKey([Reflect.apply(key as Loose, this, args)], "the key of the arguments")}`;
  };
}
