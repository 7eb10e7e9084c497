// One candidate in front of a Redis: `far-worker.js <candidate> <url> <samples> <operation;…|all> <warm-up ms>` answers nanoseconds as JSON, its own and the floor's.
import process from "node:process";
import { farCandidates } from "../candidates/all.ts";
import { type Cache, profile } from "../candidates/candidate.ts";
import { farFloor } from "../candidates/floor.ts";
import type { FarFigures } from "./far.ts";
import { farKeys, farOperations, nearEntries } from "./far-operations.ts";
import { samplePair } from "./sampling.ts";

const [name, redisUrl = "", samples = "7", wanted = "all", warmUpMs = "700"] = process.argv.slice(2);
const candidate = farCandidates.find((one) => one.name === name);
if (candidate === undefined) throw new Error(`no candidate is called ${name}`);
const keys = Array.from({ length: farKeys }, (_, id) => `user:profile:${id}`);
const values = keys.map((_, id) => profile(id));
const setup = { entries: nearEntries, ttlMs: 600_000, redisUrl };
const floor = await farFloor.open(setup);
const cache = await candidate.open(setup);
await fill(floor);
await fill(cache);
const floors = farOperations(floor, keys, values);
const result: FarFigures = { wall: { figures: {}, base: {} }, processor: { figures: {}, base: {} } };
for (const operation of farOperations(cache, keys, values)) {
  if (wanted !== "all" && !wanted.split(";").includes(operation.name)) continue;
  const base = floors.find(({ name: other }) => other === operation.name);
  if (base === undefined) continue;
  // A chain over a network has much code to be compiled, and each operation runs some of it for the first time.
  const sampling = { samples: Number(samples), sampleMs: 30, warmUpMs: Number(warmUpMs), clock: "wall" } as const;
  const [ofFloor, ofCandidate] = await samplePair(base, operation, sampling);
  for (const clock of ["wall", "processor"] as const) {
    result[clock].figures[operation.name] = ofCandidate[clock];
    result[clock].base[operation.name] = ofFloor[clock];
  }
}
process.stdout.write(JSON.stringify(result), () => process.exit(0));

async function fill(one: Cache): Promise<void> {
  const waiting: unknown[] = [];
  for (const [at, key] of keys.entries()) {
    waiting.push(one.set(key, values[at] as (typeof values)[number]));
    if (waiting.length === 100) await Promise.all(waiting.splice(0));
  }
  await Promise.all(waiting);
}
