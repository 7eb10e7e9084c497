import type { CreationFailure, Mark, Order } from "@cascata/core";

/** What a store's users tell each other of it over a bus. Keys, never values. */
export interface BusNotice {
  readonly keys?: readonly string[];
  /** The chain that has made the change. */
  readonly sender?: string;
  readonly order?: Order;
  readonly marks?: readonly Mark[];
  /** Can be read now. */
  readonly filled?: readonly string[];
  /** How the creation of what is `filled` has failed. */
  readonly failure?: CreationFailure;
  /** Anything may have changed. */
  readonly all?: true;
  /** The change is only announced: it is over after so many milliseconds at the latest. */
  readonly ms?: number;
  /** The number of the announcement that is over now. */
  readonly of?: number;
}

/**
 * `hello`: who else is there, and what has been told so far? `beat`: here, and this is what I have told. `bye`: that was all.
 * Only a `notice` is counted.
 */
export type BusMessageKind = "hello" | "beat" | "bye" | "notice";

/** One text on a bus. */
export interface BusMessage {
  /** The member; another one each time that a process joins. */
  readonly from: string;
  readonly kind: BusMessageKind;
  /** How many notices the member has told, this one included. */
  readonly number: number;
  /** The sender's own clock, and never the same twice: means something to itself alone. */
  readonly at: number;
  readonly notice?: BusNotice;
}

const version = 1;
const kinds: ReadonlySet<unknown> = new Set(["hello", "beat", "bye", "notice"] satisfies BusMessageKind[]);

export function encodeMessage(message: BusMessage): string {
  return JSON.stringify({ cascata: version, ...message });
}

/** Nothing for a text that is no message, or of another version. */
export function decodeMessage(text: string): BusMessage | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(found) || found["cascata"] !== version || !kinds.has(found["kind"])) return undefined;
  if (typeof found["from"] !== "string" || !isCount(found["number"]) || typeof found["at"] !== "number")
    return undefined;
  return (found["kind"] === "notice") === isNotice(found["notice"]) ? (found as unknown as BusMessage) : undefined;
}

function isNotice(found: unknown): boolean {
  if (!isObject(found)) return false;
  const { keys, sender, order, marks, filled, failure, all, ms, of } = found;
  return (
    isMaybe(keys, isTexts) &&
    isMaybe(sender, isText) &&
    isMaybe(order, isOrder) &&
    isMaybe(marks, (list) => Array.isArray(list) && list.every(isMark)) &&
    isMaybe(filled, isTexts) &&
    isMaybe(failure, isFailure) &&
    isMaybe(all, (one) => one === true) &&
    isMaybe(ms, (one) => typeof one === "number" && one >= 0) &&
    isMaybe(of, isCount)
  );
}

function isFailure(found: unknown): boolean {
  if (!isObject(found)) return false;
  const { token, name, message, code, startedOrder } = found;
  const isCode = isMaybe(code, (one) => isText(one) || typeof one === "number");
  return isText(token) && isText(name) && isText(message) && isCode && isMaybe(startedOrder, isOrder);
}

function isMark(found: unknown): boolean {
  if (!isObject(found)) return false;
  const { name, mode, order, at } = found;
  const isMode = mode === "hard" || mode === "soft";
  return isText(name) && isMode && isMaybe(order, isOrder) && typeof at === "number";
}

function isOrder(found: unknown): boolean {
  return isObject(found) && isText(found["epoch"]) && isCount(found["seq"]);
}

function isMaybe(found: unknown, is: (found: unknown) => boolean): boolean {
  return found === undefined || is(found);
}

function isObject(found: unknown): found is Readonly<Record<string, unknown>> {
  return typeof found === "object" && found !== null;
}

function isTexts(found: unknown): boolean {
  return Array.isArray(found) && found.every(isText);
}

function isText(found: unknown): boolean {
  return typeof found === "string";
}

function isCount(found: unknown): boolean {
  return Number.isSafeInteger(found) && (found as number) >= 0;
}
