import { createStorage } from "unstorage";
import lruCacheDriver from "unstorage/drivers/lru-cache";
import redisDriver from "unstorage/drivers/redis";
import type { Cache, Candidate, Setup } from "./candidate.ts";

function open({ entries, ttlMs, redisUrl }: Setup): Cache {
  const driver =
    redisUrl === undefined
      ? lruCacheDriver({ max: entries, ttl: ttlMs })
      : redisDriver({ base: "unstorage", url: redisUrl, ttl: Math.round(ttlMs / 1000) });
  const storage = createStorage({ driver });
  return {
    get: (key) => storage.getItem(key),
    getMulti: (keys) => storage.getItems([...keys]),
    set: (key, value) => storage.setItem(key, value as never),
    setMulti: (mapping) => storage.setItems([...mapping].map(([key, value]) => ({ key, value: value as never }))),
    delete: (key) => storage.removeItem(key),
    close: () => storage.dispose(),
  };
}

export const unstorageMemory: Candidate = {
  name: "unstorage",
  how: "createStorage over the lru-cache driver, max and ttl",
  tiers: "memory",
  open,
};
export const unstorageFar: Candidate = { name: "unstorage", how: "over the redis driver", tiers: "redis", open };
