import { type Awaitable, attempt, isPromiseLike, andThen as then } from "./awaitable.ts";
import type { CacheBackend, WriteOutcomes } from "./backend.ts";
import type { WriteContext, WriteOutcome } from "./contexts.ts";
import { asCacheError } from "./errors.ts";
import { isEntryRefused } from "./refusal.ts";

/**
 * What becomes of keys whose entries a proxy did not let through. What a refused entry was to replace is deleted, so
 * that it isn't served on; a lease that the write carried is given back, so that nobody waits for a fill that never comes.
 */
export function settleUnstored(
  proxy: CacheBackend,
  errors: ReadonlyMap<string, unknown>,
  context: WriteContext | undefined,
): Awaitable<WriteOutcomes> {
  const outcomes = new Map<string, WriteOutcome>();
  const superseded: string[] = [];
  for (const [key, error] of errors) {
    const refused = isEntryRefused(error);
    outcomes.set(
      key,
      refused
        ? { status: "refused", why: error.why }
        : { status: "failed", error: asCacheError(error, proxy.name, "encode", 1) },
    );
    if (refused && !error.leaveOld) superseded.push(key);
  }
  const { ticket, keepMs: _, ...rest } = context ?? {};
  if (ticket !== undefined) {
    // The entry that it was to replace is absent, or rejected by who holds the ticket: nothing to delete.
    const released = attempt(
      () => proxy.leases?.release([...errors.keys()], ticket),
      () => undefined,
    );
    return isPromiseLike(released) ? released.then(() => outcomes) : outcomes;
  }
  if (superseded.length === 0) return outcomes;
  const fail = (error: unknown) => {
    const outcome = { status: "failed", error: asCacheError(error, proxy.name, "delete", superseded.length) } as const;
    return new Map<string, WriteOutcome>(superseded.map((key) => [key, outcome]));
  };
  const deleted = attempt(() => proxy.deleteMulti(superseded, rest), fail);
  return then(deleted, (all) => {
    for (const [key, outcome] of all ?? []) if (outcome.status !== "stored") outcomes.set(key, outcome);
    return outcomes;
  });
}
