import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { root } from "../workspace/packages.ts";

/** What a program left behind. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Compiles the examples and what they use; quick when nothing has changed. @throws Error with what the compiler says */
export async function buildExamples(): Promise<void> {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { code, stdout } = await run([compiler, "-b", join(root, "examples")], {});
  if (code !== 0) throw new Error(`the examples don't compile\n${stdout}`);
}

/** Runs a compiled example, by its path without ending, in `cwd`: examples keep their files in the working directory. */
export function runExample(
  name: string,
  options: { readonly cwd?: string; readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  return run([join(root, "examples", "dist", `${name}.js`), ...(options.args ?? [])], options);
}

function run(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }) {
  const { REDIS_URL: _redis, INIT_CWD: _dir, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? root,
    env: { ...env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise<Outcome>((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
