import type { Order } from "@cascata/core";
import { numberKey, pairKey } from "./entry-key.ts";
import { decodeHead, encodeRecord, pieceKey, pieceOf, piecesOf, type RecordHead, wireOf } from "./record.ts";
import type { Trees } from "./trees.ts";

// Entries, their pieces and the two indexes that belong to them. What changes them runs inside a transaction.

/** An entry as it goes into the table. */
export interface NewEntry {
  readonly head: RecordHead;
  readonly wire: Uint8Array;
  /** Replaces what the wire bytes say. */
  readonly revision: Order | undefined;
}

/** Of one sweep or eviction at most so many pieces, whatever the number of entries: some milliseconds. */
const mostPieces = 2000;

/** Stores an entry and its place in both indexes; `former` is what stood there. */
export function putEntry(trees: Trees, key: Buffer, entry: NewEntry, former: RecordHead | undefined): void {
  if (former !== undefined) dismantle(trees, former);
  const { head, wire, revision } = entry;
  trees.entries.putSync(key, encodeRecord(head, wire, revision));
  for (let index = 0; index < piecesOf(head.length); index += 1) {
    trees.pieces.putSync(pieceKey(head.slot, index), pieceOf(wire, index));
  }
  trees.ages.putSync(numberKey(head.slot), key);
  if (head.expiresAt !== Number.POSITIVE_INFINITY) trees.expiries.putSync(pairKey(head.expiresAt, head.slot), key);
}

/** The wire bytes of a record, pieces included; fewer than there should be where one is missing. */
export function readWire(trees: Trees, record: Buffer, head: RecordHead): Buffer {
  return wireOf(record, head, (index) => trees.pieces.getBinaryFast(pieceKey(head.slot, index)));
}

/** Removes what stands at the key, if anything does. */
export function removeEntry(trees: Trees, key: Buffer): void {
  const former = headOf(trees, key);
  if (former === undefined) return;
  dismantle(trees, former);
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
  return dropWithin(due, ({ place, slot, key }) => {
    trees.expiries.removeSync(place);
    return dropSlot(trees, slot, key);
  });
}

/** Drops up to `count` of the oldest entries; says how many. */
export function evictOldest(trees: Trees, count: number): number {
  const oldest = [...trees.ages.getRange({ limit: count })].map(({ key, value }) => ({
    slot: Buffer.from(key).readDoubleBE(0),
    key: Buffer.from(value),
  }));
  return dropWithin(oldest, ({ slot, key }) => dropSlot(trees, slot, key));
}

function dropWithin<T>(candidates: readonly T[], drop: (one: T) => number): number {
  let pieces = 0;
  for (const [index, one] of candidates.entries()) {
    pieces += drop(one);
    if (pieces >= mostPieces) return index + 1;
  }
  return candidates.length;
}

function dropSlot(trees: Trees, slot: number, key: Buffer): number {
  const head = headOf(trees, key);
  trees.ages.removeSync(numberKey(slot));
  if (head === undefined || head.slot !== slot) return 0;
  trees.entries.removeSync(key);
  return dismantle(trees, head);
}

/** Removes an entry's pieces and its places in the indexes; says how many pieces there were. */
function dismantle(trees: Trees, head: RecordHead): number {
  const pieces = piecesOf(head.length);
  for (let index = 0; index < pieces; index += 1) trees.pieces.removeSync(pieceKey(head.slot, index));
  trees.ages.removeSync(numberKey(head.slot));
  if (head.expiresAt !== Number.POSITIVE_INFINITY) trees.expiries.removeSync(pairKey(head.expiresAt, head.slot));
  return pieces;
}
