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

/** Figures of one candidate by operation, and those of the floor that they are compared with, one for one. */
export interface Row {
  readonly name: string;
  readonly figures: Readonly<Record<string, readonly number[]>>;
  readonly base: Readonly<Record<string, readonly number[]>>;
}

/** Runs `measure` for all names, one after another, round after round, and puts the rounds together. */
export async function interleaved<T>(
  names: readonly string[],
  rounds: number,
  measure: (name: string) => Promise<T>,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const all = new Map<string, T[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) for (const name of names) all.get(name)?.push(await measure(name));
  return all;
}

/** Each operation's figures of all rounds. */
export function joined(
  rounds: readonly Readonly<Record<string, number | readonly number[]>>[],
): Record<string, readonly number[]> {
  const operations = new Set(rounds.flatMap((round) => Object.keys(round)));
  return Object.fromEntries([...operations].map((name) => [name, rounds.flatMap((round) => round[name] ?? [])]));
}
