import { LRUCache } from "lru-cache";
import type { Candidate, Create, Profile } from "./candidate.ts";

export const lruCache: Candidate = {
  name: "lru-cache",
  how: "max and ttl; getOrCreate is its own fetch() with a fetchMethod",
  tiers: "memory",
  open: ({ entries, ttlMs }) => {
    const lru = new LRUCache<string, Profile, Create>({
      max: entries,
      ttl: ttlMs,
      fetchMethod: (key, _stale, { context }) => context(key),
    });
    return {
      get: async (key) => lru.get(key),
      peek: (key) => lru.get(key),
      getOrCreate: (key, create) => lru.fetch(key, { context: create }),
      set: (key, value) => lru.set(key, value),
      close: () => lru.clear(),
    };
  },
};
