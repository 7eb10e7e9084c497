import {
  aSerializer,
  type Clock,
  ConfigurationError,
  checkOptionNames,
  type Duration,
  durationMs,
  type KeyMangler,
  type Mistake,
  richSerializer,
  type Serializer,
  type Size,
  sizeBytes,
  systemClock,
} from "@cascata/core";
import type { RedisClientOptions, RedisClusterOptions, RedisSentinelOptions } from "@redis/client";
import type { AnyRedisLike } from "./redis-like.ts";
import { addressOf, type RedisTarget, targetOf } from "./target.ts";

/** What the change feed takes. */
export interface RedisFeedOptions {
  /**
   * About so many notices are kept. A process that was cut off for more of them than that has to confirm what it holds.
   * @default 100000
   */
  readonly length?: number;
  /**
   * Nothing heard for so long, not even a heartbeat: the feed is silent and its connection is made anew. Heartbeats come
   * three times as often.
   * @default "1s"
   */
  readonly heartbeat?: Duration;
  /**
   * Another way to the same Redis for the feed's own connection: through a port or an account that may block, say. For a
   * single server.
   * @default the way of the data
   */
  readonly url?: string;
}

/** What a {@link RedisBackend} takes. One of `url`, `connect` and `client`; none is the Redis at `localhost:6379`. */
export interface RedisBackendOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]` */
  readonly url?: string;
  /**
   * Options of `@redis/client`: of `createClient` (`socket`, `password`, TLS …), of `createCluster` (with `rootNodes`) or
   * of `createSentinel` (with `sentinelRootNodes`). What this package promises takes precedence: no offline queue, no
   * time limits of the client's own, its own way to connect again.
   */
  readonly connect?: RedisClientOptions | RedisClusterOptions | RedisSentinelOptions;
  /** A client that somebody else made and closes. It is used as it is; the feed opens a duplicate, which is ours. */
  readonly client?: AnyRedisLike;
  /**
   * Stands before every key. Two backends with one namespace on one Redis are the same store.
   * @default "cascata"
   */
  readonly namespace?: string;
  /** Names the tier. @default "redis" */
  readonly name?: string;
  /** @default the rich serializer of `@cascata/core` */
  readonly serializer?: Serializer;
  /** Every operation has ended after so long. @default "250ms" */
  readonly deadline?: Duration;
  /** A larger entry is refused, before it is sent. @default no bound */
  readonly maxEntrySize?: Size;
  /**
   * Values above this travel over a second connection, made when first needed, so that small ones don't wait behind them:
   * when they are written, and when they are read again. `Infinity`: never. Not in a Redis Cluster, nor without leases for
   * what is written.
   * @default "256kb"
   */
  readonly bulkAbove?: Size;
  /** Applied to each key by the region, after its own. */
  readonly keyMangler?: KeyMangler;
  /**
   * Leases on reads, orders on writes: one creator in the whole cluster, and no stale fill. Without them, and without the
   * feed, writes are plain `SET` and `UNLINK`.
   * @default true
   */
  readonly leases?: boolean;
  /** Tells other processes what has changed. Needs leases. @default true */
  readonly feed?: boolean | RedisFeedOptions;
  /** More marks than that, and the oldest become one that covers all entries from before. @default 10000 */
  readonly maxMarks?: number;
  /** A lock nobody released is free after so long; `Infinity`: never. @default "30s" */
  readonly lockTimeout?: Duration;
  /** How often a waiting lock looks whether it is free. @default "100ms" */
  readonly lockSleep?: Duration;
  /** How long a lock waits its turn before it gives up. @default Infinity */
  readonly lockBlockingTimeout?: Duration;
  /** Stands before the keys of locks. @default "lock:" */
  readonly lockPrefix?: string;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

/** All options, checked and with their defaults. */
export interface ResolvedRedisOptions {
  readonly target: RedisTarget;
  readonly namespace: string;
  readonly name: string;
  readonly serializer: Serializer;
  readonly deadlineMs: number;
  readonly maxEntryBytes: number;
  readonly bulkAboveBytes: number;
  readonly keyMangler: KeyMangler | undefined;
  readonly leases: boolean;
  /** Where the feed connects, if not where the data is. */
  readonly feedTarget: RedisTarget | undefined;
  /** 0: no feed. */
  readonly feedLength: number;
  readonly heartbeatMs: number;
  readonly maxMarks: number;
  readonly lock: ResolvedLockOptions;
  readonly clock: Clock;
}

/** A lock's own part. */
export interface ResolvedLockOptions {
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly sleepMs: number;
  readonly blockingMs: number;
}

const known: readonly (keyof RedisBackendOptions)[] = [
  "url",
  "connect",
  "client",
  "namespace",
  "name",
  "serializer",
  "deadline",
  "maxEntrySize",
  "bulkAbove",
  "keyMangler",
  "leases",
  "feed",
  "maxMarks",
  "lockTimeout",
  "lockSleep",
  "lockBlockingTimeout",
  "lockPrefix",
  "clock",
];

/** The names that configuration may use. */
export const redisOptionNames: readonly string[] = known;

/** @throws ConfigurationError with every mistake that the options hold */
export function resolveRedisOptions(options: RedisBackendOptions): ResolvedRedisOptions {
  checkOptionNames(options, known, "redis");
  const mistakes: Mistake[] = [];
  const expect = (ok: boolean, option: string, expected: string, received: unknown): void => {
    if (!ok) mistakes.push({ path: `redis.${option}`, expected, received });
  };
  const collect = <T>(run: () => T, otherwise: T): T => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      mistakes.push(...error.mistakes);
      return otherwise;
    }
  };
  const ms = (option: string, value: Duration, finite: boolean): number => {
    const measured = collect(() => durationMs(value, `redis.${option}`), 1);
    expect(
      measured > 0 && (!finite || measured < Number.POSITIVE_INFINITY),
      option,
      finite ? "more than 0, and an end" : "more than 0",
      value,
    );
    return measured;
  };
  const {
    namespace = "cascata",
    name = "redis",
    serializer = richSerializer,
    keyMangler,
    lockPrefix = "lock:",
  } = options;
  const { maxMarks = 10_000, clock = systemClock, leases, feed } = options;
  expect(
    typeof namespace === "string" && /^[^{}\p{Cc}\p{Cs}]+$/u.test(namespace),
    "namespace",
    "a text without braces and control characters, not empty",
    namespace,
  );
  expect(typeof name === "string" && name !== "", "name", "a name", name);
  expect(typeof lockPrefix === "string", "lockPrefix", "a text", lockPrefix);
  expect(keyMangler === undefined || typeof keyMangler === "function", "keyMangler", "a function", keyMangler);
  expect(aSerializer.accepts(serializer), "serializer", aSerializer.expected, serializer);
  expect(Number.isSafeInteger(maxMarks) && maxMarks > 0, "maxMarks", "a whole number from 1 on", maxMarks);
  expect(leases === undefined || typeof leases === "boolean", "leases", "true or false", leases);
  const target = collect(() => targetOf(options), { kind: "single", options: {} } as const);
  const hasLeases = leases ?? true;
  expect(hasLeases || feed === undefined || feed === false, "feed", "false beside leases: false", feed);
  const feedOptions = collect(() => feedOf(feed), {});
  const { length = 100_000, heartbeat = "1s", url: feedUrl } = feedOptions ?? {};
  const feedTarget = feedUrl === undefined ? undefined : collect(() => addressOf(feedUrl, "redis.feed.url"), undefined);
  expect(
    feedUrl === undefined || target.kind === "single",
    "feed.url",
    "nothing beside a cluster or sentinels",
    feedUrl,
  );
  expect(Number.isSafeInteger(length) && length > 0, "feed.length", "a whole number from 1 on", length);
  const resolved: ResolvedRedisOptions = {
    target,
    namespace,
    name,
    serializer,
    keyMangler,
    deadlineMs: ms("deadline", options.deadline ?? "250ms", true),
    maxEntryBytes: collect(() => sizeBytes(options.maxEntrySize ?? Number.POSITIVE_INFINITY, "redis.maxEntrySize"), 0),
    bulkAboveBytes: collect(() => sizeBytes(options.bulkAbove ?? "256kb", "redis.bulkAbove"), 0),
    leases: hasLeases,
    feedTarget,
    feedLength: hasLeases && feedOptions !== undefined ? length : 0,
    heartbeatMs: ms("feed.heartbeat", heartbeat, true),
    maxMarks,
    lock: Object.freeze({
      prefix: lockPrefix,
      timeoutMs: ms("lockTimeout", options.lockTimeout ?? "30s", false),
      sleepMs: ms("lockSleep", options.lockSleep ?? "100ms", true),
      blockingMs: collect(
        () => durationMs(options.lockBlockingTimeout ?? Number.POSITIVE_INFINITY, "redis.lockBlockingTimeout"),
        0,
      ),
    }),
    clock,
  };
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return Object.freeze(resolved);
}

/** Nothing: no feed. */
function feedOf(feed: RedisBackendOptions["feed"]): RedisFeedOptions | undefined {
  if (feed === false) return undefined;
  if (feed === undefined || feed === true) return {};
  checkOptionNames(feed, ["length", "heartbeat", "url"], "redis.feed");
  return feed;
}
