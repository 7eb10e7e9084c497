// Runs a command of the repository and answers how it went. No dependency: this runs before anything is installed.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Tools that only this checkout uses: never global, gone with the checkout. */
export const toolsDir = join(root, ".cache", "tools");

/** A failure whose message is meant for the person at the terminal, without a stack. */
export class Failure extends Error {}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, capture?: boolean | "stdout", toStderr?: boolean }} [options]
 *   `capture` keeps both streams, or standard output only, instead of showing them; `toStderr` shows them on standard error,
 *   so that a caller's standard output stays its own.
 * @returns {Promise<{ code: number, output: string }>} `code` is 128 after a signal
 */
export function run(command, args, options = {}) {
  const { cwd = root, env = process.env, capture = false, toStderr = false } = options;
  const shown = ["inherit", toStderr ? 2 : "inherit", "inherit"];
  const kept = ["ignore", "pipe", capture === "stdout" ? "inherit" : "pipe"];
  const stdio = capture ? kept : shown;
  return new Promise((resolve, reject) => {
    // A `.cmd` shim on Windows needs a shell; elsewhere arguments stay untouched.
    const child = spawn(command, [...args], { cwd, env, stdio, shell: process.platform === "win32" });
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr?.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", (error) =>
      reject(error.code === "ENOENT" ? new Failure(`${command} was not found on this machine`) : error),
    );
    child.once("close", (code) => resolve({ code: code ?? 128, output }));
  });
}

/** As {@link run}, but a non-zero exit is a {@link Failure} that shows what was captured. */
export async function must(command, args, options) {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  const tail = result.output.trim();
  throw new Failure(`${command} ${args.join(" ")} failed (exit ${result.code})${tail === "" ? "" : `\n${tail}`}`);
}

/** Runs a script's main function: a {@link Failure} becomes its message and exit code 1. */
export async function main(body) {
  try {
    const code = await body();
    if (typeof code === "number") process.exitCode = code;
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exitCode = 1;
  }
}

/** Text of seconds since `start` (of `performance.now()`), such as `2.1 s`. */
export function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
