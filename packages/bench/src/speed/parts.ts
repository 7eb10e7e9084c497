import { farCandidates, memoryCandidates } from "../candidates/all.ts";
import type { Candidate } from "../candidates/candidate.ts";
import { median } from "../statistics.ts";
import { measureFar } from "./far.ts";
import type { Part } from "./keep.ts";
import { measureMemory } from "./memory.ts";
import { dependencyOf, published } from "./published.ts";
import { interleaved, joined, runWorker } from "./run-worker.ts";
import { ratioTable } from "./table.ts";

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  readonly candidates: readonly string[];
  readonly operations: string;
}

const explained =
  "the floor's time, and for the others the **ratio** to it: the middle of all rounds (least–most), and the time.";

export async function memoryPart({ rounds, candidates, operations }: Effort): Promise<Part> {
  const rows = await measureMemory({ candidates, entries: 10_000, rounds, samples: 7, operations });
  const title = "The memory tier, 10 000 entries with a ttl, this process's own time";
  return {
    name: "memory",
    title,
    table: `${explained}\n\n${ratioTable(rows)}\n\n${howOf(memoryCandidates)}`,
    figures: rows,
  };
}

export async function scalePart({ rounds, operations }: Effort): Promise<Part> {
  const candidates = ["floor", "cascata", "cascata adaptive"];
  const chosen = operations === "all" ? "get,getOrCreate hit,set" : operations;
  const sizes = [10_000, 100_000, 1_000_000];
  const figures: Record<string, unknown> = {};
  const tables: string[] = [];
  for (const entries of sizes) {
    const rows = await measureMemory({
      candidates,
      entries,
      rounds: Math.min(rounds, 2),
      samples: 5,
      operations: chosen,
    });
    figures[String(entries)] = rows;
    tables.push(`${entries.toLocaleString("en")} entries\n\n${ratioTable(rows)}`);
  }
  return { name: "scale", title: "From ten thousand to a million entries", table: tables.join("\n\n"), figures };
}

export async function farPart({ rounds, candidates, operations }: Effort): Promise<Part> {
  // Each round holds many pairs already, and warms up long.
  return far("far", 700, { rounds: Math.max(1, rounds - 1), candidates, operations });
}

/** Cascata alone, when everything has been compiled: in the other the engine is still at it for some operations. */
export async function farWarmPart({ rounds, operations }: Effort): Promise<Part> {
  return far("far-warm", 2500, { rounds, candidates: ["cascata"], operations });
}

async function far(name: string, warmUpMs: number, { rounds, candidates, operations }: Effort): Promise<Part> {
  const { wall, processor } = await measureFar({ candidates, rounds, samples: 9, operations, warmUpMs });
  const table = [
    explained,
    `The wall's time:\n\n${ratioTable(wall)}`,
    `This process's own time, without the server's:\n\n${ratioTable(processor)}`,
    howOf(farCandidates),
  ].join("\n\n");
  const title = `A memory tier in front of a Redis, each beside the floor in one process, sample by sample, after ${warmUpMs} ms of each operation`;
  return { name, title, table, figures: { wall, processor } };
}

export async function commandsPart({ candidates }: Effort): Promise<Part> {
  const names = farCandidates.map(({ name }) => name).filter((name) => isChosen(name, candidates));
  const figures: Record<string, Record<string, string>> = {};
  for (const name of names) figures[name] = await runWorker("commands-worker", [name]);
  const operations = [...new Set(Object.values(figures).flatMap((one) => Object.keys(one)))];
  const rows = Object.entries(figures).map(([name, one]) => [name, ...operations.map((each) => one[each] ?? "–")]);
  const title = "Commands an operation, as the server counts them (a script's own commands are counted beside it)";
  return { name: "commands", title, table: plainTable(["", ...operations], rows), figures };
}

/** One figure a candidate, from a worker of its own. */
async function singles(
  worker: string,
  args: ReadonlyMap<string, readonly string[]>,
  rounds: number,
  node: readonly string[] = [],
): Promise<{ readonly table: string; readonly figures: unknown }> {
  const measured = await interleaved([...args.keys()], rounds, (name) =>
    runWorker<Record<string, number>>(worker, args.get(name) ?? [], node),
  );
  const rows = [...measured].map(([name, all]) => ({ name, figures: joined(all) }));
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = rows.map(({ name, figures }) => [
    name,
    ...columns.map((column) => (figures[column] === undefined ? "–" : median(figures[column]).toFixed(1))),
  ]);
  return { table: plainTable(["", ...columns], cells), figures: rows };
}

export async function footprintPart({ candidates }: Effort): Promise<Part> {
  const names = memoryCandidates.map(({ name }) => name).filter((name) => isChosen(name, candidates));
  const found = await singles("footprint-worker", new Map(names.map((name) => [name, [name]])), 1, ["--expose-gc"]);
  return { name: "footprint", title: "Bytes an entry, 100 000 entries, without key and value", ...found };
}

export async function stampedePart({ candidates }: Effort): Promise<Part> {
  const names = memoryCandidates.map(({ name }) => name).filter((name) => isChosen(name, candidates));
  const found = await singles("stampede-worker", new Map(names.map((name) => [name, [name]])), 1);
  return { name: "stampede", title: "A thousand callers of one key that is not there", ...found };
}

export async function largePart({ rounds }: Effort): Promise<Part> {
  const found = await singles("large-worker", new Map([["ms", []]]), rounds);
  return {
    name: "large",
    title: "A value of 10 MB: how long the event loop stands still for it, in milliseconds",
    ...found,
  };
}

export async function scriptsPart({ rounds }: Effort): Promise<Part> {
  const found = await singles("scripts-worker", new Map([["µs", []]]), rounds);
  return { name: "scripts", title: "What writes cost the server: its own processor time an operation", ...found };
}

export async function importPart(): Promise<Part> {
  const packages = ["bentocache", "cacheable", "cache-manager", "layered-loader", "async-cache-dedupe"];
  const own = {
    "core and memory, as published": [published(["core", "memory"]).join(",")],
    "of that lru-cache alone": ["lru-cache"],
    "core and memory, file by file": ["@cascata/core,@cascata/memory"],
    "eventemitter3, of which core has a copy": [dependencyOf("core", "eventemitter3/index.mjs")],
  };
  const all = new Map(Object.entries({ ...own, ...Object.fromEntries(packages.map((name) => [name, [name]])) }));
  const found = await singles("import-worker", all, 5);
  return { name: "import", title: "Start-up: what an import takes", ...found };
}

function isChosen(name: string, candidates: readonly string[]): boolean {
  return candidates.length === 0 || candidates.includes(name);
}

function howOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ name, tiers, how }) => `* ${name} (${tiers}): ${how}`).join("\n");
}

function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
