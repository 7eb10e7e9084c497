// `node packages/bench/dist/outage/main.js [--candidates a,b] [--outages x,y]`: what each cache does while Redis is away.
// Every cell is a process of its own, so that one that ends is seen. Prints Markdown.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { farCandidates } from "../candidates/all.ts";
import type { Figures } from "./figures.ts";
import { outages, type Stage } from "./outages.ts";

const { values } = parseArgs({
  options: {
    candidates: { type: "string", default: "cascata,bentocache,cacheable,cache-manager,layered-loader" },
    outages: { type: "string", default: [...outages.keys()].join(",") },
  },
});
const names = values.candidates.split(",");
const wanted = values.outages.split(",");
const worker = fileURLToPath(new URL("worker.js", import.meta.url));
const stuckMs = 60_000;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

interface Cell {
  readonly figures: Figures | undefined;
  readonly process: string;
}

async function runCell(name: string, outage: string): Promise<Cell> {
  const open = outages.get(outage);
  if (open === undefined) throw new Error(`no such outage: ${outage}; there are: ${[...outages.keys()].join(", ")}`);
  await using stage = await open();
  const seen = outage === "absent at start-up" ? "unseen" : "seen";
  const child = fork(worker, [name, stage.url, seen], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const stuck = setTimeout(() => child.kill("SIGKILL"), stuckMs);
  try {
    return await followed(child, stage);
  } finally {
    clearTimeout(stuck);
  }
}

/** Leads the worker through the outage. */
function followed(child: ChildProcess, stage: Stage): Promise<Cell> {
  let figures: Figures | undefined;
  return new Promise((resolve, reject) => {
    const lead = async (message: {
      ready?: true;
      measured?: true;
      figures?: Record<string, string>;
    }): Promise<void> => {
      if (message.ready) await stage.begin();
      else if (message.measured) await stage.end();
      else {
        const all = Object.entries(message.figures ?? {}).map(([what, ms]) => [what, Number(ms)]);
        figures = all.length === 0 ? undefined : (Object.fromEntries(all) as unknown as Figures);
        return;
      }
      if (child.connected) child.send("go on");
    };
    child.on("message", (message: object) => void lead(message).catch(reject));
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      resolve({ figures, process: code === 0 ? "alive" : `ended (${code ?? signal})` });
    });
  });
}

function ms(value: number | undefined): string {
  if (value === undefined) return "–";
  if (value === Number.POSITIVE_INFINITY) return "**never**";
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

const head = [
  "Redis",
  "cache",
  "memory hit",
  "first miss",
  "later misses",
  "of 100 at once",
  "set",
  "delete",
  "shared again",
  "process",
];
console.log(
  "While Redis is away: milliseconds until a call settles; never: not within 3 s (shared again: 6 s). Creators",
);
console.log("take 20 ms. Each cache as its own documentation sets it up for two tiers:\n");
for (const { name, how } of farCandidates.filter((one) => names.includes(one.name))) console.log(`* ${name}: ${how}`);
console.log(`\n| ${head.join(" | ")} |\n| ${head.map(() => "---").join(" | ")} |`);
for (const outage of wanted) {
  for (const name of names) {
    const { figures, process } = await runCell(name, outage);
    const cells = [
      ms(figures?.hit),
      ms(figures?.first),
      ms(figures?.later),
      figures === undefined ? "–" : String(figures.answered),
      ms(figures?.set),
      ms(figures?.delete),
      figures?.back === Number.POSITIVE_INFINITY ? "**never**" : ms(figures?.back),
      process,
    ];
    console.log(`| ${[outage, name, ...cells].join(" | ")} |`);
  }
}
