import { memoryCandidates } from "../candidates/all.ts";
import { interleaved, type Rounds, runWorker } from "./run-worker.ts";

export interface MemoryRun {
  readonly candidates: readonly string[];
  readonly entries: number;
  readonly rounds: number;
  readonly samples: number;
  readonly operations: string;
}

/** The memory tier: each candidate in processes of its own, rounds interleaved. */
export function measureMemory({ candidates, entries, rounds, samples, operations }: MemoryRun): Promise<Rounds> {
  const known = memoryCandidates.map(({ name }) => name);
  const names = candidates.length === 0 ? known : known.filter((name) => candidates.includes(name));
  return interleaved(names, rounds, (name) =>
    runWorker("memory-worker", [name, String(entries), String(samples), operations]),
  );
}
