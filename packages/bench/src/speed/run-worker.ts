import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs one worker of the bench in a process of its own and gives what it answered. */
export async function runWorker<T>(worker: string, args: readonly string[], node: readonly string[] = []): Promise<T> {
  const file = fileURLToPath(new URL(`./${worker}.js`, import.meta.url));
  const { stdout } = await execute(process.execPath, [...node, file, ...args], {
    maxBuffer: 2 ** 26,
    timeout: 300_000,
  });
  return JSON.parse(stdout) as T;
}

/** By candidate, by operation, the figure of each round. */
export type Rounds = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

/** Measures all candidates, one after another, round after round. */
export async function interleaved(
  names: readonly string[],
  rounds: number,
  measure: (name: string) => Promise<Readonly<Record<string, number>>>,
): Promise<Rounds> {
  const all = new Map<string, Record<string, number[]>>(names.map((name) => [name, {}]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const figures = await measure(name);
      const rows = all.get(name) as Record<string, number[]>;
      for (const [operation, figure] of Object.entries(figures)) {
        rows[operation] ??= [];
        rows[operation].push(figure);
      }
    }
  }
  return all;
}
