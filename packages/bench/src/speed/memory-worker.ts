// One candidate in a process of its own: `memory-worker.js <candidate> <entries> <samples> <operation,…|all>` answers nanoseconds as JSON.
import process from "node:process";
import { memoryCandidates } from "../candidates/all.ts";
import { memoryOperations, shuffledKeys, valuesFor } from "./memory-operations.ts";
import { sample } from "./sampling.ts";

const [name, entries = "10000", samples = "7", wanted = "all"] = process.argv.slice(2);
const candidate = memoryCandidates.find((one) => one.name === name);
if (candidate === undefined) throw new Error(`no candidate is called ${name}`);
const keys = shuffledKeys(Number(entries));
const values = valuesFor(keys);
const cache = await candidate.open({ entries: keys.length, ttlMs: 600_000, redisUrl: undefined });
for (const [at, key] of keys.entries()) await cache.set(key, values[at] as (typeof values)[number]);
const result: Record<string, number> = {};
for (const operation of memoryOperations(cache, keys, values)) {
  if (wanted !== "all" && !wanted.split(",").includes(operation.name)) continue;
  result[operation.name] = await sample(operation, {
    samples: Number(samples),
    sampleMs: 25,
    warmUpMs: 250,
    clock: "processor",
  });
}
await cache.close();
process.stdout.write(JSON.stringify(result), () => process.exit(0));
