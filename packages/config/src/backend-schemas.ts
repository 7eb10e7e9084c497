import type { CircuitBreakerOptions, Duration, KeyMangler, Serializer, Size } from "@cascata/core";
import type { z } from "zod";
import type {
  BackendPackages,
  KeyvConfig,
  LmdbConfig,
  MemorySettingsConfig,
  NullConfig,
  RedisConfig,
  RemoteBackendConfig,
} from "./known-backends.ts";
import { serializer } from "./proxy-schemas.ts";
import {
  anyObject,
  anything,
  clock,
  code,
  duration,
  flag,
  instance,
  object,
  oneOf,
  orFalse,
  orFlag,
  size,
  text,
  whole,
  within,
} from "./schema-parts.ts";

/** `wrap` is checked by itself, each proxy by its own schema. */
type Own<T> = Omit<T, "wrap"> & { readonly wrap?: unknown };
type OwnRemote = Own<RemoteBackendConfig>;

const breaker = object<CircuitBreakerOptions>(
  {},
  {
    timeouts: whole(),
    failureRate: within(0, 1),
    minimumCalls: whole(),
    window: duration(),
    retryAfter: duration(),
    maxRetryAfter: duration(),
  },
);

/** What every backend takes. */
export const sharedFields: { readonly wrap: z.ZodType } = { wrap: anything() };

/** What a backend takes that may be remote. */
export const remoteFields: {
  readonly timeout: z.ZodType<Duration>;
  readonly breaker: z.ZodType<CircuitBreakerOptions | false>;
  readonly maxInFlight: z.ZodType<number>;
  readonly wrap: z.ZodType;
} = {
  timeout: duration<Duration>(),
  breaker: orFalse(breaker),
  maxInFlight: whole(),
  wrap: anything(),
} satisfies { readonly [K in keyof Required<OwnRemote>]: z.ZodType };

const mangler = () => code<KeyMangler>();

/** Each bound is optional here; that one is there, the package itself checks. */
type MemoryOptions = Own<MemorySettingsConfig> & { readonly maxEntries?: number; readonly maxSize?: Size };

const memorySettings = () => ({
  name: text(),
  policy: oneOf("lru", "adaptive"),
  maxEntrySize: size<Size>(),
  weigh: code<NonNullable<MemoryOptions["weigh"]>>(),
  onRemoved: code<NonNullable<MemoryOptions["onRemoved"]>>(),
  clock: clock(),
  maxEntries: whole(),
  maxSize: size<Size>(),
});

const feed = object<Exclude<RedisConfig["feed"], boolean | undefined>>(
  {},
  { length: whole(), heartbeat: duration(), url: text() },
);

/** What each package takes in configuration, without `use` and `wrap`. */
export const backendSchemas: { readonly [P in keyof BackendPackages]: z.ZodType } = {
  "@cascata/memory": object<MemoryOptions>({}, { ...memorySettings(), ...sharedFields }),
  "@cascata/memory#serializing": object<MemoryOptions & { readonly serializer?: Serializer }>(
    {},
    { ...memorySettings(), serializer: serializer(), ...sharedFields },
  ),
  "@cascata/memory#null": object<Own<NullConfig>>({}, { name: text(), ...sharedFields }),
  "@cascata/lmdb": object<Own<LmdbConfig>>(
    { path: text("the path of a file") },
    {
      maxSize: size(),
      maxEntrySize: size(),
      name: text(),
      serializer: serializer(),
      keyMangler: mangler(),
      onDamage: oneOf("refuse", "rebuild"),
      pollEvery: duration(),
      lockTimeout: duration(),
      clock: clock(),
      ...sharedFields,
    },
  ),
  "@cascata/redis": object<Own<RedisConfig>>(
    {},
    {
      url: text("redis://host:port or rediss://host:port"),
      connect: anyObject("options of @redis/client"),
      client: instance("a client of @redis/client", "sendCommand", "on"),
      namespace: text(),
      name: text(),
      serializer: serializer(),
      deadline: duration(),
      maxEntrySize: size(),
      bulkAbove: size(),
      keyMangler: mangler(),
      leases: flag(),
      feed: orFlag(feed),
      maxMarks: whole(),
      lockTimeout: duration(),
      lockSleep: duration(),
      lockBlockingTimeout: duration(),
      lockPrefix: text(),
      clock: clock(),
      ...remoteFields,
    },
  ),
  "@cascata/keyv": object<Own<KeyvConfig>>(
    { store: anyObject("a Keyv, a storage adapter, a Map, or { use: … }") },
    {
      name: text(),
      deadline: duration(),
      serializer: serializer(),
      maxEntrySize: size(),
      keyMangler: mangler(),
      clearStore: flag(),
      closeStore: flag(),
      clock: clock(),
      ...remoteFields,
    },
  ),
};
