import KeyvRedis from "@keyv/redis";
import { Keyv } from "keyv";
import type { Cache, Candidate, Setup } from "./candidate.ts";

function open({ ttlMs, redisUrl }: Setup): Cache {
  const keyv =
    redisUrl === undefined
      ? new Keyv({ ttl: ttlMs })
      : new Keyv({ store: new KeyvRedis(redisUrl), namespace: "keyv", ttl: ttlMs });
  return {
    get: (key) => keyv.get(key),
    getMulti: (keys) => keyv.getMany([...keys]),
    set: (key, value) => keyv.set(key, value),
    setMulti: (mapping) => keyv.setMany([...mapping].map(([key, value]) => ({ key, value }))),
    delete: (key) => keyv.delete(key),
    close: () => keyv.disconnect(),
  };
}

export const keyvMemory: Candidate = {
  name: "keyv",
  how: "new Keyv({ ttl }): a Map without a bound",
  tiers: "memory",
  open,
};
export const keyvFar: Candidate = { name: "keyv", how: "over KeyvRedis", tiers: "redis", open };
