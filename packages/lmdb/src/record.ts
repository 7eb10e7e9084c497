import { headBytes, type Order } from "@cascata/core";

/** What stands before the wire format's bytes in the tree of entries. */
export interface RecordHead {
  /** The order at which this tier took the entry; its place in the index of ages, and of its pieces. */
  readonly slot: number;
  /** The instant, in the tier's clock, from which it is no longer served; its place in the index of expiries. */
  readonly expiresAt: number;
  readonly storedAt: number;
  /** Bytes of the wire format altogether. */
  readonly length: number;
}

/** Bytes before those of the wire format. */
export const recordHeadBytes = 29;
/**
 * LMDB keeps a value of more than about 2 KB on pages of its own, in a row. In a file that is full such rows are not to be
 * had, and it would grow instead. So a large entry is kept in pieces, two to a page.
 */
const inlineBytes = 1450;
const pieceBytes = 2000;
const version = 1;

/** @returns `undefined` for bytes that are no record */
export function decodeHead(bytes: Buffer): RecordHead | undefined {
  if (bytes.length <= recordHeadBytes || bytes[0] !== version) return undefined;
  return {
    slot: bytes.readDoubleBE(1),
    expiresAt: bytes.readDoubleBE(9),
    storedAt: bytes.readDoubleBE(17),
    length: bytes.readUInt32BE(25),
  };
}

/** In how many pieces an entry of `length` bytes continues. */
export function piecesOf(length: number): number {
  return Math.max(0, Math.ceil((length - inlineBytes) / pieceBytes));
}

/** The record with the beginning of the wire bytes; `revision`, if given, replaces what they say of it. */
export function encodeRecord(head: RecordHead, wire: Uint8Array, revision: Order | undefined): Buffer {
  const beginning = wire.subarray(0, inlineBytes);
  const bytes = Buffer.allocUnsafe(recordHeadBytes + beginning.length);
  bytes[0] = version;
  bytes.writeDoubleBE(head.slot, 1);
  bytes.writeDoubleBE(head.expiresAt, 9);
  bytes.writeDoubleBE(head.storedAt, 17);
  bytes.writeUInt32BE(head.length, 25);
  bytes.set(beginning, recordHeadBytes);
  if (revision !== undefined) bytes.write(revisionHead(revision), recordHeadBytes, headBytes, "latin1");
  return bytes;
}

/** A piece of the wire bytes. */
export function pieceOf(wire: Uint8Array, index: number): Buffer {
  const start = inlineBytes + index * pieceBytes;
  const end = Math.min(wire.length, start + pieceBytes);
  return Buffer.from(wire.buffer, wire.byteOffset + start, end - start);
}

/** Where a piece stands: an entry's own are in a row. */
export function pieceKey(slot: number, index: number): Buffer {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeDoubleBE(slot);
  bytes.writeUInt32BE(index, 8);
  return bytes;
}

/**
 * The wire format's bytes, copied out of LMDB's shared buffer, which the next read overwrites: the record's own and what
 * `piece` gives.
 */
export function wireOf(record: Buffer, { length }: RecordHead, piece: (index: number) => Buffer | undefined): Buffer {
  const wire = Buffer.allocUnsafe(length);
  let filled = record.copy(wire, 0, recordHeadBytes, record.length);
  for (let index = 0; index < piecesOf(length); index += 1) {
    const bytes = piece(index);
    if (bytes === undefined) break;
    // LMDB's buffer is larger than the length that it says, and `copy` would take all of it.
    wire.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), filled);
    filled += bytes.length;
  }
  return wire.subarray(0, filled);
}

/** The wire format's fixed head. */
function revisionHead(revision: Order): string {
  return `cascata1 ${revision.epoch} ${String(revision.seq).padStart(16, "0")} `;
}
