// Makes a fresh checkout able to run: pnpm for this checkout only, and the workspace's packages.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { Failure, must, root, run, toolsDir } from "./run.mjs";

const minimumNode = [20, 19];

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [wantedMajor, wantedMinor] = minimumNode;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Failure(`Node ${minimumNode.join(".")} or newer is needed, this is ${process.versions.node}`);
}

/** npm's own settings (`npm_config_*` and so on) must not leak into pnpm or into the programs that we run. */
function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}

/** The exact pnpm of package.json's pin, fetched by npm from outside the root manifest, which npm cannot read. */
async function fetchPnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version = packageManager.replace(/^pnpm@/, "");
  const home = join(toolsDir, `pnpm-${version}`);
  const bin = join(home, "node_modules", ".bin");
  const works = async () => {
    const shim = join(bin, process.platform === "win32" ? "pnpm.cmd" : "pnpm");
    if (!existsSync(shim)) return false;
    const { code, output } = await run(shim, ["--version"], { cwd: home, capture: true });
    return code === 0 && output.trim() === version;
  };
  if (await works()) return bin;
  console.error(`set-up: fetching pnpm ${version}`);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), `${JSON.stringify({ private: true })}\n`);
  const args = ["install", `pnpm@${version}`, "--no-audit", "--no-fund", "--loglevel=error"];
  await must("npm", args, { cwd: home, env: cleanEnvironment(), capture: true });
  if (!(await works())) throw new Failure(`pnpm ${version} was installed in ${home} but does not run on this machine`);
  return bin;
}

/** Changes whenever an install could give another result. */
function installStamp() {
  const manifests = ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml", join("examples", "package.json")];
  for (const name of readdirSync(join(root, "packages")).sort()) manifests.push(join("packages", name, "package.json"));
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  for (const path of manifests) {
    const file = join(root, path);
    hash.update(`\n${path}\n`).update(existsSync(file) ? readFileSync(file) : "");
  }
  return hash.digest("hex");
}

/**
 * Everything that an installed checkout needs; quick when nothing changed since the last time.
 * Says what it does on standard error only.
 * @returns {Promise<NodeJS.ProcessEnv>} the environment for the commands to run, with pnpm and the installed tools on its PATH
 */
export async function setUp() {
  checkNode();
  const pnpmBin = await fetchPnpm();
  const env = cleanEnvironment();
  // Windows spells it `Path`; a second spelling in one environment would be ignored there.
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  env[pathName] = [join(root, "node_modules", ".bin"), pnpmBin, env[pathName] ?? ""].join(delimiter);

  // A pipe gets plain text from every tool, whatever each of them thinks of its own output.
  if (!process.stdout.isTTY && env["FORCE_COLOR"] === undefined) env["NO_COLOR"] = "1";

  const stampFile = join(root, "node_modules", ".cascata-installed");
  const stamp = installStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return env;
  console.error("set-up: installing the workspace's packages");
  await must("pnpm", ["install", "--frozen-lockfile"], { env: { ...env, CI: "true" }, capture: true });
  writeFileSync(stampFile, stamp);
  return env;
}
