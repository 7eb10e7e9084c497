// `npm pack` and `npm publish` take a manifest as it is written: they know neither pnpm's `workspace:` and `catalog:` nor
// `publishConfig.exports`. So `prepack` writes the published manifest in place of the package's own, and `postpack` puts that
// back. pnpm does the same by itself, and nothing is written for it.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { publishedPackages } from "./lib/packages.mjs";
import { main, root } from "./lib/run.mjs";

const kept = "package.json.before-pack";

/** The catalogue of pnpm-workspace.yaml: `name: version`, one a line. */
function catalog() {
  const [, block = ""] = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8").split(/^catalog:$/m);
  const lines = block.matchAll(/^ {2}"?([^\s":]+)"?: (\S+)$/gm);
  return new Map([...lines].map(([, name, version]) => [name, version]));
}

/** What pnpm would write in place of a range of its own. */
function rangeOf(name, range) {
  if (range === "catalog:") return catalog().get(name);
  if (!range.startsWith("workspace:")) return range;
  const prefix = range.slice("workspace:".length).replace("*", "");
  return `${prefix}${publishedPackages().find((each) => each.name === name).manifest.version}`;
}

function published({ publishConfig: { exports, ...publishConfig }, ...manifest }) {
  const spelled = ([name, range]) => [name, rangeOf(name, range)];
  const ranges = ["dependencies", "peerDependencies"].filter((kind) => manifest[kind] !== undefined);
  const dependencies = ranges.map((kind) => [kind, Object.fromEntries(Object.entries(manifest[kind]).map(spelled))]);
  return { ...manifest, exports, publishConfig, ...Object.fromEntries(dependencies) };
}

await main(() => {
  const isNpm = process.env["npm_config_user_agent"]?.startsWith("npm/") === true;
  if (process.argv[2] === "restore") {
    if (existsSync(kept)) renameSync(kept, "package.json");
    return;
  }
  if (!isNpm || existsSync(kept)) return;
  const text = readFileSync("package.json", "utf8");
  writeFileSync(kept, text);
  writeFileSync("package.json", `${JSON.stringify(published(JSON.parse(text)), undefined, 2)}\n`);
});
