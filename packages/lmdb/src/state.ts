import { randomBytes } from "node:crypto";
import type { Order } from "@cascata/core";

/**
 * What all processes on one file share, in one record that every transaction rewrites.
 */
export interface SharedState {
  /** Names the file: a new one has another. 12 letters and digits. */
  readonly epoch: string;
  /** The order: how many stores, deletes and marks there have been. */
  seq: number;
  /** The order of the latest notice in the log. */
  lastNotice: number;
  /** Notices up to this order have been dropped from the log. */
  noticesFrom: number;
  /** The order of the latest `clear`: no ticket from before it stands. */
  clearedAt: number;
  /** How many bytes of the file are known to exist on the disk, so that writing there can't fail. */
  extent: number;
  /** The most pages that can be in use by now. */
  pages: number;
}

const epochLength = 12;
const recordBytes = epochLength + 6 * 8;

/** The state of a new file. */
export function newState(): SharedState {
  const epoch = randomBytes(9).toString("base64url").replaceAll("-", "a").replaceAll("_", "b");
  return { epoch, seq: 0, lastNotice: 0, noticesFrom: 0, clearedAt: 0, extent: 0, pages: 0 };
}

/** @returns `undefined` for bytes that are no state */
export function decodeState(bytes: Buffer | undefined): SharedState | undefined {
  if (bytes === undefined || bytes.length !== recordBytes) return undefined;
  const at = (index: number) => bytes.readDoubleBE(epochLength + index * 8);
  return {
    epoch: bytes.toString("latin1", 0, epochLength),
    seq: at(0),
    lastNotice: at(1),
    noticesFrom: at(2),
    clearedAt: at(3),
    extent: at(4),
    pages: at(5),
  };
}

export function encodeState(state: SharedState): Buffer {
  const bytes = Buffer.allocUnsafe(recordBytes);
  bytes.write(state.epoch, 0, "latin1");
  const { seq, lastNotice, noticesFrom, clearedAt, extent, pages } = state;
  const numbers = [seq, lastNotice, noticesFrom, clearedAt, extent, pages];
  for (const [index, value] of numbers.entries()) bytes.writeDoubleBE(value, epochLength + index * 8);
  return bytes;
}

/** The current count as an order. */
export function orderOf(state: SharedState): Order {
  return { epoch: state.epoch, seq: state.seq };
}
