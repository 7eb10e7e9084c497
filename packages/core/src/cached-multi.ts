import type { Awaitable } from "./awaitable.ts";
import { andThen } from "./awaitable.ts";
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
  type CallKeys,
  type FunctionMultiKeyGenerator,
  functionMultiKeyGenerator,
  type KeyPrefixes,
  keyPrefix,
} from "./function-keys.ts";
import { isNoValue, NO_VALUE, type NoValue } from "./no-value.ts";
import { checkOptionNames } from "./options.ts";
import { isCacheable } from "./should-cache.ts";
import type { WriteReport } from "./write-log.ts";

/** How a function of many keys is cached. */
export interface CachedMultiOptions<A, T> extends CachedSettings<T> {
  /** How long results are fresh. A function is asked on every call and holds for what is found too. @default the region's */
  readonly ttl?: Duration | (() => Duration);
  /** In place of the stored results' own ttl, for what is found. */
  readonly expirationTime?: Duration | (() => Duration);
  /** The results' tags, or a function of a result and its argument. */
  readonly tags?: readonly string[] | ((value: T, arg: A) => readonly string[]);
  /** The function gives results by argument, and so does the decorated one: a Map without what the function left out. @default false */
  readonly asDict?: boolean;
  /** Makes the keys instead. @default the region's */
  readonly functionMultiKeyGenerator?: FunctionMultiKeyGenerator;
}

/** What a decorated function of many keys can do beside being called with `P`, which gives `R`. */
export interface CachedMultiFunction<A, T, P extends readonly unknown[], R> {
  (...args: P): Promise<R>;
  /** The function as it was. */
  readonly original: (...args: P) => unknown;
  /** Aligned with the arguments. */
  keys(...args: P): readonly string[];
  /** Aligned with the arguments, NO_VALUE in the holes; also with `asDict`. */
  get(...args: P): Promise<readonly (T | NoValue)[]>;
  /** Stores results by argument, but for those that `shouldCacheFn` refuses. */
  set(values: ReadonlyMap<A, T>): Promise<WriteReport>;
  /** Deletes the results. */
  invalidate(...args: P): Promise<WriteReport>;
  /** Calls the function for all of them, stores what it gives and returns it. */
  refresh(...args: P): Promise<R>;
  /** The same for a method of `self`. */
  on(self: unknown): CachedMultiFunction<A, T, P, R>;
}

type ItemOf<R> = R extends readonly (infer T)[]
  ? T
  : R extends ReadonlyMap<unknown, infer T>
    ? T
    : R extends Readonly<Record<string, infer T>>
      ? T
      : never;
type AnswerOf<A, R> = R extends readonly unknown[] ? R : Map<A, ItemOf<R>>;
type Given<F extends AnyFunction> = Awaited<ReturnType<F>>;

/** The elements of the one list that `F` takes. */
export type ListedArgument<F extends AnyFunction> = Parameters<F>[0] extends readonly (infer A)[] ? A : never;
/** What `F` gives for one of them. */
export type MultiResult<F extends AnyFunction> = ItemOf<Given<F>>;

/** A decorated function that takes one list. */
export type CachedListFunction<F extends AnyFunction> = CachedMultiFunction<
  ListedArgument<F>,
  MultiResult<F>,
  Parameters<F>,
  AnswerOf<ListedArgument<F>, Given<F>>
>;
/** A decorated function that takes its keys as arguments. */
export type CachedSpreadFunction<F extends AnyFunction> = CachedMultiFunction<
  Parameters<F>[number],
  MultiResult<F>,
  Parameters<F>,
  AnswerOf<Parameters<F>[number], Given<F>>
>;

/** The options of a decorator that is made before it has its function. */
export type CachedMultiDecoratorOptions = Omit<CachedMultiOptions<never, never>, "fallback"> &
  Pick<CachedSettings<unknown>, "fallback">;

/** Decorates a function, or a method, that takes one list. */
export type CachedListDecorator = <F extends AnyFunction>(
  fn: F,
  context?: { readonly kind: string },
) => CachedListFunction<F>;
/** Decorates a function, or a method, that takes its keys as arguments. */
export type CachedSpreadDecorator = <F extends AnyFunction>(
  fn: F,
  context?: { readonly kind: string },
) => CachedSpreadFunction<F>;

const multiNames = ["name", "namespace", "ttl", "expirationTime", "tags", "asDict", "functionMultiKeyGenerator"];

type AnyMulti = CachedMultiFunction<unknown, unknown, readonly unknown[], unknown>;
type Loose = (this: unknown, ...args: readonly unknown[]) => Awaitable<unknown>;

/**
 * A function of many keys as `Region.cachedMulti` decorates it.
 * @param spread its arguments are the keys themselves, as in dogpile, not one list of them
 */
export function cachedMultiFunction(
  region: CachingRegion,
  fn: AnyFunction,
  options: CachedMultiDecoratorOptions,
  prefixes: KeyPrefixes,
  ofRegion: FunctionMultiKeyGenerator | undefined,
  spread: boolean,
): AnyMulti {
  checkFunction(fn);
  checkOptionNames(options, [...settingOptionNames, ...multiNames], "cachedMulti");
  const { asDict = false } = options;
  const keysOf = keysFor(fn, options, prefixes, ofRegion);
  const settings = commonSettings(options);
  const tags = options.tags as undefined | readonly string[] | ((value: unknown, arg: unknown) => readonly string[]);
  const listOf = (args: readonly unknown[]) => (spread ? args : (args[0] as readonly unknown[]));

  /** @param argOf the argument of each key of the call */
  const optionsOf = (argOf: ReadonlyMap<string, unknown>): CreateOptions<unknown> => ({
    ...settings,
    ...lives(options, []),
    ...(tags !== undefined && {
      tags: typeof tags === "function" ? (value: unknown, key: string) => tags(value, argOf.get(key)) : tags,
    }),
  });

  const decorated = (bound: { readonly self: unknown } | undefined): AnyMulti => {
    const run = async (self: unknown, args: readonly unknown[], more: CreateOptions<unknown>): Promise<unknown> => {
      const wanted = listOf(args);
      const keys = Reflect.apply(keysOf, self, wanted);
      const argOf = new Map(keys.map((key, index) => [key, wanted[index]]));
      const create = (missing: readonly string[]): Awaitable<readonly unknown[]> => {
        const missingArgs = missing.map((key) => argOf.get(key));
        const made = Reflect.apply(fn as unknown as Loose, self, spread ? missingArgs : [missingArgs]);
        return andThen(made, (results) => (asDict ? fromDict(results, missingArgs) : listFrom(results)));
      };
      const values = await region.getOrCreateMulti([...argOf.keys()], create, { ...optionsOf(argOf), ...more });
      if (!asDict) return keys.map((key) => values.get(key));
      return new Map(
        [...argOf].filter(([key]) => !isNoValue(values.get(key))).map(([key, arg]) => [arg, values.get(key)]),
      );
    };
    const self = bound?.self;
    const keys = (args: readonly unknown[]) => Reflect.apply(keysOf, self, listOf(args));
    const methods: Omit<AnyMulti, never> = {
      original: fn as AnyMulti["original"],
      keys: (...args) => keys(args),
      get: async (...args) => region.getMulti(keys(args), readOptionsOf(optionsOf(new Map()))),
      set: async (values) => storeAll(region, Reflect.apply(keysOf, self, [...values.keys()]), values, optionsOf),
      invalidate: async (...args) => region.deleteMulti(keys(args)),
      refresh: (...args) => run(self, args, { forceRefresh: true }),
      on: (other) => decorated({ self: other }),
    };
    const wrapper = function (this: unknown, ...args: readonly unknown[]): Promise<unknown> {
      return run(bound === undefined ? this : self, args, {});
    };
    return like(fn, wrapper, methods) as AnyMulti;
  };
  return decorated(undefined);
}

function keysFor(
  fn: AnyFunction,
  { namespace, name = fn.name, functionMultiKeyGenerator: own }: CachedMultiDecoratorOptions,
  prefixes: KeyPrefixes,
  ofRegion: FunctionMultiKeyGenerator | undefined,
): CallKeys {
  const generator = own ?? ofRegion;
  if (generator !== undefined) return generator(namespace, fn, name);
  prefixes.claim(keyPrefix(namespace, name), { fn, kind: "multi", key: undefined });
  return functionMultiKeyGenerator(namespace, fn, name);
}

async function storeAll(
  region: CachingRegion,
  keys: readonly string[],
  values: ReadonlyMap<unknown, unknown>,
  optionsOf: (argOf: ReadonlyMap<string, unknown>) => CreateOptions<unknown>,
): Promise<WriteReport> {
  const args = [...values.keys()];
  const argOf = new Map(keys.map((key, index) => [key, args[index]]));
  const options = optionsOf(argOf);
  const refused: string[] = [];
  const kept = new Map<string, unknown>();
  for (const [key, arg] of argOf) {
    const value = values.get(arg);
    if (!isCacheable(options.shouldCacheFn, value, key)) refused.push(key);
    else kept.set(key, value);
  }
  const writes =
    typeof options.tags === "function"
      ? [...kept].map(([key, value]) => region.set(key, value, writeOptionsOf(options, value, key)))
      : [region.setMulti(kept, writeOptionsOf(options, undefined, ""))];
  const reports = [...(await Promise.all(writes)), ...(refused.length > 0 ? [notCached(refused)] : [])];
  return reports.reduce(
    (all, one) => ({
      confirmed: all.confirmed && one.confirmed,
      outcomes: new Map([...all.outcomes, ...one.outcomes]),
      tiers: joinedTiers(all.tiers, one.tiers),
      get settled() {
        return Promise.all([all.settled, one.settled]).then(() => undefined);
      },
    }),
    noReport,
  );
}

const noReport: WriteReport = Object.freeze({
  confirmed: true,
  outcomes: new Map(),
  tiers: new Map(),
  settled: Promise.resolve(),
});

function joinedTiers(one: WriteReport["tiers"], other: WriteReport["tiers"]): WriteReport["tiers"] {
  const joined = new Map(one);
  for (const [tier, outcomes] of other) joined.set(tier, new Map([...(joined.get(tier) ?? []), ...outcomes]));
  return joined;
}

function listFrom(results: unknown): readonly unknown[] {
  if (Array.isArray(results)) return results;
  throw new TypeError("a function of many keys gives an array aligned with them, or, with asDict, a Map or an object");
}

function fromDict(results: unknown, args: readonly unknown[]): readonly unknown[] {
  if (results instanceof Map) return args.map((arg) => (results.has(arg) ? results.get(arg) : NO_VALUE));
  if (typeof results !== "object" || results === null || Array.isArray(results)) {
    throw new TypeError("a function with asDict gives a Map or an object of its results by argument");
  }
  const byName = results as Readonly<Record<string, unknown>>;
  return args.map((arg) => (Object.hasOwn(byName, arg as string) ? byName[arg as string] : NO_VALUE));
}
