import { type CacheEntry, cachified, totalTtl } from "@epic-web/cachified";
import { createClient } from "@redis/client";
import { LRUCache } from "lru-cache";
import type { Cache, Candidate, Create, Profile, Setup } from "./candidate.ts";

async function open({ entries, ttlMs, redisUrl }: Setup): Promise<Cache> {
  const lru = new LRUCache<string, CacheEntry>({ max: entries });
  const client = redisUrl === undefined ? undefined : await createClient({ url: redisUrl }).connect();
  // As its documentation writes an adapter: the entry as JSON, and the ttl of its metadata.
  const far = client && {
    get: async (key: string) => {
      const text = await client.get(`cachified:${key}`);
      return text === null ? null : (JSON.parse(text) as CacheEntry);
    },
    set: async (key: string, entry: CacheEntry) => {
      const life = totalTtl(entry.metadata);
      await client.set(`cachified:${key}`, JSON.stringify(entry), { expiration: { type: "PX", value: life } });
    },
    delete: (key: string) => client.del(`cachified:${key}`),
  };
  const entryOf = (value: Profile): CacheEntry => ({
    value,
    metadata: { createdTime: Date.now(), ttl: ttlMs, swr: 0 },
  });
  const getOrCreate = (key: string, create: Create) =>
    cachified({
      key,
      cache: lru,
      ttl: ttlMs,
      getFreshValue: () =>
        far === undefined ? create(key) : cachified({ key, cache: far, ttl: ttlMs, getFreshValue: () => create(key) }),
    });
  return {
    getOrCreate,
    set: async (key, value) => {
      await far?.set(key, entryOf(value));
      lru.set(key, entryOf(value));
    },
    delete: async (key) => {
      await far?.delete(key);
      lru.delete(key);
    },
    close: () => client?.close(),
  };
}

const how = "cachified() over lru-cache; it has no get without a function, so writes go to its caches by hand";

export const cachifiedMemory: Candidate = { name: "cachified", how, tiers: "memory", open };
export const cachifiedFar: Candidate = {
  name: "cachified",
  how: `${how}; its getFreshValue is a cachified() over Redis`,
  tiers: "memory and redis",
  open,
};
