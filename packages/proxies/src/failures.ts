import { type Operation, ReadFailure, type WriteOutcome } from "@cascata/core";

/** The first error of an answer, thrown by nobody, in which a key failed; `whole`: only if every one did. */
export function errorIn(answer: unknown, keyCount: number, whole: boolean): unknown {
  if (answer instanceof ReadFailure) return answer.error;
  if (Array.isArray(answer) || answer instanceof Map) {
    const errors = [...answer.values()].map((one) => errorIn(one, 1, whole)).filter((error) => error !== undefined);
    return !whole || errors.length >= keyCount ? errors[0] : undefined;
  }
  const outcome = answer as Partial<WriteOutcome> | null | undefined;
  if (outcome?.status !== "failed" && outcome?.status !== "unknown") return undefined;
  return (outcome as { readonly error: unknown }).error;
}

/** What a call threw or rejected with, as a value. */
export class Thrown {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Throws again what {@link Thrown} holds. */
export function unthrown<T>(answer: T | Thrown): T {
  if (answer instanceof Thrown) throw answer.error;
  return answer;
}

/** The operations that write or delete entries. */
export function isWrite(operation: Operation): boolean {
  return operation === "set" || operation === "setMulti" || operation === "delete" || operation === "deleteMulti";
}
