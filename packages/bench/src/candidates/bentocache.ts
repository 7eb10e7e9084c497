import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { redisDriver } from "bentocache/drivers/redis";
import type { Cache, Candidate, Setup } from "./candidate.ts";

function open({ entries, ttlMs, redisUrl }: Setup): Cache {
  const near = bentostore().useL1Layer(memoryDriver({ maxItems: entries, serialize: false }));
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

const how = "memoryDriver with maxItems and serialize: false, as its documentation advises for speed";

export const bentocacheMemory: Candidate = { name: "bentocache", how, tiers: "memory", open };
export const bentocacheFar: Candidate = {
  name: "bentocache",
  how: `${how}, in front of redisDriver (ioredis); no bus`,
  tiers: "memory and redis",
  open,
};
