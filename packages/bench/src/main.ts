// `npm run bench`: all parts, or some: `npm run bench -- --parts memory,far [--rounds 3] [--candidates floor,cascata]
// [--operations …] [--json]`. With `--json` each part keeps its figures and its table in `packages/bench/results`.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { keep, type Part } from "./speed/keep.ts";
import {
  commandsPart,
  type Effort,
  farPart,
  farWarmPart,
  footprintPart,
  importPart,
  largePart,
  memoryPart,
  scalePart,
  scriptsPart,
  stampedePart,
} from "./speed/parts.ts";

const measured: Readonly<Record<string, (effort: Effort) => Promise<Part>>> = {
  memory: memoryPart,
  scale: scalePart,
  far: farPart,
  commands: commandsPart,
  footprint: footprintPart,
  stampede: stampedePart,
  import: importPart,
  large: largePart,
  scripts: scriptsPart,
};
/** Only when they are asked for: they take long, and say little more. */
const onRequest: Readonly<Record<string, (effort: Effort) => Promise<Part>>> = { "far-warm": farWarmPart };
/** Programs of their own, which print what they find and take a file for it. */
const programs: Readonly<Record<string, readonly string[]>> = {
  encoding: ["encoding/main.js", "--rounds", "3", "--sizes", "200,1000,10000"],
  "hit-ratio": ["hit-ratio/main.js", "--seeds", "1"],
};

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: [...Object.keys(measured), ...Object.keys(programs)].join(",") },
    candidates: { type: "string", default: "" },
    rounds: { type: "string", default: "2" },
    operations: { type: "string", default: "all" },
    json: { type: "boolean", default: false },
  },
});
const effort: Effort = {
  rounds: Number(values.rounds),
  candidates: values.candidates === "" ? [] : values.candidates.split(","),
  operations: values.operations,
};

for (const name of values.parts.split(",")) {
  const measure = measured[name] ?? onRequest[name];
  const [file, ...args] = programs[name] ?? [];
  if (measure !== undefined) await keep(await measure(effort), values.json);
  else if (file !== undefined) run(name, file, args);
  else
    throw new Error(
      `${name} is none of ${[...Object.keys({ ...measured, ...onRequest }), ...Object.keys(programs)].join(", ")}`,
    );
}

function run(name: string, file: string, args: readonly string[]): void {
  const kept = fileURLToPath(new URL(`../results/${name}.json`, import.meta.url));
  const { status } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL(file, import.meta.url)), ...args, ...(values.json ? ["--json", kept] : [])],
    { stdio: "inherit" },
  );
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
}
