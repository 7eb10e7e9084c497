import type { Order } from "@cascata/core";

/** What stands before the wire format's bytes in the tree of entries. */
export interface RecordHead {
  /** The order at which this tier took the entry; its place in the index of ages. */
  readonly slot: number;
  /** The instant, in the tier's clock, from which it is no longer served; its place in the index of expiries. */
  readonly expiresAt: number;
  readonly storedAt: number;
}

/** Bytes before those of the wire format. */
export const recordHeadBytes = 25;
const version = 1;

/** @returns `undefined` for bytes that are no record */
export function decodeHead(bytes: Buffer): RecordHead | undefined {
  if (bytes.length <= recordHeadBytes || bytes[0] !== version) return undefined;
  return { slot: bytes.readDoubleBE(1), expiresAt: bytes.readDoubleBE(9), storedAt: bytes.readDoubleBE(17) };
}

/** A record with the wire bytes in place; `revisionHead`, if given, replaces what they say of the revision. */
export function encodeRecord(head: RecordHead, wire: Uint8Array, revisionHead?: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(recordHeadBytes + wire.length);
  bytes[0] = version;
  bytes.writeDoubleBE(head.slot, 1);
  bytes.writeDoubleBE(head.expiresAt, 9);
  bytes.writeDoubleBE(head.storedAt, 17);
  bytes.set(wire, recordHeadBytes);
  if (revisionHead !== undefined) bytes.set(revisionHead, recordHeadBytes);
  return bytes;
}

/** The wire format's own bytes, copied out of LMDB's shared buffer, which the next read overwrites. */
export function wireOf(bytes: Buffer): Buffer {
  const wire = Buffer.allocUnsafe(bytes.length - recordHeadBytes);
  bytes.copy(wire, 0, recordHeadBytes, bytes.length);
  return wire;
}

/** The wire format's fixed head with a revision in it. */
export function headWith(revision: Order): Buffer {
  return Buffer.from(`cascata1 ${revision.epoch} ${String(revision.seq).padStart(16, "0")} `, "latin1");
}
