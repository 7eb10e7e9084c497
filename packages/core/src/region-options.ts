import type { CacheBackend } from "./backend.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Duration, durationMs, type Size, sizeBytes } from "./duration.ts";
import { ConfigurationError, type Mistake, ValidationError } from "./errors.ts";
import type { FunctionKeyGenerator, FunctionMultiKeyGenerator } from "./function-keys.ts";
import type { AsyncCreationRunner } from "./hand-over.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { type Isolation, isolations } from "./isolation.ts";
import type { KeyMangler } from "./keys.ts";
import {
  aClock,
  aFlag,
  aFunction,
  anObjectWith,
  checkOptionNames,
  type Kind,
  wholeNumber,
  wrongKinds,
} from "./options.ts";
import type { ProxyFactory } from "./proxy-factory.ts";
import type { Logger } from "./region-events.ts";
import type { Serializer } from "./serializer.ts";
import { type SerializerOption, serializerOf } from "./serializing-proxy.ts";

export interface RegionOptions {
  /** Part of every key below the region; letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** How long a value is fresh; an age equal to it is still fresh. 0: no longer than an instant. @default Infinity */
  readonly ttl?: Duration;
  /** How long after its ttl a value may still be served stale, when asked for by the rules below. @default 0: never */
  readonly grace?: Duration;
  /** How long the caller that regenerates waits before it gets the stale value. 0: stale-while-revalidate. @default Infinity */
  readonly softTimeout?: Duration;
  /**
   * How long anybody waits for a creator: then the stale value, or where there is none a TimeoutError. The creator's signal
   * fires when nobody is left who waits; one that has not asked for its signal is joined for another `lease` before it is
   * given up. @default Infinity
   */
  readonly hardTimeout?: Duration;
  /** How long after a failed creation the stale value is served without trying again. @default "5s" */
  readonly retryAfter?: Duration;
  /** Each entry's ttl is shortened by up to this share of it, so that what was filled together doesn't expire together. 0 to 1. @default 0 */
  readonly jitter?: number;
  /** The ttl of `null` and `undefined`: "there is none" is often true for less long. @default the ttl */
  readonly negativeTtl?: Duration;
  /** A creator's error is remembered, in the process, and rethrown for so long. @default 0: never */
  readonly errorTtl?: Duration;
  /** A hit whose age has passed this share of its ttl is renewed in the background. 0 to 1. @default off */
  readonly refreshAhead?: number;
  /**
   * A hit is renewed early at random, the likelier the nearer its end and the longer its creation took (XFetch, Vattani,
   * Chierichetti, Lowenstein, VLDB 2015); 1 is the paper's optimum, more is earlier. @default off
   */
  readonly earlyRefresh?: number;
  /** The shape of the values; entries of another version are misses, so that two releases can share a store. @default 1 */
  readonly valueVersion?: number;
  /** How long a creation may be nobody else's in the cluster without a sign of life; it is renewed meanwhile. @default "10s" */
  readonly lease?: Duration;
  /** How long a caller waits for another process's creation. @default "30s" */
  readonly leaseWait?: Duration;
  /** What follows when that was in vain: create without storing, or a LockError. @default "create" */
  readonly afterLeaseWait?: "create" | "fail";
  /**
   * Whether a creator's error is shared with those who wait for the same creation in other processes: its name, its code and
   * the first 500 characters of its message pass through the store then, and they get it as a {@link RemoteCreatorError}.
   * `false`: errors stay where they were thrown, and each process in its turn calls a creator of its own. @default true
   */
  readonly shareErrors?: boolean;
  /** Whether `getOrCreate` waits until the farthest tier has stored what was created. @default false */
  readonly awaitFill?: boolean;
  /** How many creators may run at once; the others wait their turn. @default Infinity */
  readonly maxCreators?: number;
  /** Whether a delete or invalidation that isn't confirmed in time resolves with `confirmed: false` or rejects. @default "resolve" */
  readonly unconfirmed?: "resolve" | "reject";
  /** Whether a creator that asks for its own key gets an error instead of waiting for itself. @default true */
  readonly detectReentry?: boolean;
  /** Applied to each key before the backend's own mangler. `false`: neither. */
  readonly keyMangler?: KeyMangler | false;
  /** `share`: callers get the cached object itself; `freeze`: it is frozen, deeply; `clone`: each gets a copy. @default "share" */
  readonly isolation?: Isolation;
  /** Whether a created value is stored at all; applied to each one. @default all are */
  readonly shouldCacheFn?: (value: unknown, key: string) => boolean;
  /** Takes over creations that have a stale value meanwhile, and their locks. @default the region creates */
  readonly asyncCreationRunner?: AsyncCreationRunner;
  /** How payloads become bytes, in every tier: an object with both halves, or a function with `deserializer` beside it. @default each tier's own */
  readonly serializer?: SerializerOption;
  /** The other half of a `serializer` that is a function. */
  readonly deserializer?: Serializer["deserialize"];
  /** Makes the keys of `cached` functions. @default functionKeyGenerator */
  readonly functionKeyGenerator?: FunctionKeyGenerator;
  /** Makes the keys of `cachedMulti` functions. @default functionMultiKeyGenerator */
  readonly functionMultiKeyGenerator?: FunctionMultiKeyGenerator;
  /** @default systemClock */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: () => number;
  readonly logger?: Logger;
  /** Given each piece of background work, for runtimes that stop with the response. */
  readonly waitUntil?: (work: Promise<unknown>) => void;
  /** How long `close` waits for background work. @default "5s" */
  readonly closeTimeout?: Duration;
  /**
   * Values of sets that the farthest tier missed, kept until it is back and then stored if nothing has changed there: so many
   * bytes, roughly counted, and a thousand keys, the last set of each. Where the tier has no leases, or doesn't tell of changes
   * in the step that makes them, and for what is too much, a missed set ends as a delete. 0: always. @default "8mb"
   */
  readonly replay?: Size;
}

/** Where a region's values live. */
export interface RegionBackendOptions {
  /** Decides what `invalidate` covers. @default marks, kept by the farthest tier where it can */
  readonly regionInvalidator?: RegionInvalidationStrategy;
  readonly backend: CacheBackend;
  /** Proxies around the backend, outermost first. */
  readonly wrap?: readonly ProxyFactory[];
}

/** Everything decided; durations in milliseconds. */
export interface ResolvedRegionOptions {
  readonly name: string;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  readonly retryAfterMs: number;
  readonly jitter: number;
  readonly negativeTtlMs: number | undefined;
  readonly errorTtlMs: number;
  readonly refreshAhead: number | undefined;
  readonly earlyRefresh: number | undefined;
  readonly valueVersion: number;
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
  readonly afterLeaseWait: "create" | "fail";
  readonly shareErrors: boolean;
  readonly awaitFill: boolean;
  readonly maxCreators: number;
  readonly unconfirmed: "resolve" | "reject";
  readonly detectReentry: boolean;
  readonly keyMangler: KeyMangler | false | undefined;
  readonly isolation: Isolation;
  readonly shouldCacheFn: ((value: unknown, key: string) => boolean) | undefined;
  readonly asyncCreationRunner: AsyncCreationRunner | undefined;
  readonly serializer: Serializer | undefined;
  readonly functionKeyGenerator: FunctionKeyGenerator | undefined;
  readonly functionMultiKeyGenerator: FunctionMultiKeyGenerator | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger | undefined;
  readonly waitUntil: ((work: Promise<unknown>) => void) | undefined;
  readonly closeTimeoutMs: number;
  readonly replayBytes: number;
}

const optionNames: readonly (keyof RegionOptions)[] = [
  "name",
  "ttl",
  "grace",
  "softTimeout",
  "hardTimeout",
  "retryAfter",
  "jitter",
  "negativeTtl",
  "errorTtl",
  "refreshAhead",
  "earlyRefresh",
  "valueVersion",
  "lease",
  "leaseWait",
  "afterLeaseWait",
  "shareErrors",
  "awaitFill",
  "maxCreators",
  "unconfirmed",
  "detectReentry",
  "keyMangler",
  "isolation",
  "shouldCacheFn",
  "asyncCreationRunner",
  "serializer",
  "deserializer",
  "functionKeyGenerator",
  "functionMultiKeyGenerator",
  "clock",
  "random",
  "logger",
  "waitUntil",
  "closeTimeout",
  "replay",
];

const kinds: Readonly<Partial<Record<keyof RegionOptions, Kind>>> = {
  awaitFill: aFlag,
  detectReentry: aFlag,
  keyMangler: { expected: "a function or false", accepts: (value) => value === false || aFunction.accepts(value) },
  shouldCacheFn: aFunction,
  asyncCreationRunner: aFunction,
  functionKeyGenerator: aFunction,
  functionMultiKeyGenerator: aFunction,
  clock: aClock,
  random: aFunction,
  logger: anObjectWith("a logger: an object with warn", "warn"),
  waitUntil: aFunction,
};

/**
 * All defaults, in one place.
 * @throws ConfigurationError naming every option that is refused
 */
export function resolveRegionOptions(
  options: RegionOptions,
  extraNames: readonly string[] = [],
): ResolvedRegionOptions {
  checkOptionNames(options, [...optionNames, ...extraNames], "region");
  const mistakes: Mistake[] = [...wrongKinds(options, kinds, "region")];
  const check = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (error instanceof ValidationError) mistakes.push(...error.mistakes);
      else throw error;
      return undefined as T;
    }
  };
  const ms = (name: keyof RegionOptions, fallback: Duration) =>
    check(() => durationMs(given(options[name], fallback), `region.${name}`));
  const oneOf = <T extends string>(name: keyof RegionOptions, allowed: readonly T[], fallback: T) =>
    check(() => choice(given(options[name], fallback), allowed, `region.${name}`));
  const share = (name: keyof RegionOptions, most: number) =>
    options[name] === undefined ? undefined : check(() => within(options[name], most, `region.${name}`));
  const resolved: ResolvedRegionOptions = {
    name: check(() => regionName(options.name)),
    ttlMs: ms("ttl", Number.POSITIVE_INFINITY),
    graceMs: ms("grace", 0),
    softTimeoutMs: ms("softTimeout", Number.POSITIVE_INFINITY),
    hardTimeoutMs: ms("hardTimeout", Number.POSITIVE_INFINITY),
    retryAfterMs: ms("retryAfter", "5s"),
    jitter: share("jitter", 1) ?? 0,
    negativeTtlMs: options.negativeTtl === undefined ? undefined : ms("negativeTtl", 0),
    errorTtlMs: ms("errorTtl", 0),
    refreshAhead: share("refreshAhead", 1),
    earlyRefresh: share("earlyRefresh", 100),
    valueVersion: check(() => wholeNumber(options.valueVersion ?? 1, "region.valueVersion", 0)),
    leaseMs: ms("lease", "10s"),
    leaseWaitMs: ms("leaseWait", "30s"),
    afterLeaseWait: oneOf("afterLeaseWait", ["create", "fail"], "create"),
    shareErrors: options.shareErrors ?? true,
    awaitFill: options.awaitFill ?? false,
    maxCreators: check(() => wholeNumber(options.maxCreators ?? Number.POSITIVE_INFINITY, "region.maxCreators")),
    unconfirmed: oneOf("unconfirmed", ["resolve", "reject"], "resolve"),
    detectReentry: options.detectReentry ?? true,
    keyMangler: options.keyMangler,
    isolation: oneOf("isolation", isolations, "share"),
    shouldCacheFn: options.shouldCacheFn,
    asyncCreationRunner: options.asyncCreationRunner,
    serializer: check(() => serializerOf(options.serializer, options.deserializer)),
    functionKeyGenerator: options.functionKeyGenerator,
    functionMultiKeyGenerator: options.functionMultiKeyGenerator,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    logger: options.logger,
    waitUntil: options.waitUntil,
    closeTimeoutMs: ms("closeTimeout", "5s"),
    replayBytes: check(() => sizeBytes(given(options.replay, "8mb"), "region.replay")),
  };
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return Object.freeze(resolved);
}

/** Absent means the default; `null` is a mistake like any other. */
function given(value: unknown, fallback: unknown): unknown {
  return value === undefined ? fallback : value;
}

function regionName(name: unknown): string {
  if (typeof name === "string" && /^[\w.-]{1,100}$/.test(name)) return name;
  throw new ConfigurationError({
    path: "region.name",
    expected: "1 to 100 letters, digits, dots, underscores or hyphens",
    received: name,
  });
}

function choice<T extends string>(value: unknown, allowed: readonly T[], path: string): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new ConfigurationError({ path, expected: allowed.map((one) => `"${one}"`).join(" or "), received: value });
}

function within(value: unknown, most: number, path: string): number {
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw new ConfigurationError({ path, expected: `a number from 0 to ${most}`, received: value });
}
