import { type Clock, type Duration, isolations, type KeyMangler, type Logger, type RegionOptions } from "@cascata/core";
import { z } from "zod";
import type { RegionSettings, TierConfig } from "./caches-config.ts";
import {
  anything,
  clock,
  code,
  duration,
  flag,
  instance,
  leaf,
  list,
  object,
  oneOf,
  size,
  text,
  whole,
  within,
} from "./schema-parts.ts";

/** Everything but tiers, ttl and wrap, which are checked against the rest of the configuration. */
type Settings = Omit<RegionSettings, "wrap">;

/** That none of core's options is missing is a test's to say. */
const settings: Readonly<Record<string, z.ZodType>> = {
  grace: duration(),
  softTimeout: duration(),
  hardTimeout: duration(),
  retryAfter: duration(),
  jitter: within(0, 1),
  negativeTtl: duration(),
  errorTtl: duration(),
  refreshAhead: within(0, 1),
  earlyRefresh: within(0, 100),
  valueVersion: whole(0),
  lease: duration(),
  leaseWait: duration(),
  afterLeaseWait: oneOf("create", "fail"),
  shareErrors: flag(),
  awaitFill: flag(),
  maxCreators: whole(),
  unconfirmed: oneOf("resolve", "reject"),
  detectReentry: flag(),
  keyMangler: leaf<KeyMangler | false>(
    "a function or false",
    (value) => value === false || typeof value === "function",
    { const: false },
  ),
  isolation: oneOf(...isolations),
  shouldCacheFn: code<NonNullable<RegionOptions["shouldCacheFn"]>>(),
  functionKeyGenerator: code<NonNullable<RegionOptions["functionKeyGenerator"]>>(),
  functionMultiKeyGenerator: code<NonNullable<RegionOptions["functionMultiKeyGenerator"]>>(),
  asyncCreationRunner: code(),
  serializer: leaf(
    "a serializer or a function",
    (value) => typeof value === "function" || (typeof value === "object" && value !== null),
    undefined,
  ),
  deserializer: code(),
  clock: clock() as z.ZodType<Clock>,
  random: code<() => number>(),
  logger: instance<Logger>("a logger", "warn"),
  waitUntil: code<NonNullable<RegionOptions["waitUntil"]>>(),
  closeTimeout: duration(),
  replay: size(),
  maxStaleness: duration(),
};

/** The names of what a region may say, beside `tiers`, `ttl` and `wrap`. */
export const settingNames: readonly string[] = Object.keys(settings);

/** A tier: a name, or a name and what the region wants of it. */
export const tierSchema: z.ZodType<TierConfig> = z.union(
  [
    text("the name of a backend"),
    object<Exclude<TierConfig, string>>({ backend: text("the name of a backend") }, { ttl: duration(), batch: flag() }),
  ],
  { error: "the name of a backend, or { backend, ttl, batch }" },
) as never;

export const ttlSchema: z.ZodType<Duration | Readonly<Record<string, Duration>>> = z.union([
  duration<Duration>(),
  z.record(z.string(), duration<Duration>(), { error: "times by tier" }),
]) as never;

export interface RegionShape extends Settings {
  readonly tiers: readonly TierConfig[];
  readonly ttl?: Duration | Readonly<Record<string, Duration>>;
  readonly wrap?: unknown;
}

export const regionSchema: z.ZodType = object<Readonly<Record<string, unknown>> & { readonly tiers: unknown }>(
  { tiers: list(tierSchema, "tiers, nearest first") },
  { ttl: ttlSchema, ...settings, wrap: anything() },
);

export const defaultsSchema: z.ZodType = object<Readonly<Record<string, unknown>>>(
  {},
  { ttl: duration<Duration>(), ...settings, wrap: anything() },
);
