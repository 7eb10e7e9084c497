import { ReadFailure } from "./cached-value.ts";
import type { WriteOutcome } from "./contexts.ts";
import { isCacheError } from "./errors.ts";

const blameless: ReadonlySet<string> = new Set(["VALIDATION", "CONFIGURATION", "SERIALIZATION", "LOCK", "CLOSED"]);

/** Whether an error tells of a bad call, not of a bad store. */
export function isBlameless(error: unknown): boolean {
  return isCacheError(error) && blameless.has(error.code);
}

/** The error of an answer that holds nothing but failures. */
export function failureIn(answer: unknown, keyCount: number): unknown {
  if (answer instanceof ReadFailure) return answer.error;
  if (Array.isArray(answer) || answer instanceof Map) {
    if ((Array.isArray(answer) ? answer.length : answer.size) < Math.max(keyCount, 1)) return undefined;
    let first: unknown;
    for (const one of answer.values()) {
      const error = failureIn(one, 0);
      if (error === undefined) return undefined;
      first ??= error;
    }
    return first;
  }
  const outcome = answer as Partial<WriteOutcome> | null | undefined;
  return outcome?.status === "failed" || outcome?.status === "unknown"
    ? (outcome as { error: unknown }).error
    : undefined;
}
