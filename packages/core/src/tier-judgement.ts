import type { CachedValue } from "./cached-value.ts";
import type { Judgement, ReadContext } from "./contexts.ts";

/** What the caller rejects by its revision is asked for further down, whatever its age. */
export function isFresh(key: string, entry: CachedValue, context: ReadContext | undefined): boolean {
  if (context?.lease?.rejects?.has(key)) return false;
  return context?.judge === undefined || context.judge(key, entry) === "fresh";
}

/** How the caller judges it; what it rejects by its revision is stale at best. */
export function judgementOf(key: string, entry: CachedValue, context: ReadContext | undefined): Judgement {
  const judgement = context?.judge?.(key, entry) ?? "fresh";
  return judgement === "fresh" && context?.lease?.rejects?.has(key) ? "stale" : judgement;
}
