import type { CreateOptions, ReadOptions, WriteOptions } from "./call-options.ts";
import type { BatchCreator, Creator } from "./creator.ts";
import type { Duration } from "./duration.ts";
import { ConfigurationError } from "./errors.ts";
import type { AnyFunction } from "./function-keys.ts";
import type { NoValue } from "./no-value.ts";
import type { WriteReport } from "./write-log.ts";

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

const settingNames = [
  "grace",
  "softTimeout",
  "hardTimeout",
  "fallback",
  "awaitFill",
  "shouldCacheFn",
  "skip",
] as const satisfies readonly (keyof CachedSettings<unknown>)[];
export const settingOptionNames: readonly string[] = settingNames;

/** Decorates functions, by hand or as `@…`, with one set of options. */
export function decoratorOf<R>(
  options: unknown,
  decorate: (fn: AnyFunction) => R,
): (fn: AnyFunction, context?: unknown) => R {
  if (typeof options !== "object" || options === null) {
    throw new ConfigurationError({ path: "cached", expected: "a function, or options", received: options });
  }
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
export function commonSettings(
  options: { readonly [K in keyof CachedSettings<unknown>]?: unknown },
): CreateOptions<unknown> {
  return Object.fromEntries(
    settingNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}

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

/** In dogpile a decorator has one lifetime, for what is found and for what is stored. */
export function withDogpileLife<O extends { readonly ttl?: unknown; readonly expirationTime?: unknown }>(
  options: O,
): O {
  const { ttl, expirationTime } = options;
  return ttl === undefined && expirationTime !== undefined ? { ...options, ttl: expirationTime } : options;
}
