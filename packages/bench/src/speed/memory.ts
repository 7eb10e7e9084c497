import { memoryCandidates } from "../candidates/all.ts";
import { interleaved, joined, type Row, runWorker } from "./run-worker.ts";

export interface MemoryRun {
  readonly candidates: readonly string[];
  readonly entries: number;
  readonly rounds: number;
  readonly samples: number;
  readonly operations: string;
}

/** The memory tier: each candidate in processes of its own, rounds interleaved. */
export async function measureMemory(run: MemoryRun): Promise<readonly Row[]> {
  const { candidates, entries, rounds, samples, operations } = run;
  const known = memoryCandidates.map(({ name }) => name);
  const names = candidates.length === 0 ? known : known.filter((name) => candidates.includes(name));
  const measured = await interleaved(names, rounds, (name) =>
    runWorker<Record<string, number>>("memory-worker", [name, String(entries), String(samples), operations]),
  );
  const base = joined(measured.get("floor") ?? []);
  return [...measured].map(([name, figures]) => ({ name, figures: joined(figures), base }));
}
