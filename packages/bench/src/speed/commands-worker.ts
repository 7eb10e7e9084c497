// What the server counts: `commands-worker.js <candidate>` starts a Redis and answers the commands an operation.
import process from "node:process";
import { farCandidates } from "../candidates/all.ts";
import { profile } from "../candidates/candidate.ts";
import { farKeys, farOperations, nearEntries } from "./far-operations.ts";
import { startRedis } from "./redis.ts";

const [name] = process.argv.slice(2);
const candidate = farCandidates.find((one) => one.name === name);
if (candidate === undefined) throw new Error(`no candidate is called ${name}`);
const redis = await startRedis();
const keys = Array.from({ length: farKeys }, (_, id) => `user:profile:${id}`);
const values = keys.map((_, id) => profile(id));
const cache = await candidate.open({ entries: nearEntries, ttlMs: 600_000, redisUrl: redis.url });
for (const [at, key] of keys.entries()) await cache.set(key, values[at] as (typeof values)[number]);
const result: Record<string, string> = {};
const times = 50;
for (const operation of farOperations(cache, keys, values)) {
  await operation.run(times);
  await redis.reset();
  await operation.run(times);
  // What a feed or a clock asks now and then is not the operation's.
  const counts = Object.entries(await redis.commandCounts()).filter(([, calls]) => calls >= times / 2);
  result[operation.name] =
    counts.map(([command, calls]) => `${Math.round(calls / times)} ${command}`).join(" + ") || "0";
}
// The server ends with this process: a client whose server goes first would complain.
process.stdout.write(JSON.stringify(result), () => process.exit(0));
