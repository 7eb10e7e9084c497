import type { CacheMetadata, Order } from "./cached-value.ts";
import { utf8Bytes, utf8Text, viewOf } from "./utf8.ts";
import { fourDigits } from "./wire-digits.ts";
import { epochAt, headBytes, noOrderText, OrderReader, orderLength, orderText } from "./wire-head.ts";
import { type Common, commonOf, commonText, hashOf, keyText, longestKeptKey, timesText } from "./wire-metadata.ts";

// {"check":"f785a7ddca452aa1","createdAt":1795424545123.250,"startedAt":1795424545100.000,
//  "startedOrder":"k3x9q2m1c7aa 0000000000000017","key":"users:42","serializer":"rich","formatVersion":3,"ttl":60000}
export const checkStart = '{"check":"';
export const checkDigits = 16;
/** What the checksum covers begins here. */
export const coveredFrom: number = headBytes + checkStart.length + checkDigits;
const createdName = '","createdAt":';
const startedName = ',"startedAt":';
const orderName = ',"startedOrder":"';
const wholeDigits = 13;
const instantLength = wholeDigits + 4;
const createdAt = coveredFrom + createdName.length;
const startedAt = createdAt + instantLength + startedName.length;
const orderAt = startedAt + instantLength + orderName.length;
const orderEnd = orderAt + orderLength;
const firstLetterAt = coveredFrom + 3;
const firstLetter = createdName.charCodeAt(3);

const keyStart = utf8Bytes('","key":"');
const hashStart = utf8Bytes('","keyHash":"');
const newline = 10;
const quote = 34;
const dot = 46;
const backslash = 92;

/** Instants of so many digits, from 2001 to 2286, have a spelling of a fixed length. */
const leastMicros = 10 ** (wholeDigits + 2);
const tooManyMicros = 10 ** (wholeDigits + 3);
const half = 10 ** 9;

/**
 * The line of metadata from behind its checksum on. Instants of whole microseconds and an order stand at fixed places, where
 * they are read without looking for them; any others are members like the rest.
 */
export function lineText(key: string, metadata: CacheMetadata, serializer: string, offsetMs: number): string {
  const common = commonText(metadata, serializer);
  const created = instantText(metadata.createdAt + offsetMs);
  const started = metadata.startedAt === metadata.createdAt ? created : instantText(metadata.startedAt + offsetMs);
  const order = fixedOrder(metadata.startedOrder);
  if (created === undefined || started === undefined || order === undefined)
    return `",${keyText(key)},${common},${timesText(metadata, offsetMs)}}\n`;
  return `${createdName}${created}${startedName}${started}${orderName}${order}",${keyText(key)},${common}}\n`;
}

function instantText(instant: number): string | undefined {
  const micros = Math.round(instant * 1000);
  if (!(micros >= leastMicros && micros < tooManyMicros) || micros / 1000 !== instant) return undefined;
  // In two halves: printing a number of more than 32 bits takes as long as all the rest.
  const high = Math.floor(micros / half);
  const digits = String(high) + String(half + (micros - high * half)).slice(1);
  return `${digits.slice(0, wholeDigits)}.${digits.slice(wholeDigits)}`;
}

function fixedOrder(order: Order | undefined): string | undefined {
  if (order === undefined) return noOrderText;
  const text = orderText(order);
  return text === noOrderText || /["\\]/.test(order.epoch) ? undefined : text;
}

/**
 * Reads the metadata of entries as most of them are: what is at a fixed place from there, and what an entry has in common
 * with the one before it without looking at more than that. At the first thing that it doesn't expect it gives up, and the
 * line is to be parsed.
 */
export class LineReader {
  readonly #serializer: string;
  readonly #revisions = new OrderReader();
  readonly #orders = new OrderReader();
  /** What stood behind the last key, and what it said. */
  #rest: DataView = viewOf(new Uint8Array(0));
  #common: Common | undefined;
  /** Whether that is no more than version and ttl. */
  #isPlain = false;
  #end = 0;

  constructor(serializer: string) {
    this.#serializer = serializer;
  }

  /** Where the payload begins, when the line has been read. */
  get end(): number {
    return this.#end;
  }

  /** The metadata; `undefined`: parse it. Head and checksum have been checked. */
  read(bytes: Uint8Array, view: DataView, key: string, offsetMs: number): CacheMetadata | undefined {
    if (!isFixed(view)) return undefined;
    const keyEnd = endOfKey(view, key);
    const common = keyEnd === undefined ? undefined : this.#commonAt(bytes, view, keyEnd);
    if (common === undefined) return undefined;
    const created = instantAt(view, createdAt) - offsetMs;
    const started = instantAt(view, startedAt) - offsetMs;
    const startedOrder = this.#orders.read(view, orderAt);
    const revision = this.#revisions.read(view, epochAt);
    const { formatVersion, ttl } = common;
    // In one piece, where that is possible: members that are added one by one cost more than all that was read.
    if (this.#isPlain && ttl !== undefined && startedOrder !== undefined && revision !== undefined)
      return { createdAt: created, startedAt: started, formatVersion, ttl, startedOrder, revision };
    const { tags, validators } = common;
    return {
      createdAt: created,
      startedAt: started,
      ...common,
      // Each caller's own, since a caller can change them.
      ...(tags && { tags: [...tags] }),
      ...(validators && { validators: { ...validators } }),
      ...(startedOrder && { startedOrder }),
      ...(revision && { revision }),
    };
  }

  /** What stands between the key and the payload. Entries of one region mostly have the same there. */
  #commonAt(bytes: Uint8Array, view: DataView, at: number): Common | undefined {
    const rest = this.#rest;
    const length = rest.byteLength;
    const isKnown = this.#common !== undefined && at + length <= view.byteLength && isSame(view, at, rest);
    if (isKnown) {
      this.#end = at + length;
      return this.#common;
    }
    const end = bytes.indexOf(newline, at) + 1;
    const common = this.#parsed(utf8Text(bytes, at, end));
    if (common === undefined) return undefined;
    // A copy: what was read may be a part of a large network buffer.
    this.#rest = viewOf(Uint8Array.from(bytes.subarray(at, end)));
    this.#common = common;
    this.#isPlain = Object.keys(common).length === 2 && common.ttl !== undefined;
    this.#end = end;
    return common;
  }

  #parsed(text: string): Common | undefined {
    if (!text.startsWith(`","serializer":"${this.#serializer}","formatVersion":`)) return undefined;
    try {
      return commonOf(JSON.parse(`{${text.slice(2)}`));
    } catch {
      return undefined;
    }
  }
}

function isFixed(view: DataView): boolean {
  return (
    view.byteLength > orderEnd &&
    view.getUint8(firstLetterAt) === firstLetter &&
    view.getUint8(createdAt + wholeDigits) === dot &&
    view.getUint8(startedAt + wholeDigits) === dot &&
    view.getUint8(orderAt - 1) === quote &&
    view.getUint8(orderEnd) === quote
  );
}

/** As far as doubles go: whole and fraction, added, round as the whole text would. */
function instantAt(view: DataView, at: number): number {
  const millions = fourDigits(view.getInt32(at, true)) * 10_000 + fourDigits(view.getInt32(at + 4, true));
  const rest = fourDigits(view.getInt32(at + 8, true)) * 10 + view.getUint8(at + 12) - 48;
  // The dot is no digit, and stands for the first of the four.
  const micros = fourDigits(view.getInt32(at + wholeDigits, true) & 0xffffff00);
  return millions * 100_000 + rest + micros / 1000;
}

/** Where the key ends, if it is this one and stands there as it is. */
function endOfKey(view: DataView, key: string): number | undefined {
  if (key.length > longestKeptKey) return endOfText(view, endOfBytes(view, orderEnd, hashStart), hashOf(key));
  return endOfText(view, endOfBytes(view, orderEnd, keyStart), key);
}

function endOfBytes(view: DataView, at: number, expected: Uint8Array): number | undefined {
  const end = at + expected.length;
  if (end > view.byteLength) return undefined;
  for (let index = 0; index < expected.length; index += 1)
    if (view.getUint8(at + index) !== expected[index]) return undefined;
  return end;
}

function endOfText(view: DataView, at: number | undefined, text: string): number | undefined {
  const end = (at ?? 0) + text.length;
  if (at === undefined || end > view.byteLength) return undefined;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (view.getUint8(at + index) !== unit || unit === backslash || unit === quote || unit > 127) return undefined;
  }
  return end;
}

/** Whether `view` shows at `at` what `other` shows, which is longer than a word. */
function isSame(view: DataView, at: number, other: DataView): boolean {
  const last = other.byteLength - 4;
  for (let index = 0; index < last; index += 4)
    if (view.getInt32(at + index, true) !== other.getInt32(index, true)) return false;
  return view.getInt32(at + last, true) === other.getInt32(last, true);
}
