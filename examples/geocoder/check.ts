import { isDeepStrictEqual } from "node:util";
import type { Cell } from "./grid.ts";
import type { Answer } from "./nearest.ts";
import type { Sampled } from "./serve.ts";
import { Latencies } from "./tally.ts";

/** An answer that the uncached search doesn't give. */
export interface Wrong {
  readonly cell: Cell;
  readonly got: Answer;
  readonly expected: Answer;
}

export interface Check {
  readonly checked: number;
  readonly wrong: readonly Wrong[];
  /** Mean time of one uncached search: the sample is spread evenly over the requests, so this is what each would have cost. */
  readonly searchMs: number;
}

/** Compares sampled answers with the search itself, and times the search meanwhile. */
export function checkAnswers(sample: readonly Sampled[], search: (cell: Cell) => Answer): Check {
  const times = new Latencies();
  const wrong: Wrong[] = [];
  for (const { cell, answer } of sample) {
    const start = performance.now();
    const expected = search(cell);
    times.add(performance.now() - start);
    if (!isDeepStrictEqual({ ...answer }, { ...expected })) wrong.push({ cell, got: answer, expected });
  }
  return { checked: sample.length, wrong, searchMs: times.mean };
}
