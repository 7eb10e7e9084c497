import { Redis } from "ioredis6";
import { Loader, RedisCache } from "layered-loader";
import type { Cache, Candidate, Create, Profile, Setup } from "./candidate.ts";

function open({ entries, ttlMs, redisUrl }: Setup): Cache {
  let create: Create | undefined;
  const redis = redisUrl === undefined ? undefined : new Redis(redisUrl);
  const loader = new Loader<Profile>({
    inMemoryCache: { cacheType: "lru-map", ttlInMsecs: ttlMs, maxItems: entries },
    ...(redis !== undefined && {
      asyncCache: new RedisCache<Profile>(redis, { json: true, ttlInMsecs: ttlMs, prefix: "layered" }),
    }),
    dataSourceGetOneFn: async (key: string) => create?.(key),
    dataSourceGetManyFn: async () => [],
    cacheKeyFromValueResolver: (value: Profile) => `user:profile:${value.id}`,
  });
  return {
    get: (key) => loader.get(key),
    peek: (key) => loader.getInMemoryOnly(key),
    getOrCreate: (key, make) => {
      create = make;
      return loader.get(key);
    },
    getMulti: (keys) => loader.getMany([...keys]),
    set: (key, value) => loader.forceSetValue(key, value),
    setMulti: (mapping) => Promise.all([...mapping].map(([key, value]) => loader.forceSetValue(key, value))),
    delete: (key) => loader.invalidateCacheFor(key),
    oneByOne: ["setMulti"],
    close: () => redis?.quit(),
  };
}

const how = 'a Loader with inMemoryCache { cacheType: "lru-map", ttlInMsecs, maxItems }';

export const layeredLoaderMemory: Candidate = { name: "layered-loader", how, tiers: "memory", open };
export const layeredLoaderFar: Candidate = {
  name: "layered-loader",
  how: `${how} and asyncCache RedisCache(ioredis, { json: true })`,
  tiers: "memory and redis",
  open,
};
