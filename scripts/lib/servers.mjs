// Finds or installs the servers that the integration tests start. They start their own, on free loopback ports with
// their data in a temporary folder; no service of the system is used, started or left running.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { run } from "./run.mjs";

const servers = [
  { binary: "redis-server", variable: "REDIS_SERVER", debian: "redis-server", required: true },
  { binary: "memcached", variable: "MEMCACHED_SERVER", debian: "memcached", required: false },
];

function find({ binary, variable }) {
  const named = process.env[variable];
  if (named !== undefined && named !== "") return existsSync(named) ? named : undefined;
  return findOnPath(binary);
}

/** Where a binary is, or `undefined`. */
export function findOnPath(binary) {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const folder of [...folders, "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]) {
    const file = join(folder, binary);
    if (folder !== "" && existsSync(file)) return file;
  }
  return undefined;
}

/** Debian's packages start their service when installed; this file is Debian's own way to forbid it meanwhile. */
async function withoutServices(body) {
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return await body();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

/** Installs Debian packages where that is possible, and says so if it fails. */
export async function installWithApt(packages) {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  console.error(`set-up: installing ${packages.join(", ")} with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args) => run("/usr/bin/apt-get", args, { env, capture: true });
  await withoutServices(async () => {
    await apt("update", "-qq");
    const { code, output } = await apt("install", "-y", "-qq", "--no-install-recommends", ...packages);
    if (code !== 0) console.error(`set-up: apt-get failed (exit ${code})\n${output.trim()}`);
  });
}

/**
 * Looks for the servers, and installs what is missing where it may. What stays missing is said here and then
 * failed (redis-server) or skipped and counted (memcached) by the tests that need it.
 * @returns {Promise<NodeJS.ProcessEnv>} the variables that tell the tests where the servers are
 */
export async function ensureServers() {
  if (process.env["CASCATA_QUICK"] === "1") return {};
  // A binary that was named and is not there is a mistake to be said, not one to be papered over by an installation.
  const missing = servers.filter((server) => find(server) === undefined && !process.env[server.variable]);
  if (missing.length > 0) await installWithApt(missing.map((server) => server.debian));
  const env = {};
  for (const server of servers) {
    const path = find(server);
    if (path !== undefined) env[server.variable] = path;
    else {
      const effect = server.required ? "tests that need it will fail" : "tests that need it are skipped and counted";
      const how = `install it (Debian, Ubuntu: apt-get install ${server.debian}; macOS: brew install ${server.debian.replace("-server", "")}), or name it in ${server.variable}`;
      console.error(`set-up: ${server.binary} was not found: ${effect}; ${how}`);
    }
  }
  return env;
}
