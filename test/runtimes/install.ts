import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { root } from "../workspace/packages.ts";

const execute = promisify(execFile);

/** What is installed beside core, and what the packages depend on: taken from this checkout, so that no registry is asked. */
const installed = ["core", "memory", "proxies", "testing"];
const dependencies = { eventemitter3: "core", "lru-cache": "memory" };

/** The pnpm on the PATH, or the one that the set-up fetched. */
function pathWithPnpm(): string {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string };
  const own = join(root, ".cache", "tools", packageManager.replace("@", "-"), "node_modules", ".bin");
  return [process.env["PATH"] ?? "", own].join(delimiter);
}

/**
 * Makes `folder` an application that has installed the packages as they would be published: packed, with their emitted
 * files, and no other file of this workspace.
 */
export async function installPacked(folder: string): Promise<void> {
  if (!existsSync(join(root, "packages", "core", "dist", "index.js"))) {
    throw new Error("the packages are not built: `tsc -b` first");
  }
  const packs = join(folder, "packs");
  mkdirSync(packs);
  const options = { cwd: root, env: { ...process.env, PATH: pathWithPnpm() }, shell: process.platform === "win32" };
  const filters = installed.map((name) => `--filter=@cascata/${name}`);
  await execute("pnpm", ["--recursive", ...filters, "pack", "--pack-destination", packs], options);
  const specifiers: Record<string, string> = {};
  for (const name of installed) {
    const file = readdirSync(packs).find((pack) => pack.startsWith(`cascata-${name}-`));
    if (file === undefined) throw new Error(`@cascata/${name} was not packed`);
    specifiers[`@cascata/${name}`] = `file:${join(packs, file)}`;
  }
  for (const [name, dependent] of Object.entries(dependencies)) {
    specifiers[name] = `file:${realpathSync(join(root, "packages", dependent, "node_modules", name))}`;
  }
  const overrides = Object.fromEntries(Object.keys(specifiers).map((name) => [name, `$${name}`]));
  const manifest = { private: true, type: "module", dependencies: specifiers, overrides };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const quietly = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await execute("npm", ["install", ...quietly], { ...options, cwd: folder });
}
