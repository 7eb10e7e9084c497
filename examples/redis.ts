import process from "node:process";
import { createRegion, stack } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { RedisBackend } from "@cascata/redis";

const url = process.env["REDIS_URL"];
if (url === undefined) throw new Error("REDIS_URL names the Redis to use, such as redis://127.0.0.1:6379");

// Two processes of an application: each has its own memory, and Redis beneath both.
function application(url: string) {
  const memory = new MemoryBackend({ maxEntries: 1_000 });
  const redis = new RedisBackend({ url, namespace: "example" });
  const users = createRegion({ name: "users", backend: stack(memory, redis), ttl: "5m", awaitFill: true });
  return { users, redis };
}
const [one, other] = [application(url), application(url)];

console.log(await one.users.getOrCreate("ada", async () => ({ name: "Ada", made: "by one" })));
console.log(await other.users.getOrCreate("ada", async () => ({ name: "Ada", made: "by the other" })));

// Deleted by one, gone for both, also from the other's memory.
await one.users.delete("ada");
console.log(await other.users.getOrCreate("ada", async () => ({ name: "Ada", made: "anew" })));

for (const { users, redis } of [one, other]) {
  await users.close();
  await redis.close();
}
