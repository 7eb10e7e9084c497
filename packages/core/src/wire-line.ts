import type { CacheMetadata, Order } from "./cached-value.ts";
import { utf8Text, viewOf } from "./utf8.ts";
import { sixteenDigits } from "./wire-digits.ts";
import { epochAt, headBytes, noOrderText, OrderReader, orderLength, orderText } from "./wire-head.ts";
import { type Common, commonOf, commonText, timesText } from "./wire-metadata.ts";

// {"stamp":"f785a7ddca452aa1 1795424545123250 1795424545100000 k3x9q2m1c7aa 0000000000000017","serializer":"rich",
//  "formatVersion":3,"ttl":60000}
export const checkStart = '{"stamp":"';
export const checkDigits = 16;
/** What the checksum covers begins here. */
export const coveredFrom: number = headBytes + checkStart.length + checkDigits;
const instantDigits = 16;
const createdAt = coveredFrom + 1;
const startedAt = createdAt + instantDigits + 1;
const orderAt = startedAt + instantDigits + 1;
const stampEnd = orderAt + orderLength;
const newline = 10;
const space = 32;

/** Instants of so many digits, from 2001 to 2286, have a spelling of a fixed length. */
const leastMicros = 10 ** (instantDigits - 1);
const tooManyMicros = 10 ** instantDigits;
const half = 10 ** 9;

/**
 * The line of metadata from behind its checksum on. Instants of whole microseconds and an order stand at fixed places, where
 * they are read without looking for them; any others are members like the rest.
 */
export function lineText(metadata: CacheMetadata, serializer: string, offsetMs: number): string {
  const common = commonText(metadata, serializer);
  const created = instantText(metadata.createdAt + offsetMs);
  const started = metadata.startedAt === metadata.createdAt ? created : instantText(metadata.startedAt + offsetMs);
  const order = fixedOrder(metadata.startedOrder);
  if (created === undefined || started === undefined || order === undefined)
    return `",${common},${timesText(metadata, offsetMs)}}\n`;
  return ` ${created} ${started} ${order}",${common}}\n`;
}

function instantText(instant: number): string | undefined {
  const micros = Math.round(instant * 1000);
  if (!(micros >= leastMicros && micros < tooManyMicros) || micros / 1000 !== instant) return undefined;
  // In two halves: printing a number of more than 32 bits takes as long as all the rest.
  const high = Math.floor(micros / half);
  return String(high) + String(half + (micros - high * half)).slice(1);
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
  /** What stood behind the last stamp, and what it said. */
  #rest: DataView = viewOf(new Uint8Array(0));
  #common: Common | undefined;
  /** Whether that is no more than version and ttl. */
  #isPlain = false;
  #end = 0;

  constructor(serializer: string) {
    this.#serializer = serializer;
  }

  /** Where in the entry its payload begins, when the line has been read. */
  get end(): number {
    return this.#end;
  }

  /** The metadata of the entry in `bytes`, which `view` shows from `from` on; `undefined`: parse it. Head and checksum have been checked. */
  read(bytes: Uint8Array, view: DataView, from: number, offsetMs: number): CacheMetadata | undefined {
    if (bytes.length <= stampEnd || view.getUint8(from + coveredFrom) !== space) return undefined;
    const common = this.#commonIn(bytes, view, from);
    if (common === undefined) return undefined;
    const created = instantAt(view, from + createdAt) - offsetMs;
    const started = instantAt(view, from + startedAt) - offsetMs;
    const startedOrder = this.#orders.read(view, from + orderAt);
    const revision = this.#revisions.read(view, from + epochAt);
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

  /** What stands between the stamp and the payload. Entries of one region mostly have the same there. */
  #commonIn(bytes: Uint8Array, view: DataView, from: number): Common | undefined {
    if (this.#common !== undefined && this.#end <= bytes.length && isSame(view, from + stampEnd, this.#rest))
      return this.#common;
    const end = bytes.indexOf(newline, stampEnd) + 1;
    const common = this.#parsed(utf8Text(bytes, stampEnd, end));
    if (common === undefined) return undefined;
    // A copy: what was read may be a part of a large network buffer.
    this.#rest = viewOf(Uint8Array.from(bytes.subarray(stampEnd, end)));
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

function instantAt(view: DataView, at: number): number {
  return sixteenDigits(view, at) / 1000;
}

/** Whether `view` shows at `at` what `other` shows, which is longer than a word. */
function isSame(view: DataView, at: number, other: DataView): boolean {
  const last = other.byteLength - 4;
  for (let index = 0; index < last; index += 4)
    if (view.getInt32(at + index, true) !== other.getInt32(index, true)) return false;
  return view.getInt32(at + last, true) === other.getInt32(last, true);
}
