import process from "node:process";
import { createRegion, stack } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { RedisBackend } from "@cascata/redis";

// Watch it: `redis-cli monitor`. 100 keys in one round trip; then 100 asked for, of which 60 are in memory: one MGET of 40.
const redis = new RedisBackend({ url: process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379", namespace: "trips" });
const memory = new MemoryBackend({ maxEntries: 60 });
const region = createRegion({ name: "numbers", backend: stack(memory, redis), ttl: "1m" });
const keys = Array.from({ length: 100 }, (_, index) => `n${index}`);
await region.setMulti(new Map(keys.map((key, index) => [key, index])));
const found = await region.getMulti(keys);
console.log(`${found.filter((value, index) => value === index).length} of ${keys.length} are right`);
await region.close();
await redis.close();
