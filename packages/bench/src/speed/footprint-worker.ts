// Bytes an entry: `node --expose-gc footprint-worker.js <candidate> <entries>`. The key's text and the value are shared and not counted.
import process from "node:process";
import { memoryCandidates } from "../candidates/all.ts";
import { profile } from "../candidates/candidate.ts";
import { shuffledKeys } from "./memory-operations.ts";

const [name, entries = "100000"] = process.argv.slice(2);
const candidate = memoryCandidates.find((one) => one.name === name);
const collect = (globalThis as { gc?: () => void }).gc;
if (candidate === undefined || collect === undefined) throw new Error("a candidate and --expose-gc are needed");
const keys = shuffledKeys(Number(entries));
const value = profile(1);

function used(): number {
  collect?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

const before = used();
const cache = await candidate.open({ entries: keys.length, ttlMs: 600_000, redisUrl: undefined });
for (const key of keys) await cache.set(key, value);
const bytes = (used() - before) / keys.length;
await cache.peek?.(keys[0] as string);
process.stdout.write(JSON.stringify({ "bytes an entry": bytes }), () => process.exit(0));
