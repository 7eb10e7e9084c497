import KeyvRedis from "@keyv/redis";
import { createCache } from "cache-manager";
import { CacheableMemory } from "cacheable";
import { Keyv } from "keyv";
import type { Cache, Candidate, Setup } from "./candidate.ts";

function open({ entries, ttlMs, redisUrl }: Setup): Cache {
  const near = new Keyv({ store: new CacheableMemory({ ttl: ttlMs, lruSize: entries }) });
  const far = redisUrl === undefined ? [] : [new Keyv({ store: new KeyvRedis(redisUrl), namespace: "manager" })];
  const cache = createCache({ stores: [near, ...far], ttl: ttlMs });
  return {
    get: (key) => cache.get(key),
    getOrCreate: (key, create) => cache.wrap(key, async () => create(key)),
    getMulti: (keys) => cache.mget([...keys]),
    set: (key, value) => cache.set(key, value),
    setMulti: (mapping) => cache.mset([...mapping].map(([key, value]) => ({ key, value }))),
    delete: (key) => cache.del(key),
    close: () => cache.disconnect(),
  };
}

const how = "a Keyv over CacheableMemory with ttl and lruSize";

export const cacheManagerMemory: Candidate = { name: "cache-manager", how, tiers: "memory", open };
export const cacheManagerFar: Candidate = {
  name: "cache-manager",
  how: `${how}, then a Keyv over KeyvRedis`,
  tiers: "memory and redis",
  open,
};
