import { type Duration, durationMs } from "./duration.ts";
import { checkOptionNames } from "./options.ts";
import type { ResolvedRegionOptions } from "./region-options.ts";

/** Tiers, by name, that a call leaves out. */
export interface SkipTiers {
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

const createNames = [
  "ttl",
  "grace",
  "tags",
  "expirationTime",
  "softTimeout",
  "hardTimeout",
  "signal",
  "fallback",
  "forceRefresh",
  "awaitFill",
  "shouldCacheFn",
  "skip",
  "settled",
];
const readNames = ["expirationTime", "ignoreExpiration", "skip"];
const writeNames = ["ttl", "grace", "tags", "skip"];

/** @throws ConfigurationError naming the option */
export function resolveCreateOptions<T>(
  options: CreateOptions<T> | undefined,
  region: ResolvedRegionOptions,
): ResolvedCreateOptions {
  const given: CreateOptions<T> = options ?? {};
  if (options !== undefined) checkOptionNames(options, createNames, "options");
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
    skipRead: tiers(given.skip?.read),
    skipWrite: tiers(given.skip?.write),
  };
}

export interface ResolvedReadOptions {
  readonly expirationMs: number | undefined;
  readonly ignoreExpiration: boolean;
  readonly skip: ReadonlySet<string> | undefined;
}

export function resolveReadOptions(options: ReadOptions): ResolvedReadOptions {
  checkOptionNames(options, readNames, "options");
  return {
    expirationMs: ms(options.expirationTime, "options.expirationTime"),
    ignoreExpiration: options.ignoreExpiration ?? false,
    skip: tiers(options.skip?.read),
  };
}

export interface ResolvedWriteOptions {
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly ownTtl: boolean;
  readonly tags: readonly string[] | undefined;
  readonly skip: ReadonlySet<string> | undefined;
}

export function resolveWriteOptions(
  options: WriteOptions | undefined,
  region: ResolvedRegionOptions,
): ResolvedWriteOptions {
  if (options !== undefined) checkOptionNames(options, writeNames, "options");
  return {
    ttlMs: ms(options?.ttl, "options.ttl") ?? region.ttlMs,
    graceMs: ms(options?.grace, "options.grace") ?? region.graceMs,
    ownTtl: options?.ttl === undefined,
    tags: options?.tags,
    skip: tiers(options?.skip?.write),
  };
}

function ms(value: Duration | undefined, path: string): number | undefined {
  return value === undefined ? undefined : durationMs(value, path);
}

function tiers(names: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return names === undefined || names.length === 0 ? undefined : new Set(names);
}
