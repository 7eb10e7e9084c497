import KeyvRedis from "@keyv/redis";
import { Cacheable, createKeyv } from "cacheable";
import type { Cache, Candidate, Setup } from "./candidate.ts";

function open({ entries, ttlMs, redisUrl }: Setup): Cache {
  const primary = createKeyv({ ttl: ttlMs, lruSize: entries, useClone: false });
  const cache = new Cacheable(
    redisUrl === undefined
      ? { primary, ttl: ttlMs }
      : { primary, secondary: new KeyvRedis(redisUrl, { namespace: "cacheable" }), ttl: ttlMs },
  );
  return {
    get: (key) => cache.get(key),
    getOrCreate: (key, create) => cache.getOrSet(key, async () => create(key)),
    getMulti: (keys) => cache.getMany([...keys]),
    set: (key, value) => cache.set(key, value),
    setMulti: (mapping) => cache.setMany([...mapping].map(([key, value]) => ({ key, value }))),
    delete: (key) => cache.delete(key),
    close: () => cache.disconnect(),
  };
}

const how = "createKeyv({ ttl, lruSize, useClone: false }) as primary";

export const cacheableMemory: Candidate = { name: "cacheable", how, tiers: "memory", open };
export const cacheableFar: Candidate = {
  name: "cacheable",
  how: `${how}, KeyvRedis as secondary`,
  tiers: "memory and redis",
  open,
};
