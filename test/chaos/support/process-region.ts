import { type Clock, createRegion, type Region, type RegionOptions, stackWith } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { RedisBackend, type RedisBackendOptions } from "@cascata/redis";

/** How a process sets its cache up. It travels as JSON. */
export interface ProcessSettings {
  readonly redis: Pick<RedisBackendOptions, "url" | "connect" | "feed" | "namespace" | "deadline">;
  readonly region?: Partial<
    Pick<RegionOptions, "ttl" | "grace" | "lease" | "leaseWait" | "retryAfter" | "unconfirmed">
  >;
  readonly maxStalenessMs?: number;
  /** Of the memory tier. @default 100000 */
  readonly maxEntries?: number;
  /** The Redis that stands for the database; nothing happens to it. */
  readonly originUrl?: string;
}

/** A region over memory and Redis, as an application would have it. */
export interface ProcessRegion<V> extends AsyncDisposable {
  readonly region: Region<V>;
  readonly redis: RedisBackend;
}

/** Opens it; what is not said is as it is by default. */
export function openRegion<V = unknown>(settings: ProcessSettings, clock?: Clock): ProcessRegion<V> {
  const own = clock === undefined ? {} : { clock };
  const redis = new RedisBackend({ ...settings.redis, ...own });
  const { maxStalenessMs } = settings;
  const staleness = maxStalenessMs === undefined ? {} : { maxStaleness: maxStalenessMs };
  const memory = new MemoryBackend({ maxEntries: settings.maxEntries ?? 100_000, ...own });
  const region = createRegion<V>({
    name: "chaos",
    backend: stackWith({ ...own, ...staleness }, memory, redis),
    ttl: "10m",
    ...own,
    ...settings.region,
  });
  const close = async (): Promise<void> => {
    await region.close();
    await redis.close();
  };
  return { region, redis, [Symbol.asyncDispose]: close };
}
