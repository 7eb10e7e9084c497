// Finds or fetches the JavaScript runtimes that test/runtimes runs the packages on. They come from npm, into a folder of
// this checkout only; Chromium is Debian's.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { run, toolsDir } from "./run.mjs";
import { findOnPath, installWithApt } from "./servers.mjs";

const exe = process.platform === "win32" ? ".exe" : "";
const platform = process.platform === "win32" ? "win" : process.platform;
const nodePackage = `node-${platform}-${process.arch}`;

/**
 * `install` is what npm is asked for, without its scripts; `file` says where the binary is then, below `node_modules`: Bun
 * and Deno have a package for each platform, of which npm installs this one's.
 */
const tools = {
  bun: { variable: "BUN", install: "bun@1.4.5", file: (modules) => onlyFile(join(modules, "@oven"), `bin/bun${exe}`) },
  deno: { variable: "DENO", install: "deno@2.9.6", file: (modules) => onlyFile(join(modules, "@deno"), `deno${exe}`) },
  ...Object.fromEntries(["20.19.0", "20", "22", "24", "26"].map((version) => [`node-${version}`, nodeTool(version)])),
};

function nodeTool(version) {
  const file = (modules) => join(modules, nodePackage, process.platform === "win32" ? "node.exe" : "bin/node");
  return { variable: `NODE_${version.replaceAll(".", "_")}`, install: `${nodePackage}@${version}`, file };
}

/** `path` in the one folder of `scope`. */
function onlyFile(scope, path) {
  const [folder] = existsSync(scope) ? readdirSync(scope) : [];
  return folder === undefined ? undefined : join(scope, folder, path);
}

/** @returns why it can't be had, or its file */
async function fetchTool(name) {
  const { install, file } = tools[name];
  const home = join(toolsDir, install.replace("/", "-").replace("@", "-"));
  const modules = join(home, "node_modules");
  if (!existsSync(file(modules) ?? "")) {
    console.error(`set-up: fetching ${install}`);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), `${JSON.stringify({ private: true })}\n`);
    // Whoever has no network is not kept waiting for it.
    const patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000"];
    const args = ["install", install, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...patience];
    const { code, output } = await run("npm", args, { cwd: home, capture: true });
    if (code !== 0) return { problem: `npm install ${install} failed: ${output.trim().split("\n")[0]}` };
  }
  const binary = file(modules);
  const works =
    binary !== undefined && existsSync(binary) && (await run(binary, ["--version"], { capture: true })).code === 0;
  return works ? { binary } : { problem: `${install} has nothing that runs on this machine` };
}

/**
 * Fetches runtimes, of which a test run without network can do without all: what can't be had is said here, and skipped
 * and counted by the tests.
 * @param {readonly string[]} names `bun`, `deno`, `node-22` and so on
 * @returns {Promise<NodeJS.ProcessEnv>} the variables that tell the tests where they are
 */
export async function ensureRuntimes(names) {
  if (process.env["CASCATA_QUICK"] === "1") return {};
  const env = {};
  for (const name of names) {
    const { variable } = tools[name];
    if (process.env[variable]) continue;
    const { binary, problem } = await fetchTool(name);
    if (binary !== undefined) env[variable] = binary;
    else console.error(`set-up: ${problem}: its tests are skipped and counted; name it in ${variable}`);
  }
  return env;
}

/** Every runtime, the Node of each supported major and Chromium included. */
export async function ensureAllRuntimes() {
  if (process.env["CASCATA_QUICK"] !== "1" && !process.env["CHROMIUM"] && findOnPath("chromium") === undefined) {
    await installWithApt(["chromium"]);
  }
  return ensureRuntimes(Object.keys(tools));
}
