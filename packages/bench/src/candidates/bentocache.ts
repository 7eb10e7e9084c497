import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { redisDriver } from "bentocache/drivers/redis";
import type { Cache, Candidate, Setup } from "./candidate.ts";

function open({ entries, ttlMs, redisUrl }: Setup): Cache {
  // Above a second tier it can't read what it has not serialized (1.6.1).
  const memory = redisUrl === undefined ? { maxItems: entries, serialize: false } : { maxItems: entries };
  const near = bentostore().useL1Layer(memoryDriver(memory));
  const store =
    redisUrl === undefined
      ? near
      : near.useL2Layer(redisDriver({ connection: { host: "127.0.0.1", port: Number(new URL(redisUrl).port) } }));
  const cache = new BentoCache({ default: "main", ttl: ttlMs, prefix: "bento", stores: { main: store } });
  return {
    get: (key) => cache.get({ key }),
    getOrCreate: (key, create) => cache.getOrSet({ key, factory: () => create(key) }),
    getMulti: (keys) => Promise.all(keys.map((key) => cache.get({ key }))),
    set: (key, value) => cache.set({ key, value }),
    setMulti: (mapping) => Promise.all([...mapping].map(([key, value]) => cache.set({ key, value }))),
    delete: (key) => cache.delete({ key }),
    oneByOne: ["getMulti", "setMulti"],
    close: () => cache.disconnectAll(),
  };
}

export const bentocacheMemory: Candidate = {
  name: "bentocache",
  how: "memoryDriver with maxItems and serialize: false, as its documentation advises for speed",
  tiers: "memory",
  open,
};
export const bentocacheFar: Candidate = {
  name: "bentocache",
  how: "memoryDriver with maxItems in front of redisDriver (ioredis); no bus",
  tiers: "memory and redis",
  open,
};
