// A value of 10 MB: `large-worker.js` answers how long the event loop stands still for it, and what the wall says, in milliseconds.
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { CachedValue, createRegion, richSerializer, stackWith, Wire } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { RedisBackend } from "@cascata/redis";
import { profile } from "../candidates/candidate.ts";
import { median } from "../statistics.ts";
import { startRedis } from "./redis.ts";

const times = 9;
const payload = { all: Array.from({ length: 43_000 }, (_, id) => profile(id)) };
const json = Buffer.from(JSON.stringify(payload));
const entry = new CachedValue(payload, { createdAt: Date.now(), startedAt: Date.now(), formatVersion: 1, ttl: 60_000 });
const wire = new Wire({ serializer: richSerializer });
const stored = wire.encode("k", entry);
const narrow = new Wire({ serializer: richSerializer, maxEntryBytes: 1_000_000 });
const redis = await startRedis();
const far = () => new RedisBackend({ url: redis.url, deadline: "5s" });
const settings = { protection: { timeout: "5s" } } as const;
const writing = createRegion({
  name: "large",
  backend: stackWith(settings, new MemoryBackend({ maxEntries: 9 }), far()),
});
const reading = createRegion({ name: "large", backend: stackWith(settings, far()) });
const found = (value: unknown) => {
  if (value === undefined) throw new Error("nothing came back");
  return value;
};

/** The longest time between two turns of the loop while `run` goes on. */
async function stall(run: () => unknown): Promise<number> {
  let [last, longest, watching] = [performance.now(), 0, true];
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(turn);
  };
  setImmediate(turn);
  await wait(5);
  longest = 0;
  await run();
  await wait(20);
  watching = false;
  return longest;
}

const operations: Readonly<Record<string, () => unknown>> = {
  "JSON, encoded": () => Buffer.from(JSON.stringify(payload)),
  "JSON, decoded": () => JSON.parse(json.toString()),
  "entry, encoded": () => wire.encode("k", entry),
  "entry, decoded": () => wire.decode("k", stored),
  "region.set": async () => {
    if (!(await writing.set("k", payload)).confirmed) throw new Error("not stored");
  },
  "region.get": async () => found(await reading.get("k")),
  "refused at 1 MB": () => {
    try {
      narrow.encode("k", entry);
    } catch (error) {
      return error;
    }
    throw new Error("not refused");
  },
};
const figures: Record<string, number> = {};
for (const [name, run] of Object.entries(operations)) {
  const stalls: number[] = [];
  for (let at = 0; at < times; at += 1) stalls.push(await stall(run));
  figures[name] = median(stalls);
}
process.stdout.write(JSON.stringify(figures), () => process.exit(0));
