// What a consumer would install: each published package is packed by npm, then judged by publint and by attw (types of each
// entry); its manifest must be one that npm can install, and its bundled entries are compared with the modules that the tests
// know: the same names, no import that the manifest lacks, and what two entries share is one thing.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { publishedPackages } from "./lib/packages.mjs";
import { Failure, main, must, run } from "./lib/run.mjs";

const folder = mkdtempSync(join(tmpdir(), "cascata-pack-"));

const bareImports = (file) => {
  const found = readFileSync(file, "utf8").matchAll(
    /^(?:import|export)\b[^"']*?["']([^."'][^"']*)["'];$|\bimport\(["']([^."'][^"']*)["']\)/gm,
  );
  return [...found].map(([, first, second]) => first ?? second);
};

/** What differs between an entry as it is published and as it is built. */
async function differences({ folder, manifest, entries }) {
  const problems = [];
  const known = new Map();
  for (const { path, specifier, file } of entries) {
    const published = join(folder, manifest.publishConfig.exports[path].default);
    const [one, other] = await Promise.all([published, file].map((each) => import(pathToFileURL(each).href)));
    if (Object.keys(one).join() !== Object.keys(other).join()) problems.push(`${specifier}: other names in its bundle`);
    for (const [name, value] of Object.entries(one)) {
      if (typeof value === "function" && (known.get(name) ?? value) !== value)
        problems.push(`${specifier}: a ${name} of its own in its bundle`);
      known.set(name, value);
    }
  }
  const files = readdirSync(join(folder, "bundle")).filter((file) => file.endsWith(".js"));
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const specifier of files.flatMap((file) => bareImports(join(folder, "bundle", file)))) {
    const bare = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    if (!specifier.startsWith("node:") && !Object.hasOwn(declared, bare))
      problems.push(`${manifest.name}: imports ${specifier}`);
  }
  return problems;
}

/** What npm would trip over in the manifest of a packed package. */
async function foreign({ name, manifest }, tarball) {
  const { output } = await must("tar", ["-xzOf", tarball, "package/package.json"], { capture: "stdout" });
  const { exports, dependencies = {}, peerDependencies = {} } = JSON.parse(output);
  const ranges = Object.entries({ ...dependencies, ...peerDependencies }).filter(([, range]) => range.includes(":"));
  const problems = ranges.map(([dependency, range]) => `${name}: npm can't install ${dependency} at ${range}`);
  if (JSON.stringify(exports) !== JSON.stringify(manifest.publishConfig.exports))
    problems.push(`${name}: its exports are not the published ones`);
  return problems;
}

/** npm's own settings, which pnpm has passed on, would make npm pass for pnpm. */
function withoutPnpm() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}

async function check(each) {
  const { name, folder: cwd } = each;
  const target = join(folder, name.replace("/", "-"));
  mkdirSync(target);
  await must("npm", ["pack", "--pack-destination", target], { cwd, env: withoutPnpm(), capture: true });
  const tarball = join(target, readdirSync(target).find((file) => file.endsWith(".tgz")) ?? "");
  const judges = [
    ["publint", ["--strict", tarball]],
    ["attw", [tarball, "--profile", "esm-only", "--format", "table-flipped", "--no-color"]],
  ];
  const problems = [...(await differences(each)), ...(await foreign(each, tarball))];
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
