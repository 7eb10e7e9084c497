// `npm run proof`: what takes longer than a test run may, whole. `npm run proof -- NAME …` runs some parts only.
// The results are kept: docs/proof/README.md has one row a part, and each part's own tables stand beside it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Failure, main, must, root, run, secondsSince } from "./lib/run.mjs";
import { ensureAllRuntimes } from "./lib/runtimes.mjs";
import { ensureServers } from "./lib/servers.mjs";
import { setUp } from "./lib/setup.mjs";
import { countsLine, runVitest } from "./lib/vitest.mjs";
import { parts } from "./proof-parts.mjs";

const folder = join(root, "docs", "proof");
const resultsFile = join(folder, "results.json");

function chosenParts(names) {
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length === 0) return names.length === 0 ? parts : parts.filter(({ name }) => names.includes(name));
  throw new Failure(`no such part: ${unknown.join(", ")}; there are: ${parts.map(({ name }) => name).join(", ")}`);
}

async function runPart(part, env) {
  if (part.vitest !== undefined) {
    const counts = await runVitest(part.vitest, env);
    return { passed: counts.code === 0, result: countsLine(counts) };
  }
  const { code, output } = await run(process.execPath, part.node, { env, capture: "stdout" });
  writeFileSync(join(folder, `${part.name}.md`), `# ${part.title}\n\n${output.replaceAll(root, ".").trim()}\n`);
  return { passed: code === 0, result: code === 0 ? `[table](${part.name}.md)` : `exit ${code}` };
}

function writeSummary(results) {
  const rows = parts
    .filter(({ name }) => results[name] !== undefined)
    .map(({ name, title }) => {
      const { date, machine, passed, result, time } = results[name];
      return `| ${name} | ${title} | ${passed ? "holds" : "FAILED"} | ${result} | ${time} | ${date} | ${machine} |`;
    });
  const head = [
    "| part | what | outcome | result | time | date | machine |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  const intro = "Written by `npm run proof`. One part alone: `npm run proof -- NAME`.";
  writeFileSync(join(folder, "README.md"), ["# Proof", "", intro, "", ...head, ...rows, ""].join("\n"));
}

await main(async () => {
  const chosen = chosenParts(process.argv.slice(2));
  const env = { ...(await setUp()), ...(await ensureServers()), CASCATA_PROOF_FOLDER: folder };
  if (chosen.some(({ runtimes }) => runtimes)) Object.assign(env, await ensureAllRuntimes());
  await must("tsc", ["-b"], { env });
  mkdirSync(folder, { recursive: true });
  const results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, "utf8")) : {};
  let failed = 0;
  for (const part of chosen) {
    console.log(`${part.name}: ${part.title}`);
    const start = performance.now();
    const { passed, result } = await runPart(part, { ...env, ...part.env });
    if (!passed) failed++;
    const machine = `${process.platform} ${process.arch}, ${cpus().length} cores, Node ${process.versions.node}`;
    const date = new Date().toISOString().slice(0, 10);
    results[part.name] = { passed, result, time: secondsSince(start), date, machine };
    console.log(`${passed ? "ok    " : "FAILED"} ${part.name} (${secondsSince(start)}): ${result}\n`);
    // After each part: a later one that is interrupted must not lose what is known.
    writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
    writeSummary(results);
  }
  console.log(`${chosen.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
});
