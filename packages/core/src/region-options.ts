import type { CacheBackend } from "./backend.ts";
import type { Clock } from "./clock.ts";
import type { Duration, Size } from "./duration.ts";
import type { FunctionKeyGenerator, FunctionMultiKeyGenerator } from "./function-keys.ts";
import type { AsyncCreationRunner } from "./hand-over.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import type { Isolation } from "./isolation.ts";
import type { KeyMangler } from "./keys.ts";
import type { ProxyFactory } from "./proxy-factory.ts";
import type { Logger } from "./region-events.ts";
import type { Serializer } from "./serializer.ts";
import type { SerializerOption } from "./serializing-proxy.ts";

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
