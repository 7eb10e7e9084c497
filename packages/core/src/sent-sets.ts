import type { CachedValue } from "./cached-value.ts";
import type { FenceTicket } from "./fences.ts";
import { WriteLog } from "./write-log.ts";

/** A set that has left for the tiers. */
export interface SentSet {
  readonly key: string;
  readonly givenKey: string;
  readonly entry: CachedValue;
  ticket: FenceTicket | undefined;
}

export function givenKeysOf(sets: readonly SentSet[]): readonly string[] {
  return sets.map(({ givenKey }) => givenKey);
}

/** Collects what each tier did with them, in the caller's keys. */
export function logOf(sets: readonly SentSet[]): WriteLog {
  let names: ReadonlyMap<string, string> | undefined;
  return new WriteLog((key) => {
    names ??= new Map(sets.map((sent) => [sent.key, sent.givenKey]));
    return names.get(key) ?? key;
  });
}

/** Whether the authority still holds the old value after refusing the new one for this. */
export function leavesOld(why: string): boolean {
  return why === "too-large" || why === "full";
}
