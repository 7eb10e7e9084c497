import type { CreationFailure, Mark, Order } from "@cascata/core";
import { numberKey, stripeOf } from "./entry-key.ts";
import { orderOf, type SharedState } from "./state.ts";
import type { Tree, Trees } from "./trees.ts";

// Orders, guards and the log of notices. All of this runs inside a transaction but for what says that it reads.

/** A record of the log. Keys are as the backend was given them; `filled` ones may be waited for. */
export interface Notice {
  readonly cleared?: true;
  /** Of something too long for the log. */
  readonly lost?: true;
  readonly keys?: readonly string[];
  readonly filled?: readonly string[];
  /** How the creation of the filled ones has failed, if it has. */
  readonly failure?: CreationFailure;
  readonly marks?: readonly Mark[];
  readonly sender?: string;
}

const stripes = 4096;
const mostNoticeBytes = 6000;
const ticketMark = "g:";

/** The next order. */
export function nextOrder(state: SharedState): Order {
  state.seq += 1;
  return orderOf(state);
}

/** Breaks every ticket of the key that was taken before now. */
export function breakTickets(trees: Trees, state: SharedState, key: Buffer): void {
  trees.guards.putSync(stripeKey(key), numberKey(state.seq));
}

/** A ticket for any key: the order at which it was taken. */
export function guardTicket(state: SharedState): string {
  return `${ticketMark}${state.epoch}:${state.seq}`;
}

/** Whether a ticket is a guard's, not a lease's. */
export function isGuardTicket(ticket: string): boolean {
  return ticket.startsWith(ticketMark);
}

/**
 * Whether nothing of the key's stripe has been changed since the ticket was taken. Another back-fill changes no stripe, so
 * that those of one batch don't refuse each other; `slot`, where the key's present entry came, tells of it.
 */
export function guardStands(trees: Trees, state: SharedState, key: Buffer, ticket: string, slot: number): boolean {
  const [, epoch, taken] = ticket.split(":");
  const seq = Number(taken);
  if (epoch !== state.epoch || !(seq >= Math.max(slot, state.clearedAt))) return false;
  const changed = trees.guards.getBinaryFast(stripeKey(key));
  return changed === undefined || changed.readDoubleBE(0) <= seq;
}

/**
 * Appends a notice at the current order. One that is too long for a page or two becomes several; beside a long key there may
 * be no room for a failure, and of one that is too long by itself the log says only that something was lost.
 */
export function announce(trees: Trees, state: SharedState, notice: Notice): void {
  const bytes = Buffer.from(JSON.stringify(notice));
  if (bytes.length <= mostNoticeBytes) {
    append(trees, state, bytes);
    return;
  }
  const [first, second] = halves(notice);
  if (first === undefined && notice.failure !== undefined) {
    const { failure: _, ...rest } = notice;
    announce(trees, state, rest);
    return;
  }
  if (first === undefined || second === undefined) {
    append(trees, state, Buffer.from(JSON.stringify({ lost: true } satisfies Notice)));
    return;
  }
  announce(trees, state, first);
  nextOrder(state);
  announce(trees, state, second);
}

function append(trees: Trees, state: SharedState, bytes: Buffer): void {
  state.lastNotice = state.seq;
  trees.notices.putSync(numberKey(state.seq), bytes);
}

function halves(notice: Notice): readonly Notice[] {
  for (const list of ["keys", "filled", "marks"] as const) {
    const items = notice[list];
    const middle = Math.ceil((items?.length ?? 0) / 2);
    if (items === undefined || items.length < 2) continue;
    return [
      { ...notice, [list]: items.slice(0, middle) },
      { ...notice, [list]: items.slice(middle) },
    ];
  }
  return [];
}

/** Reads up to `limit` notices after an order, oldest first. */
export function noticesAfter(notices: Tree, seq: number, limit: number): readonly { seq: number; notice: Notice }[] {
  return [...notices.getRange({ start: numberKey(seq), exclusiveStart: true, limit })].map(({ key, value }) => ({
    seq: Buffer.from(key).readDoubleBE(0),
    notice: JSON.parse(value.toString("utf8", 0, value.length)) as Notice,
  }));
}

/** Drops the oldest notices beyond `keep`, at most `limit`; says how many. */
export function trimNotices(trees: Trees, state: SharedState, keep: number, limit: number): number {
  const { entryCount } = trees.notices.getStats() as { entryCount: number };
  const surplus = Math.min(entryCount - keep, limit);
  if (surplus <= 0) return 0;
  const oldest = [...trees.notices.getKeys({ limit: surplus })].map((key) => Buffer.from(key));
  for (const key of oldest) trees.notices.removeSync(key);
  state.noticesFrom = oldest.at(-1)?.readDoubleBE(0) ?? state.noticesFrom;
  return oldest.length;
}

function stripeKey(key: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(stripeOf(key, stripes));
  return bytes;
}
