// The memory stores against lru-cache: `node packages/bench/dist/memory-store/main.js [--rounds 3] [--sizes 10000,100000] [--json file]`.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { type CandidateName, candidateNames } from "./candidates.ts";
import { type Measured, operationNames } from "./operations.ts";

const run = promisify(execFile);
const worker = fileURLToPath(new URL("./worker.js", import.meta.url));

interface Row {
  readonly size: number;
  readonly life: "ttl" | "no ttl";
  readonly candidate: CandidateName;
  readonly rounds: readonly Measured[];
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    sizes: { type: "string", default: "10000,100000,1000000" },
    json: { type: "string" },
  },
});

async function measure(candidate: CandidateName, size: number, life: Row["life"]): Promise<Measured> {
  const found = {};
  // Stalls in a process of their own: another store's garbage would be collected meanwhile.
  for (const what of ["operations", "stall"]) {
    const { stdout } = await run(process.execPath, [worker, candidate, String(size), life, what]);
    Object.assign(found, JSON.parse(stdout));
  }
  return found as Measured;
}

/** Rounds are interleaved, so that what else the machine does falls on all alike. */
async function measureAll(size: number, life: Row["life"], rounds: number): Promise<Row[]> {
  const found = new Map<CandidateName, Measured[]>(candidateNames.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, list] of found) list.push(await measure(name, size, life));
  }
  return [...found].map(([candidate, list]) => ({ size, life, candidate, rounds: list }));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

function cell(row: Row, base: Row, name: keyof Measured): string {
  const absolute = median(row.rounds.map((round) => round[name]));
  const ratios = row.rounds.map((round, at) => round[name] / (base.rounds[at]?.[name] ?? Number.NaN));
  const spread = `${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}`;
  return `${absolute.toFixed(absolute < 20 ? 1 : 0)} (${median(ratios).toFixed(2)}; ${spread})`;
}

function print(rows: readonly Row[], base: Row): void {
  console.log(
    `\n${base.size.toLocaleString("en")} entries, ${base.life}: ns/op (ratio to lru-cache in the same round; spread)`,
  );
  console.log(["candidate".padEnd(10), ...operationNames.map((name) => name.padEnd(24))].join(" "));
  for (const row of rows) {
    console.log(
      [row.candidate.padEnd(10), ...operationNames.map((name) => cell(row, base, name).padEnd(24))].join(" "),
    );
  }
}

const all: Row[] = [];
for (const size of values.sizes.split(",").map(Number)) {
  for (const life of ["no ttl", "ttl"] as const) {
    const rows = await measureAll(size, life, Number(values.rounds));
    all.push(...rows);
    const base = rows.find((row) => row.candidate === "lru-cache");
    if (base !== undefined) print(rows, base);
  }
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(all, null, 2)}\n`);
