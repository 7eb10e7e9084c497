import type { ChangeNotice, CreationFailure, Mark, Order } from "@cascata/core";
import { failureIn } from "./failure-text.ts";
import { decodeKey, type KeySpace } from "./key-space.ts";
import { orderOf } from "./order.ts";
import { entriesOf, fieldOf } from "./stream-entries.ts";

/** A notice's place in the feed: the epoch's beginning and the notice's number, counted without gaps. */
export interface FeedPlace {
  readonly base: string;
  readonly number: number;
}

/** What one entry of the stream says. */
export interface Notice {
  readonly place: FeedPlace;
  readonly order: Order;
  /** Absent: nothing has changed. */
  readonly changed?: ChangeNotice;
  /** The change has only been announced: it is over after so many milliseconds, at the latest. */
  readonly intentMs?: number;
  /** The number of the announcement that is over now. */
  readonly done?: number;
  readonly marks: readonly Mark[];
  readonly filled: readonly string[];
  /** How the creation of the filled ones has failed. */
  readonly failure?: CreationFailure;
}

/** The place as `XREAD` takes it. */
export function idOf({ base, number }: FeedPlace): string {
  return `${base}-${number}`;
}

/**
 * The notices in a reply of `XREAD`, of both protocols. An entry that nobody here wrote ends the reading: what it may have
 * replaced is then missing, and is noticed as a gap.
 */
export function noticesOf(reply: unknown, space: KeySpace): readonly Notice[] {
  return entriesOf(reply).map((entry) => noticeOf(entry, space));
}

function noticeOf([id, pairs]: readonly [unknown, readonly unknown[]], space: KeySpace): Notice {
  const [base = "", number] = String(id).split("-");
  const [epoch, seq] = fieldOf(pairs, "o").split(" ");
  const order = orderOf(epoch, seq);
  const place = { base, number: Number(number) };
  const filled = keysOf(fieldOf(pairs, "f"), space);
  const keys = keysOf(fieldOf(pairs, "k"), space);
  const sender = fieldOf(pairs, "s");
  const changed = sender === "" ? { keys, order } : { keys, order, sender };
  const intent = fieldOf(pairs, "i");
  const done = fieldOf(pairs, "d");
  const marks = marksOf(fieldOf(pairs, "m"), order, Number(fieldOf(pairs, "a")));
  const failure = filled.length === 0 ? undefined : failureIn(fieldOf(pairs, "e"));
  return {
    place,
    order,
    marks,
    filled,
    ...(intent === "" ? undefined : { intentMs: Number(intent) }),
    ...(failure === undefined ? undefined : { failure }),
    ...(done === "" ? undefined : { done: Number(done) }),
    ...(keys.length === 0 ? undefined : { changed }),
  };
}

function keysOf(lines: string, space: KeySpace): readonly string[] {
  return lines === "" ? [] : lines.split("\n").map((line) => space.callersKey(line));
}

function marksOf(text: string, order: Order, at: number): readonly Mark[] {
  if (text === "") return [];
  const mode = text.startsWith("h") ? "hard" : "soft";
  return text
    .slice(1)
    .split("\n")
    .map((name) => ({ name: decodeKey(name), mode, order, at }));
}
