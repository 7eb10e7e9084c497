import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** What may be on the machine. */
export interface Binary {
  readonly name: string;
  /** The environment variable that names its file. */
  readonly variable: string;
  /** What it may be called on the PATH. */
  readonly binaries: readonly string[];
  /** How one comes by it. */
  readonly how: string;
  /** Where it is, if that is known. */
  readonly binary?: string;
}

/** A runtime that is a command. */
export interface Runtime extends Binary {
  /** Arguments before a program. */
  readonly run: readonly string[];
  /** Arguments before a file of tests, where `describeConformance` knows its test runner. */
  readonly test?: readonly string[];
}

const node = { run: [], test: ["--test", "--test-reporter=tap"], binaries: [] };
const fetched = "`npm test` and `npm run proof -- runtimes` fetch it from npm";
const inProof = "`npm run proof -- runtimes` fetches it from npm";

/** The first one is always there: the others are compared with it. */
export const runtimes: readonly Runtime[] = [
  { name: "this Node", variable: "NODE", how: "it runs the tests", ...node, binary: process.execPath },
  { name: "Node 20.19.0", variable: "NODE_20_19_0", how: inProof, ...node },
  { name: "Node 22", variable: "NODE_22", how: inProof, ...node },
  { name: "Node 24", variable: "NODE_24", how: inProof, ...node },
  { name: "Node 26", variable: "NODE_26", how: inProof, ...node },
  {
    name: "Bun",
    variable: "BUN",
    binaries: ["bun"],
    how: fetched,
    run: ["run", "--no-install"],
    test: ["test", "--no-install"],
  },
  {
    name: "Deno",
    variable: "DENO",
    binaries: ["deno"],
    how: fetched,
    // It has no permission at all: the packages read no file and no variable, and open no socket.
    run: ["run", "--no-prompt", "--no-remote", "--node-modules-dir=manual"],
  },
];

export const chromium: Binary = {
  name: "Chromium",
  variable: "CHROMIUM",
  binaries: ["chromium", "chromium-browser", "google-chrome"],
  how: "`npm run proof -- runtimes` installs it where it is root on a Debian or Ubuntu",
};

/** Where a runtime's binary is, or why it can't be run. */
export function findRuntime(runtime: Binary): { readonly binary: string } | { readonly missing: string } {
  const { name, variable, binaries, how } = runtime;
  if (runtime.binary !== undefined) return { binary: runtime.binary };
  const named = process.env[variable] ?? "";
  if (named !== "" && existsSync(named)) return { binary: named };
  const folders = named === "" ? (process.env["PATH"] ?? "").split(delimiter) : [];
  const files = folders.flatMap((folder) => binaries.map((binary) => join(folder, binary)));
  const binary = files.find((file) => existsSync(file));
  return binary === undefined ? { missing: `${name} was not found: ${how}, or name it in ${variable}` } : { binary };
}

/**
 * Runs a command in `folder`; what the runtime keeps for itself is kept there too.
 * @throws Error with what it printed if it fails
 */
export function runCommand(
  folder: string,
  binary: string,
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const kept = { HOME: folder, DENO_DIR: join(folder, "deno") };
  const quiet = { DENO_NO_UPDATE_CHECK: "1", DO_NOT_TRACK: "1", NO_COLOR: "1" };
  const env = { ...process.env, ...kept, ...quiet };
  return execute(binary, [...args], { cwd: folder, env, maxBuffer: 2 ** 26, timeout: 170_000 });
}
