import type { CacheBackend, CircuitBreakerOptions, Clock, Duration, KeyMangler, Serializer, Size } from "@cascata/core";
import type { ForeignModule } from "./foreign-module.ts";
import type { WrapConfig } from "./known-proxies.ts";

/** What every named backend takes beside its own options. */
export interface SharedBackendConfig {
  /** Proxies around it, outermost first; shared by all regions that name the backend. */
  readonly wrap?: readonly WrapConfig[];
}

/** What a backend takes that may be remote; one that turns out not to be refuses it. */
export interface RemoteBackendConfig extends SharedBackendConfig {
  /** No operation takes longer. @default "250ms" */
  readonly timeout?: Duration;
  /** When its circuit opens; `false`: never. @default the breaker's own defaults */
  readonly breaker?: CircuitBreakerOptions | false;
  /** Operations that may wait for an answer at once. @default 1024 */
  readonly maxInFlight?: number;
}

/** What every memory tier takes beside its bound. */
export interface MemorySettingsConfig extends SharedBackendConfig {
  /** Names the tier in events and results. @default the backend's name in the configuration */
  readonly name?: string;
  /** What gives way when it is full. @default "lru" */
  readonly policy?: "lru" | "adaptive";
  /** A larger entry is refused. @default the whole bound in bytes */
  readonly maxEntrySize?: Size;
  /** Bytes of an entry; only with `maxSize` or `maxEntrySize`. */
  readonly weigh?: (key: string, entry: never) => number;
  readonly onRemoved?: (key: string, entry: never, cause: never) => void;
  readonly clock?: Clock;
}

/** One of the bounds is needed: an unbounded memory tier does not compile. */
type Bound =
  | { readonly maxEntries: number; readonly maxSize?: Size }
  | { readonly maxEntries?: number; readonly maxSize: Size };

/** `@cascata/memory` */
export type MemoryConfig = MemorySettingsConfig & Bound;

/** `@cascata/memory#serializing` */
export type SerializingMemoryConfig = MemorySettingsConfig & Bound & { readonly serializer?: Serializer };

/** `@cascata/memory#null` */
export interface NullConfig extends SharedBackendConfig {
  readonly name?: string;
}

/** `@cascata/lmdb` */
export interface LmdbConfig extends SharedBackendConfig {
  /** The file; relative to the working directory. */
  readonly path: string;
  /** The file grows to this and no further. @default "1gb" */
  readonly maxSize?: Size;
  /** A larger entry is refused. @default an eighth of `maxSize` */
  readonly maxEntrySize?: Size;
  /** Names the tier in events and results. @default the backend's name in the configuration */
  readonly name?: string;
  readonly serializer?: Serializer;
  readonly keyMangler?: KeyMangler;
  /** A damaged file is refused, or set aside and rebuilt empty. @default "refuse" */
  readonly onDamage?: "refuse" | "rebuild";
  /** How often the file is looked at for other processes' changes. @default "5ms" */
  readonly pollEvery?: Duration;
  /** How long a mutex is held at most. @default "30s" */
  readonly lockTimeout?: Duration;
  readonly clock?: Clock;
}

/** `@cascata/redis`; one of `url`, `connect` and `client`, none is `localhost:6379`. */
export interface RedisConfig extends RemoteBackendConfig {
  /** `redis[s]://[[user][:password]@]host[:port][/database]` */
  readonly url?: string;
  /** Options of `@redis/client`: of a client, a cluster (`rootNodes`) or a Sentinel (`sentinelRootNodes`). */
  readonly connect?: object;
  /** A live client; not closed by the caches. */
  readonly client?: object;
  /** Stands before every key. @default "cascata" */
  readonly namespace?: string;
  /** Names the tier in events and results. @default the backend's name in the configuration */
  readonly name?: string;
  readonly serializer?: Serializer;
  /** Every operation has ended after so long. @default "250ms" */
  readonly deadline?: Duration;
  /** A larger entry is refused. @default no bound */
  readonly maxEntrySize?: Size;
  /** Larger values travel over a connection of their own. @default "256kb" */
  readonly bulkAbove?: Size;
  readonly keyMangler?: KeyMangler;
  /** One creator in the whole cluster, and no stale fill. @default true */
  readonly leases?: boolean;
  /** Tells other processes what has changed. Needs leases. @default true */
  readonly feed?: boolean | { readonly length?: number; readonly heartbeat?: Duration; readonly url?: string };
  /** More marks than that, and the oldest become one. @default 10000 */
  readonly maxMarks?: number;
  /** A lock nobody released is free after so long. @default "30s" */
  readonly lockTimeout?: Duration;
  /** How often a waiting lock looks whether it is free. @default "100ms" */
  readonly lockSleep?: Duration;
  /** How long a lock waits its turn. @default Infinity */
  readonly lockBlockingTimeout?: Duration;
  /** Stands before the keys of locks. @default "lock:" */
  readonly lockPrefix?: string;
  readonly clock?: Clock;
}

/** A Keyv adapter by its package, for plain data: `{ use: "@keyv/memcache", uri: "localhost:11211" }`. */
export interface KeyvStoreConfig {
  readonly use: string;
  /** The adapter's first argument. */
  readonly uri?: string;
  /** The adapter's next argument, or the first without a `uri`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** `@cascata/keyv` */
export interface KeyvConfig extends RemoteBackendConfig {
  /** A Keyv, a storage adapter, a `Map`, or which adapter to make. */
  readonly store: KeyvStoreConfig | object;
  /** Names the tier in events and results. @default the backend's name in the configuration */
  readonly name?: string;
  /** No operation takes longer. @default "250ms" */
  readonly deadline?: Duration;
  readonly serializer?: Serializer;
  /** A larger entry is refused. @default no bound */
  readonly maxEntrySize?: Size;
  readonly keyMangler?: KeyMangler;
  /** Whether the backend has a `clear`, which calls the store's own. @default false */
  readonly clearStore?: boolean;
  /** Whether `close` disconnects the store too. @default false, true for an adapter that the configuration names */
  readonly closeStore?: boolean;
  readonly clock?: Clock;
}

/**
 * The options of each package that configuration knows by name. A package of somebody else's adds itself:
 * `declare module "@cascata/config" { interface BackendPackages { "their-package": TheirOptions } }`.
 */
export interface BackendPackages {
  "@cascata/memory": MemoryConfig;
  "@cascata/memory#serializing": SerializingMemoryConfig;
  "@cascata/memory#null": NullConfig;
  "@cascata/lmdb": LmdbConfig;
  "@cascata/redis": RedisConfig;
  "@cascata/keyv": KeyvConfig;
}

/** A backend by its package, with its options; a file that exports one; or a live backend, which stays its maker's to close. */
export type BackendConfig =
  | { [P in keyof BackendPackages]: { readonly use: P } & BackendPackages[P] }[keyof BackendPackages]
  | (RemoteBackendConfig & { readonly use: ForeignModule; readonly [option: string]: unknown })
  | CacheBackend;
