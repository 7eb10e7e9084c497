import { type Awaitable, andThen } from "./awaitable.ts";
import { CachedValue, type Order } from "./cached-value.ts";
import { STORED, type WriteContext, type WriteOutcome } from "./contexts.ts";
import type { NearTier } from "./near-tier.ts";
import { isSkipped } from "./write-keys.ts";

const overtaken: WriteOutcome = Object.freeze({ status: "refused", why: "newer" });

/**
 * What becomes of a key in the near tier when the farther one has answered a write of it.
 *
 * @param stands whether nothing else has happened to the key since before the write
 * @param guard the near tier's own ticket for the key, if processes share it
 */
export function settle(
  near: NearTier,
  key: string,
  value: CachedValue,
  outcome: WriteOutcome,
  stands: boolean,
  guard: string | undefined,
  context: WriteContext | undefined,
): Awaitable<WriteOutcome | void> {
  if (guard !== undefined) return settleGuarded(near, key, value, outcome, stands, guard, context);
  return context?.fill === true
    ? settleFill(near, key, value, outcome, stands, context.keepMs)
    : settleSet(near, key, value, outcome, stands, context?.keepMs);
}

function settleSet(
  near: NearTier,
  key: string,
  value: CachedValue,
  outcome: WriteOutcome,
  stands: boolean,
  keepMs: number | undefined,
): Awaitable<WriteOutcome | void> {
  // What the store has refused or lost must not leave its predecessor here.
  if (outcome.status !== "stored" && !isSkipped(outcome)) return near.drop(key);
  // A read that left while the set was under way may carry the old value.
  near.break(key);
  return stands
    ? near.fill(key, withRevision(value, revisionOf(outcome)), undefined, keepMs)
    : giveWay(near, key, outcome);
}

function settleFill(
  near: NearTier,
  key: string,
  value: CachedValue,
  outcome: WriteOutcome,
  stands: boolean,
  keepMs: number | undefined,
): Awaitable<WriteOutcome | void> {
  const holds = near.holds(key, value);
  if (outcome.status === "refused" && !isSkipped(outcome)) return holds === false ? overtaken : near.drop(key);
  if (!stands || holds === false) return giveWay(near, key, outcome);
  if (isSkipped(outcome)) return STORED;
  const { confidence } = near;
  if (outcome.status !== "stored") return near.put(key, confidence.unconfirmed(value), undefined, keepMs);
  return outcome.revision === undefined
    ? undefined
    : near.put(key, confidence.confirmed(withRevision(value, outcome.revision)), undefined, keepMs);
}

/** A tier that processes share takes it if none of them has changed the key since before the write. */
function settleGuarded(
  near: NearTier,
  key: string,
  value: CachedValue,
  outcome: WriteOutcome,
  stands: boolean,
  guard: string,
  context: WriteContext | undefined,
): Awaitable<WriteOutcome | void> {
  const isTaken = outcome.status === "stored" || isSkipped(outcome);
  if (!isTaken && !(context?.fill && outcome.status === "failed")) return near.drop(key);
  near.break(key);
  if (!stands) return giveWay(near, key, outcome);
  const entry = withRevision(value, revisionOf(outcome));
  const put = isTaken
    ? near.fill(key, entry, guard, context?.keepMs)
    : near.put(key, near.confidence.unconfirmed(entry), guard, context?.keepMs);
  return andThen(put, (done) =>
    done?.status === "refused" && done.why === "ticket" ? giveWay(near, key, outcome) : done,
  );
}

/** The key was changed while its write was under way: which came first orders tell, and what is older goes. */
function giveWay(near: NearTier, key: string, outcome: WriteOutcome): Awaitable<WriteOutcome> {
  const older = outcome.status === "stored" ? near.dropOlder([key], outcome.revision) : undefined;
  return andThen(older, () => overtaken);
}

/** The entry as the authority has counted it. */
function withRevision(entry: CachedValue, revision: Order | undefined): CachedValue {
  if (revision === undefined) return entry;
  const { metadata } = entry;
  // The new member first: behind the others it makes the copy take six times as long.
  const counted = metadata.revision === undefined ? { revision, ...metadata } : { ...metadata, revision };
  return new CachedValue(entry.payload, counted, entry.residence);
}

function revisionOf(outcome: WriteOutcome): Order | undefined {
  return outcome.status === "stored" ? outcome.revision : undefined;
}
