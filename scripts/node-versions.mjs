// Runs every test on each supported version of Node and prints a Markdown table. The versions come from npm, into a folder
// of this checkout only.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { main, must, root, run, toolsDir } from "./lib/run.mjs";
import { countsLine, runVitest } from "./lib/vitest.mjs";

const majors = [20, 22, 24];

/** The folder of this major's binary. */
async function fetchNode(major) {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const home = join(toolsDir, `node-${major}`);
  const name = `node-${platform}-${process.arch}`;
  const bin = join(home, "node_modules", name, "bin");
  if (!existsSync(bin)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), `${JSON.stringify({ private: true })}\n`);
    const args = ["install", `${name}@${major}`, "--no-audit", "--no-fund", "--loglevel=error"];
    await must("npm", args, { cwd: home, capture: true });
  }
  return bin;
}

await main(async () => {
  console.log("| Node | tests |\n| --- | --- |");
  let failed = 0;
  for (const major of majors) {
    const bin = await fetchNode(major);
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };
    const { output } = await run("node", ["--version"], { cwd: root, env, capture: true });
    // Standard output is the table's: vitest's own report goes to standard error.
    const counts = await runVitest([], env, { toStderr: true });
    failed += counts.code === 0 ? 0 : 1;
    console.log(`| ${output.trim().slice(1)} | ${countsLine(counts)} |`);
  }
  return failed > 0 ? 1 : 0;
});
