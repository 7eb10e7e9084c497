import { isNoValue, ReadFailure, type WriteOutcome } from "@cascata/core";
import { Thrown } from "./failures.ts";

/** What one call came to, key by key. */
export interface CallReport {
  readonly hits: number;
  readonly misses: number;
  readonly stored: number;
  readonly refused: number;
  readonly failures: number;
  /** The first failure. */
  readonly error: unknown;
}

type Tally = { -readonly [name in keyof CallReport]: CallReport[name] };

/** Reads the answer of a call about `keyCount` keys. */
export function reportOf(answer: unknown, keyCount: number, writes: boolean): CallReport {
  const tally: Tally = { hits: 0, misses: 0, stored: 0, refused: 0, failures: 0, error: undefined };
  if (answer instanceof Thrown) {
    tally.failures = Math.max(keyCount, 1);
    tally.error = answer.error;
  } else if (writes) {
    const outcomes =
      answer instanceof Map
        ? [...(answer as Map<string, WriteOutcome>).values()]
        : [answer as WriteOutcome | undefined];
    for (const outcome of outcomes) addOutcome(tally, outcome);
    // A key that is not named was stored.
    tally.stored = keyCount - tally.refused - tally.failures;
  } else {
    for (const found of Array.isArray(answer) ? (answer as readonly unknown[]) : [answer]) addFound(tally, found);
  }
  return tally;
}

function addOutcome(tally: Tally, outcome: WriteOutcome | undefined): void {
  if (outcome?.status === "refused") tally.refused += 1;
  if (outcome?.status !== "failed" && outcome?.status !== "unknown") return;
  tally.failures += 1;
  tally.error ??= outcome.error;
}

function addFound(tally: Tally, found: unknown): void {
  if (isNoValue(found)) tally.misses += 1;
  else if (found instanceof ReadFailure) {
    tally.failures += 1;
    tally.error ??= found.error;
  } else tally.hits += 1;
}
