import { type Clock, systemClock } from "./clock.ts";
import { type Duration, durationMs, sizeBytes } from "./duration.ts";
import { ConfigurationError, type Mistake, ValidationError } from "./errors.ts";
import type { FunctionKeyGenerator, FunctionMultiKeyGenerator } from "./function-keys.ts";
import type { AsyncCreationRunner } from "./hand-over.ts";
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
import type { Logger } from "./region-events.ts";
import type { RegionOptions } from "./region-options.ts";
import type { Serializer } from "./serializer.ts";
import { serializerOf } from "./serializing-proxy.ts";

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
