import { type Duration, durationMs } from "./duration.ts";
import { ConfigurationError } from "./errors.ts";
import { aFlag, aFunction, anObjectWith, checkOptionNames, type Kind, nearest, wrongKinds } from "./options.ts";
import type { ResolvedRegionOptions } from "./resolved-region-options.ts";
import { aTagList } from "./tags.ts";
import type { TierNames } from "./tiers.ts";

/** Tiers, by name, that a call leaves out. */
export interface SkipTiers {
  /** Any but the farthest, which is the region's authority. */
  readonly read?: readonly string[];
  readonly write?: readonly string[];
}

export interface ReadOptions {
  /** This call's ttl in place of the entries' own; nothing is stored of it. */
  readonly expirationTime?: Duration;
  /** Whatever its age and whatever was invalidated. */
  readonly ignoreExpiration?: boolean;
  readonly skip?: SkipTiers;
}

export interface WriteOptions {
  /** The entry's life, instead of the region's. */
  readonly ttl?: Duration;
  readonly grace?: Duration;
  readonly tags?: readonly string[];
  readonly skip?: SkipTiers;
}

export interface CreateOptions<T = unknown> {
  readonly ttl?: Duration;
  readonly grace?: Duration;
  /** The entry's tags, or a function of the value. */
  readonly tags?: readonly string[] | ((value: T, key: string) => readonly string[]);
  /** This call's ttl for what is found, in place of the entries' own; what is created is stored with `ttl`. */
  readonly expirationTime?: Duration;
  readonly softTimeout?: Duration;
  readonly hardTimeout?: Duration;
  /** Ends this caller's own wait. The creator goes on while anybody else waits. */
  readonly signal?: AbortSignal;
  /** Gives a value of last resort when the creator has failed or timed out and nothing stale exists. It is not stored. */
  readonly fallback?: (error: unknown) => T;
  /** Creates even if a fresh value exists, still one creator at a time. @default false */
  readonly forceRefresh?: boolean;
  readonly awaitFill?: boolean;
  readonly shouldCacheFn?: (value: T, key: string) => boolean;
  readonly skip?: SkipTiers;
}

/** What an invalidation takes. */
export interface InvalidateOptions {
  /** `false`: what is covered becomes stale instead of absent. @default true */
  readonly hard?: boolean;
}

export interface ResolvedCreateOptions {
  readonly ttlMs: number;
  readonly graceMs: number;
  /** Whether the ttl is the region's own: a negative result's may then be shorter, and jitter applies. */
  readonly ownTtl: boolean;
  readonly tags: readonly string[] | ((value: never, key: string) => readonly string[]) | undefined;
  readonly expirationMs: number | undefined;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly fallback: ((error: unknown) => unknown) | undefined;
  /** `if-idle`: in the background, and only if nobody else is at it. */
  readonly forceRefresh: boolean | "if-idle";
  readonly awaitFill: boolean;
  readonly shouldCacheFn: ((value: never, key: string) => boolean) | undefined;
  readonly skipRead: ReadonlySet<string> | undefined;
  readonly skipWrite: ReadonlySet<string> | undefined;
}

/** What resolving needs to know of the region. */
interface CallScene {
  readonly options: ResolvedRegionOptions;
  readonly tiers: TierNames;
}

const skip: Kind = {
  expected: "tiers by name, as { read: [...], write: [...] }",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(value).every(([side, names]) => (side === "read" || side === "write") && isNames(names)),
};
const signal: Kind = anObjectWith("an AbortSignal", "addEventListener", "throwIfAborted");
/** It is refused in its own words, where it is read. */
const aDuration: Kind = { expected: "a duration", accepts: () => true };
const createKinds = optionsOf({
  ttl: aDuration,
  grace: aDuration,
  expirationTime: aDuration,
  softTimeout: aDuration,
  hardTimeout: aDuration,
  tags: {
    expected: `${aTagList.expected}, or a function`,
    accepts: (value) => aTagList.accepts(value) || aFunction.accepts(value),
  },
  signal,
  fallback: aFunction,
  forceRefresh: aFlag,
  awaitFill: aFlag,
  shouldCacheFn: aFunction,
  skip,
  settled: aFlag,
});
const readKinds = optionsOf({ expirationTime: aDuration, ignoreExpiration: aFlag, skip });
const writeKinds = optionsOf({ ttl: aDuration, grace: aDuration, tags: aTagList, skip });
const invalidateKinds = optionsOf({ hard: aFlag });

/** @throws ConfigurationError naming the option */
export function resolveCreateOptions<T>(
  options: CreateOptions<T> | undefined,
  { options: region, tiers }: CallScene,
): ResolvedCreateOptions {
  const given: CreateOptions<T> = options ?? {};
  if (options !== undefined) check(options, createKinds);
  return {
    ttlMs: ms(given.ttl, "options.ttl") ?? region.ttlMs,
    graceMs: ms(given.grace, "options.grace") ?? region.graceMs,
    ownTtl: given.ttl === undefined,
    tags: given.tags as ResolvedCreateOptions["tags"],
    expirationMs: ms(given.expirationTime, "options.expirationTime"),
    softTimeoutMs: ms(given.softTimeout, "options.softTimeout") ?? region.softTimeoutMs,
    hardTimeoutMs: ms(given.hardTimeout, "options.hardTimeout") ?? region.hardTimeoutMs,
    signal: given.signal,
    fallback: given.fallback,
    forceRefresh: given.forceRefresh ?? false,
    awaitFill: given.awaitFill ?? region.awaitFill,
    shouldCacheFn: (given.shouldCacheFn ?? region.shouldCacheFn) as ResolvedCreateOptions["shouldCacheFn"],
    skipRead: skipped(given.skip?.read, "read", tiers),
    skipWrite: skipped(given.skip?.write, "write", tiers),
  };
}

export interface ResolvedReadOptions {
  readonly expirationMs: number | undefined;
  readonly ignoreExpiration: boolean;
  readonly skip: ReadonlySet<string> | undefined;
}

/** @throws ConfigurationError naming the option */
export function resolveReadOptions(options: ReadOptions, { tiers }: Pick<CallScene, "tiers">): ResolvedReadOptions {
  check(options, readKinds);
  return {
    expirationMs: ms(options.expirationTime, "options.expirationTime"),
    ignoreExpiration: options.ignoreExpiration ?? false,
    skip: skipped(options.skip?.read, "read", tiers),
  };
}

export interface ResolvedWriteOptions {
  readonly ttlMs: number;
  readonly graceMs: number;
  /** Whether the ttl is the region's own. */
  readonly ownTtl: boolean;
  /** Whether the grace is the region's own. */
  readonly ownGrace: boolean;
  readonly tags: readonly string[] | undefined;
  readonly skip: ReadonlySet<string> | undefined;
}

/** @throws ConfigurationError naming the option */
export function resolveWriteOptions(
  options: WriteOptions | undefined,
  { options: region, tiers }: CallScene,
): ResolvedWriteOptions {
  if (options !== undefined) check(options, writeKinds);
  return {
    ttlMs: ms(options?.ttl, "options.ttl") ?? region.ttlMs,
    graceMs: ms(options?.grace, "options.grace") ?? region.graceMs,
    ownTtl: options?.ttl === undefined,
    ownGrace: options?.grace === undefined,
    tags: options?.tags,
    skip: skipped(options?.skip?.write, "write", tiers),
  };
}

/** @throws ConfigurationError naming the option */
export function checkInvalidateOptions(options: InvalidateOptions): void {
  check(options, invalidateKinds);
}

/** By name, and by nothing that every object inherits. */
function optionsOf(kinds: Readonly<Record<string, Kind>>): Readonly<Record<string, Kind>> {
  return Object.assign(Object.create(null) as Record<string, Kind>, kinds);
}

/** Calls bring options all the time, and bring the right ones: only those that aren't are looked into. */
function check(options: object, kinds: Readonly<Record<string, Kind>>): void {
  if (areRight(options, kinds)) return;
  checkOptionNames(options, Object.keys(kinds), "options");
  const mistakes = wrongKinds(options, kinds, "options");
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

function areRight(options: unknown, kinds: Readonly<Record<string, Kind>>): boolean {
  if (typeof options !== "object" || options === null || Array.isArray(options)) return false;
  for (const name in options) {
    const kind = kinds[name];
    if (kind === undefined) return false;
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && !kind.accepts(value)) return false;
  }
  return true;
}

function ms(value: Duration | undefined, path: string): number | undefined {
  return value === undefined ? undefined : durationMs(value, path);
}

function isNames(names: unknown): boolean {
  return names === undefined || (Array.isArray(names) && names.every((name) => typeof name === "string"));
}

/** A name that no tier has would leave nothing out, in silence. */
function skipped(
  names: readonly string[] | undefined,
  side: "read" | "write",
  { near, farthest }: TierNames,
): ReadonlySet<string> | undefined {
  if (names === undefined || names.length === 0) return undefined;
  const known = side === "read" ? near : [...near, farthest];
  const unknown = names.findIndex((name) => !known.includes(name));
  if (unknown < 0) return new Set(names);
  const expected = known.length === 0 ? "no name: the region has one tier" : `one of ${known.join(", ")}`;
  const received = names[unknown] as string;
  const close = nearest(received, known);
  throw new ConfigurationError({
    path: `options.skip.${side}[${unknown}]`,
    expected,
    received,
    ...(close !== undefined && { hint: `did you mean "${close}"?` }),
  });
}
