// One candidate at one size in a process of its own: prints what was measured as one line of JSON.
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { zipf } from "../hit-ratio/popularity.ts";
import { Random } from "../hit-ratio/random.ts";
import { type Candidate, type CandidateName, makeCandidate } from "./candidates.ts";
import type { Measured } from "./operations.ts";

const [name, sizeText, life, what] = process.argv.slice(2) as [CandidateName, string, string, string];
const size = Number(sizeText);
const hasLife = life === "ttl";
const operations = Math.max(400_000, Math.min(size * 2, 1_000_000));
const payload = { id: 1 };

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function usedBytes(): number {
  // What a first collection finalizes, a second one frees.
  for (let times = 0; times < 3; times += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function perOperation(run: (at: number) => void, count: number = operations): number {
  const began = process.hrtime.bigint();
  for (let at = 0; at < count; at += 1) run(at);
  return Number(process.hrtime.bigint() - began) / count;
}

/** Flat texts whose hash is known, as keys that were used before are: the look-up is measured, not concatenation. */
function makeKeys(prefix: string, count: number): string[] {
  const keys = Array.from({ length: count }, (_, at) => Buffer.from(`${prefix}:profile:${at}`).toString("latin1"));
  return [...new Set(keys)];
}

function measureOperations(): Omit<Measured, "longestInsertMs"> {
  const random = new Random(7);
  const keys = makeKeys("user", size);
  const fresh = makeKeys("fresh", operations);
  const popular = makeKeys("popular", size * 5);
  const picks = Int32Array.from({ length: operations }, () => Math.floor(random.next() * size));
  const ranks = zipf(9, operations, size * 5, 0.99);
  // On a store apart: its code then doesn't count as memory of the one that is measured, which keeps all its keys.
  warm(makeCandidate(name, 1000, hasLife));
  const before = usedBytes();
  const candidate = makeCandidate(name, size, hasLife);
  for (const key of keys) candidate.set(key, payload);
  const bytesPerEntry = (usedBytes() - before) / size;
  const hit = perOperation((at) => candidate.get(keys[picks[at] as number] as string));
  const miss = perOperation((at) => candidate.get(fresh[at] as string));
  const replace = perOperation((at) => candidate.set(keys[picks[at] as number] as string, payload));
  const evict = perOperation((at) => candidate.set(fresh[at] as string, payload));
  const mix = perOperation((at) => {
    const key = popular[ranks[at] as number] as string;
    if (candidate.get(key) === undefined) candidate.set(key, payload);
  });
  return { hit, miss, replace, evict, mix, bytesPerEntry };
}

function warm(candidate: Candidate): void {
  const keys = makeKeys("warm", 5000);
  for (let at = 0; at < 100_000; at += 1) {
    const key = keys[(at * 7919) % 5000] as string;
    if (candidate.get(key) === undefined || at % 3 === 0) candidate.set(key, payload);
  }
}

/** From empty to full and once around: the rehashes and growth on the way are what it looks for. */
function longestInsert(): number {
  const candidate = makeCandidate(name, size, hasLife);
  warm(makeCandidate(name, 1000, hasLife));
  const keys = makeKeys("long", size * 2);
  collect();
  let longest = 0n;
  for (const key of keys) {
    const began = process.hrtime.bigint();
    candidate.set(key, payload);
    const took = process.hrtime.bigint() - began;
    if (took > longest) longest = took;
  }
  return Number(longest) / 1e6;
}

console.log(JSON.stringify(what === "stall" ? { longestInsertMs: longestInsert() } : measureOperations()));
