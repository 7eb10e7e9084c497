import type { ChangeNotice, Mark, Order } from "@cascata/core";
import { decodeKey, type KeySpace } from "./key-space.ts";
import { orderOf } from "./order.ts";

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
  if (typeof reply !== "object" || reply === null) return [];
  const entries: unknown = Array.isArray(reply) ? reply[0]?.[1] : Object.values(reply)[0];
  return Array.isArray(entries) ? entries.map((entry) => noticeOf(entry, space)) : [];
}

function noticeOf(entry: unknown, space: KeySpace): Notice {
  const [id, pairs] = entry as [unknown, readonly unknown[]];
  const [base = "", number] = String(id).split("-");
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < pairs.length; index += 2) fields.set(String(pairs[index]), String(pairs[index + 1]));
  const [epoch, seq] = (fields.get("o") ?? "").split(" ");
  const order = orderOf(epoch, seq);
  const sender = fields.get("s");
  const keys = keysOf(fields.get("k"), space);
  const intent = fields.get("i");
  const done = fields.get("d");
  const marks = marksOf(fields.get("m"), order, Number(fields.get("a")));
  return {
    place: { base, number: Number(number) },
    order,
    marks,
    filled: keysOf(fields.get("f"), space),
    ...(intent !== undefined && { intentMs: Number(intent) }),
    ...(done !== undefined && done !== "" && { done: Number(done) }),
    ...(keys.length > 0 && { changed: { keys, order, ...(sender !== undefined && sender !== "" && { sender }) } }),
  };
}

function keysOf(lines: string | undefined, space: KeySpace): readonly string[] {
  return lines === undefined || lines === "" ? [] : lines.split("\n").map((line) => space.callersKey(line));
}

function marksOf(text: string | undefined, order: Order, at: number): readonly Mark[] {
  if (text === undefined) return [];
  const mode = text.startsWith("h") ? "hard" : "soft";
  return text
    .slice(1)
    .split("\n")
    .map((name) => ({ name: decodeKey(name), mode, order, at }));
}
