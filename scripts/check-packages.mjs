// What a consumer would install: each published package is packed, then judged by publint and by attw (types of each entry).
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publishedPackages } from "./lib/packages.mjs";
import { Failure, main, must, run } from "./lib/run.mjs";

const folder = mkdtempSync(join(tmpdir(), "cascata-pack-"));

async function check({ name, folder: cwd }) {
  const target = join(folder, name.replace("/", "-"));
  await must("pnpm", ["pack", "--pack-destination", target], { cwd, capture: true });
  const tarball = join(target, readdirSync(target).find((file) => file.endsWith(".tgz")) ?? "");
  const judges = [
    ["publint", ["--strict", tarball]],
    ["attw", [tarball, "--profile", "esm-only", "--format", "table-flipped", "--no-color"]],
  ];
  const problems = [];
  for (const [command, args] of judges) {
    const { code, output } = await run(command, args, { cwd, capture: true });
    if (code !== 0) problems.push(`${name}: ${command}\n${output.trim()}`);
  }
  console.log(`${problems.length === 0 ? "fine" : "BAD "} ${name}`);
  return problems;
}

await main(async () => {
  try {
    const problems = [];
    for (const each of publishedPackages()) problems.push(...(await check(each)));
    if (problems.length > 0) throw new Failure(problems.join("\n\n"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
