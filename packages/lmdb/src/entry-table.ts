import { numberKey, pairKey } from "./entry-key.ts";
import { decodeHead, type RecordHead } from "./record.ts";
import type { Trees } from "./trees.ts";

// Entries and the two indexes that belong to them. All of this runs inside a transaction.

/** Stores a record and its place in both indexes; `former` is what stood there. */
export function putEntry(
  trees: Trees,
  key: Buffer,
  record: Buffer,
  head: RecordHead,
  former: RecordHead | undefined,
): void {
  if (former !== undefined) unindex(trees, former);
  trees.entries.putSync(key, record);
  trees.ages.putSync(numberKey(head.slot), key);
  if (head.expiresAt !== Number.POSITIVE_INFINITY) trees.expiries.putSync(pairKey(head.expiresAt, head.slot), key);
}

/** Removes what stands at the key, if anything does. */
export function removeEntry(trees: Trees, key: Buffer): void {
  const former = headOf(trees, key);
  if (former === undefined) return;
  unindex(trees, former);
  trees.entries.removeSync(key);
}

/** The head of what stands at the key. */
export function headOf(trees: Trees, key: Buffer): RecordHead | undefined {
  const bytes = trees.entries.getBinaryFast(key);
  return bytes === undefined ? undefined : decodeHead(bytes);
}

/** Drops up to `limit` entries whose time is over by `now`; says how many. */
export function sweepExpired(trees: Trees, now: number, limit: number): number {
  const due = [...trees.expiries.getRange({ end: pairKey(now, Number.MAX_VALUE), limit })].map(({ key, value }) => ({
    place: Buffer.from(key),
    slot: Buffer.from(key).readDoubleBE(8),
    key: Buffer.from(value),
  }));
  for (const { place, slot, key } of due) {
    trees.expiries.removeSync(place);
    dropSlot(trees, slot, key);
  }
  return due.length;
}

/** Drops the `count` oldest entries, those with the least time left among equals; says how many there were. */
export function evictOldest(trees: Trees, count: number): number {
  const oldest = [...trees.ages.getRange({ limit: count })].map(({ key, value }) => ({
    slot: Buffer.from(key).readDoubleBE(0),
    key: Buffer.from(value),
  }));
  for (const { slot, key } of oldest) dropSlot(trees, slot, key);
  return oldest.length;
}

function dropSlot(trees: Trees, slot: number, key: Buffer): void {
  const head = headOf(trees, key);
  trees.ages.removeSync(numberKey(slot));
  if (head === undefined || head.slot !== slot) return;
  unindex(trees, head);
  trees.entries.removeSync(key);
}

function unindex(trees: Trees, head: RecordHead): void {
  trees.ages.removeSync(numberKey(head.slot));
  if (head.expiresAt !== Number.POSITIVE_INFINITY) trees.expiries.removeSync(pairKey(head.expiresAt, head.slot));
}
