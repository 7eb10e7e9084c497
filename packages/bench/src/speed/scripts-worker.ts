// What a write costs the server beside its plain command: `scripts-worker.js` answers the server's own processor time an operation, in microseconds.
import process from "node:process";
import { CachedValue } from "@cascata/core";
import { RedisBackend } from "@cascata/redis";
import { createClient } from "@redis/client";
import { profile } from "../candidates/candidate.ts";
import { median } from "../statistics.ts";
import { startRedis } from "./redis.ts";

const [rounds, keyCount, batchSize] = [12, 4000, 100];
const redis = await startRedis();
const client = await createClient({ url: redis.url }).connect();
const watcher = await createClient({ url: redis.url }).connect();
const backend = new RedisBackend({ url: redis.url, namespace: "bench" });
const keys = Array.from({ length: keyCount }, (_, at) => `user:profile:${at}`);
const wholeKey = (key: string) => `bench:{${key}}`;
let turn = 0;
const next = () => keys[turn++ % keyCount] as string;
const send = (...args: string[]) => client.sendCommand(args);
const load = async (text: string) => String(await send("SCRIPT", "LOAD", text));

const head = "cascata1 k3x9q2m1c7aa 0000000000000017 ";
const body = "x".repeat(450);
const sender = "a-sender-of-as-many-letters-as-a-uuid";
const least = `redis.call('UNLINK', KEYS[3], KEYS[3] .. ':lease')
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', '10000', '*', 'o', seq, 's', ARGV[1], 'k', KEYS[3])
return seq`;
const nothing = await load("return 1");
const smallest = await load(least);
const sets = await load("for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i], 'PX', '600000') end return 1");
const headed = await load(
  `for i = 1, #KEYS do redis.call('SET', KEYS[i], '${head}' .. ARGV[i], 'PX', '600000') end return 1`,
);
await send(
  "FUNCTION",
  "LOAD",
  `#!lua name=bench\nredis.register_function('nothing', function() return 1 end)
redis.register_function('smallest', function(KEYS, ARGV) ${least} end)`,
);
const own = ["{probe}:order", "{probe}:feed"];
const batch = () => Array.from({ length: batchSize }, () => wholeKey(next()));
const bodies = Array.from({ length: batchSize }, () => body);
const entryOf = (at: number) =>
  new CachedValue(profile(at), { createdAt: Date.now(), startedAt: Date.now(), formatVersion: 1, ttl: 600_000 });

const operations: Readonly<Record<string, () => Promise<unknown>>> = {
  UNLINK: () => send("UNLINK", wholeKey(next())),
  "EVALSHA of return 1": () => send("EVALSHA", nothing, "1", wholeKey(next())),
  "FCALL of the same": () => send("FCALL", "nothing", "1", wholeKey(next())),
  "least script of a delete": () => send("EVALSHA", smallest, "3", ...own, wholeKey(next()), sender),
  "the same as a function": () => send("FCALL", "smallest", "3", ...own, wholeKey(next()), sender),
  "the same in MULTI": () => {
    const key = wholeKey(next());
    return Promise.all([
      send("MULTI"),
      send("UNLINK", key, `${key}:lease`),
      send("HINCRBY", own[0] as string, "seq", "1"),
      send("XADD", own[1] as string, "MAXLEN", "~", "10000", "*", "s", sender, "k", key),
      send("EXEC"),
    ]);
  },
  "RedisBackend.delete": async () => backend.delete(next(), { sender }),
  "100 SET, a pipeline": () => Promise.all(batch().map((key) => send("SET", key, body, "PX", "600000"))),
  "100 SET, a script": () => send("EVALSHA", sets, String(batchSize), ...batch(), ...bodies),
  "100 SET with heads, a script": () => send("EVALSHA", headed, String(batchSize), ...batch(), ...bodies),
  "RedisBackend.setMulti": async () =>
    backend.setMulti(new Map(Array.from({ length: batchSize }, (_, at) => [next(), entryOf(at)])), { sender }),
};

async function serverMicros(): Promise<number> {
  const info = String(await watcher.sendCommand(["INFO", "cpu"]));
  const of = (name: string) => Number(new RegExp(`used_cpu_${name}_main_thread:([\\d.]+)`).exec(info)?.[1]);
  return (of("user") + of("sys")) * 1e6;
}

const measured = new Map<string, number[]>(Object.keys(operations).map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, run] of Object.entries(operations)) {
    const count = name.includes("100") || name.includes("Multi") ? 60 : 600;
    const before = await serverMicros();
    for (let at = 0; at < count; at += 1) await run();
    // The first rounds make the keys and warm everything up.
    if (round > 2) measured.get(name)?.push(((await serverMicros()) - before) / count);
  }
}
const figures = Object.fromEntries([...measured].map(([name, all]) => [name, median(all)]));
process.stdout.write(JSON.stringify(figures), () => process.exit(0));
