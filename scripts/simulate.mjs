// Runs the simulation outside the test runner: `node scripts/simulate.mjs --seeds 10000`, a fault alone with `--fault crash`,
// a failure again with `--from SEED --seeds 1 --history`; `--mutants` takes out each guard in turn and expects a failure (`--mutants 1000 touch`: those about a touch alone).
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "test", "simulation");
mkdirSync(join(root, ".cache"), { recursive: true });
const out = mkdtempSync(join(root, ".cache", "simulation-"));

/** One file of the real sources and the simulator, with a mutant's change if there is one. */
async function bundle(input, file, mutant) {
  let found = mutant === undefined;
  const [packageName, name] = mutant?.file.includes(":") ? mutant.file.split(":") : ["core", mutant?.file];
  const target = join(root, "packages", packageName ?? "", "src", name ?? "");
  const change = {
    name: "mutant",
    transform(code, id) {
      if (mutant === undefined || id !== target) return null;
      const around = code.split(mutant.find);
      if (around.length !== 2)
        throw new Error(`${mutant.guard}: ${mutant.file} has what is to be taken out ${around.length - 1} times`);
      found = true;
      const changed = around.join(mutant.replace);
      if (mutant.also === undefined) return changed;
      if (!changed.includes(mutant.also.find))
        throw new Error(`${mutant.guard}: ${mutant.file} has no longer the second part`);
      return changed.replace(mutant.also.find, () => mutant.also.replace);
    },
  };
  const built = await rolldown({
    input: join(folder, input),
    platform: "node",
    plugins: [change],
    resolve: { conditionNames: ["@cascata/source", "import", "node", "default"] },
    logLevel: "silent",
  });
  await built.write({ file: join(out, file), format: "esm" });
  await built.close();
  if (!found) throw new Error(`${mutant.guard}: ${mutant.file} is not part of the simulation`);
  return join(out, file);
}

function run(file, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ stdout, status }));
  });
}

async function runMutants(seeds, only) {
  const { mutants } = await import(pathToFileURL(await bundle("mutants.ts", "mutants.mjs")).href);
  const survivors = [];
  const results = new Map();
  const left = mutants.filter(({ guard }) => guard.includes(only)).entries();
  const work = async () => {
    for (const [index, mutant] of left) {
      const file = await bundle("main.ts", `mutant-${index}.mjs`, mutant);
      const fault = mutant.fault === undefined ? [] : ["--fault", mutant.fault];
      const focus = mutant.focus === undefined ? [] : ["--focus", JSON.stringify(mutant.focus)];
      const args = ["--threads", "1", "--seeds", seeds, "--failures", "1", ...fault, ...focus];
      const { stdout, status } = await run(file, args);
      const seed = /seed (\d+)/.exec(stdout)?.[1];
      results.set(mutant, status === 0 ? "none: it survives" : (seed ?? "it does not run"));
      if (status === 0) survivors.push(mutant.guard);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  console.log("| guard taken out | first seed that notices |\n|---|---|");
  for (const [{ guard }, result] of [...results].sort(([a], [b]) => mutants.indexOf(a) - mutants.indexOf(b)))
    console.log(`| ${guard} | ${result} |`);
  console.log(`\n${results.size - survivors.length} of ${results.size} guards are noticed`);
  return survivors.length === 0;
}

try {
  const args = process.argv.slice(2);
  if (args[0] === "--mutants") {
    if (!(await runMutants(args[1] ?? "1000", args[2] ?? ""))) process.exitCode = 1;
  } else {
    const { stdout, status } = await run(await bundle("main.ts", "main.mjs"), args);
    process.stdout.write(stdout);
    process.exitCode = status ?? 1;
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
