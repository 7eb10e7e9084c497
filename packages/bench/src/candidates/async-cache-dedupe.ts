import { createCache } from "async-cache-dedupe";
import { Redis } from "ioredis";
import type { Cache, Candidate, Create, Setup } from "./candidate.ts";

function open({ entries, ttlMs, redisUrl }: Setup): Cache {
  let create: Create | undefined;
  const ttl = Math.round(ttlMs / 1000);
  const client = redisUrl === undefined ? undefined : new Redis(redisUrl);
  const storage =
    client === undefined
      ? ({ type: "memory", options: { size: entries } } as const)
      : ({ type: "redis", options: { client } } as const);
  const cache = createCache({ ttl, storage: storage as never }).define("profile", async (key: string) => create?.(key));
  const load = (key: string) => cache.profile(key);
  return {
    get: load,
    getOrCreate: (key, make) => {
      create = make;
      return load(key);
    },
    // It has no set: a value comes in by being asked for.
    set: async (key, value) => {
      create = () => value;
      await cache.clear("profile", key);
      await load(key);
    },
    delete: async (key) => cache.clear("profile", key),
    close: () => client?.quit(),
  };
}

const how = "createCache({ ttl }).define(); it has no get without a function, and its set is a clear and a call";

export const asyncCacheDedupeMemory: Candidate = {
  name: "async-cache-dedupe",
  how: `${how}; storage memory with size`,
  tiers: "memory",
  open,
};
export const asyncCacheDedupeFar: Candidate = {
  name: "async-cache-dedupe",
  how: `${how}; storage redis`,
  tiers: "redis",
  open,
};
