// Runs every test on each supported version of Node, or on those that are named (`node scripts/node-versions.mjs 24 26`),
// and prints a Markdown table. The versions come from npm, into a folder of this checkout only.
import { delimiter, dirname } from "node:path";
import process from "node:process";
import { main, root, run } from "./lib/run.mjs";
import { ensureRuntimes } from "./lib/runtimes.mjs";
import { countsLine, runVitest } from "./lib/vitest.mjs";

const majors = process.argv.length > 2 ? process.argv.slice(2) : ["20", "22", "24", "26"];

await main(async () => {
  const binaries = { ...process.env, ...(await ensureRuntimes(majors.map((major) => `node-${major}`))) };
  console.log("| Node | tests |\n| --- | --- |");
  let failed = 0;
  for (const major of majors) {
    const binary = binaries[`NODE_${major}`];
    if (binary === undefined) {
      console.log(`| ${major} | not run: it could not be had |`);
      continue;
    }
    // The tables that tests keep are those of the other parts.
    const path = `${dirname(binary)}${delimiter}${process.env["PATH"] ?? ""}`;
    const env = { ...process.env, PATH: path, CASCATA_PROOF_FOLDER: undefined };
    const { output } = await run("node", ["--version"], { cwd: root, env, capture: true });
    // Standard output is the table's: vitest's own report goes to standard error.
    const counts = await runVitest([], env, { toStderr: true });
    failed += counts.code === 0 ? 0 : 1;
    console.log(`| ${output.trim().slice(1)} | ${countsLine(counts)} |`);
  }
  return failed > 0 ? 1 : 0;
});
