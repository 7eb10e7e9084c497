import type { CacheMetadata, Order } from "./cached-value.ts";
import { utf8Bytes, utf8Text } from "./utf8.ts";
import { epochAt, epochLength, headBytes, noEpoch } from "./wire-head.ts";
import { hashOf, longestKeptKey } from "./wire-metadata.ts";

type Writable = { -readonly [Name in keyof CacheMetadata]: CacheMetadata[Name] };

const quote = 34;
const dot = 46;
const zero = 48;
const backslash = 92;
const seqAt = epochAt + epochLength + 1;

const keyMember = utf8Bytes('","key":"');
const hashMember = utf8Bytes('","keyHash":"');
const createdAtMember = utf8Bytes(',"createdAt":');
const startedAtMember = utf8Bytes(',"startedAt":');
const ttlMember = utf8Bytes(',"ttl":');
const graceMember = utf8Bytes(',"grace":');
const orderMember = utf8Bytes(',"startedOrder":["');
const seqStart = utf8Bytes('",');
const orderEnd = utf8Bytes("]");
const lineEnd = utf8Bytes("}\n");
const infinity = utf8Bytes('"Infinity"');

/** So many digits are a whole 32-bit number, and so many a number that is exact, whatever they are. */
const intDigits = 9;
const exactDigits = 15;
const powers = Array.from({ length: exactDigits + 1 }, (_, exponent) => 10 ** exponent);
/** From here on (the year 2004) doubles are a 4096th apart. */
const coarseFrom = 2 ** 40;
const coarseDecimals = 12;

/**
 * Reads head and metadata line as a Wire writes them, member after member, in a third of the time that making a text of
 * it, `JSON.parse` and a look at each member take. It knows no escapes, no exponents and none of the rarer members: at
 * the first thing that it doesn't expect it gives up, and the line is to be parsed.
 */
export class LineReader {
  readonly #from: number;
  readonly #afterKey: Uint8Array;
  #bytes: Uint8Array = lineEnd;
  #at = 0;
  /** Most entries name the epoch of the one before, and need no text of their own for it. */
  #epoch = "";

  /** @param from where the line's next member after the checksum begins */
  constructor(from: number, serializer: string) {
    this.#from = from;
    this.#afterKey = utf8Bytes(`","serializer":"${serializer}","formatVersion":`);
  }

  /** Where the payload begins, when the line has been read. */
  get end(): number {
    return this.#at;
  }

  /** The metadata; `undefined`: parse it. Head and checksum have been checked. */
  read(bytes: Uint8Array, key: string, offsetMs: number): CacheMetadata | undefined {
    this.#bytes = bytes;
    this.#at = this.#from;
    const metadata = this.#metadata(key, offsetMs);
    // What was read may be a part of a large network buffer.
    this.#bytes = lineEnd;
    return metadata;
  }

  #metadata(key: string, offsetMs: number): CacheMetadata | undefined {
    if (!this.#isOfKey(key) || !this.#skip(this.#afterKey)) return undefined;
    const formatVersion = this.#number();
    if (!this.#skip(createdAtMember)) return undefined;
    const createdAt = this.#number();
    if (!this.#skip(startedAtMember)) return undefined;
    const startedAt = this.#number();
    const metadata: Writable = { createdAt: createdAt - offsetMs, startedAt: startedAt - offsetMs, formatVersion };
    let sum = formatVersion + createdAt + startedAt;
    if (this.#skip(ttlMember)) sum += metadata.ttl = this.#length();
    if (this.#skip(graceMember)) sum += metadata.grace = this.#length();
    if (this.#skip(orderMember)) {
      const epoch = this.#epochAt(this.#at, quote);
      if (epoch === undefined) return undefined;
      this.#at += epoch.length;
      if (!this.#skip(seqStart)) return undefined;
      const seq = this.#number();
      if (!this.#skip(orderEnd)) return undefined;
      metadata.startedOrder = { epoch, seq };
      sum += seq;
    }
    // One NaN among the numbers is a member that was not read.
    if (!this.#skip(lineEnd) || Number.isNaN(sum)) return undefined;
    const revision = this.#revision();
    if (revision !== undefined) metadata.revision = revision;
    return metadata;
  }

  #isOfKey(key: string): boolean {
    if (key.length > longestKeptKey) return this.#skip(hashMember) && this.#skip(utf8Bytes(hashOf(key)));
    if (!this.#skip(keyMember)) return false;
    const bytes = this.#bytes;
    const at = this.#at;
    for (let index = 0; index < key.length; index += 1) {
      const unit = key.charCodeAt(index);
      if (bytes[at + index] !== unit || unit === backslash || unit === quote || unit > 127) return false;
    }
    this.#at = at + key.length;
    return true;
  }

  #skip(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    for (let index = 0; index < expected.length; index += 1) if (bytes[at + index] !== expected[index]) return false;
    this.#at = at + expected.length;
    return true;
  }

  /** Plain digits, with a fraction or not; NaN for anything else. */
  #number(): number {
    const start = this.#at;
    const whole = this.#digits();
    if (this.#bytes[this.#at] !== dot) return whole;
    this.#at += 1;
    const fractionAt = this.#at;
    const fraction = this.#digits();
    const decimals = this.#at - fractionAt;
    // This rounds as reading the whole text would: no number with so few decimals lies next to the middle of two doubles
    // without being it.
    if (whole >= coarseFrom && decimals <= coarseDecimals) return whole + fraction / (powers[decimals] ?? Number.NaN);
    return Number.isNaN(whole + fraction) ? Number.NaN : Number(utf8Text(this.#bytes, start, this.#at));
  }

  /** NaN for none, or too many to be exact. Two halves, because steps of doubles take three times those of integers. */
  #digits(): number {
    const start = this.#at;
    const high = this.#few();
    const middle = this.#at;
    if (middle === start) return Number.NaN;
    if (middle - start < intDigits) return high;
    const low = this.#few();
    const scale = powers[this.#at - middle];
    return this.#at - start > exactDigits || scale === undefined ? Number.NaN : high * scale + low;
  }

  #few(): number {
    const bytes = this.#bytes;
    const first = this.#at;
    let at = first;
    let value = 0;
    for (; at < first + intDigits; at += 1) {
      const digit = (bytes[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) break;
      value = (value * 10 + digit) | 0;
    }
    this.#at = at;
    return value;
  }

  #length(): number {
    return this.#skip(infinity) ? Number.POSITIVE_INFINITY : this.#number();
  }

  /** The epoch from `at` to `end`; `undefined` for what is not printable ASCII as it is, or too long to be one. */
  #epochAt(at: number, end: number): string | undefined {
    const bytes = this.#bytes;
    const known = this.#epoch;
    let length = 0;
    let isKnown = true;
    for (let byte = bytes[at]; byte !== end; byte = bytes[at + length]) {
      if (byte === undefined || byte < 33 || byte > 126 || byte === quote || byte === backslash) return undefined;
      if (length === epochLength) return undefined;
      if (known.charCodeAt(length) !== byte) isKnown = false;
      length += 1;
    }
    if (isKnown && known.length === length) return known;
    this.#epoch = utf8Text(bytes, at, at + length);
    return this.#epoch;
  }

  #revision(): Order | undefined {
    const bytes = this.#bytes;
    const end = this.#at;
    this.#at = seqAt;
    const seq = this.#few() * (powers[headBytes - 1 - seqAt - intDigits] ?? 0) + this.#few();
    this.#at = end;
    let length = epochLength;
    while (length > 1 && bytes[epochAt + length - 1] === dot) length -= 1;
    const known = this.#epoch;
    let isKnown = known.length === length;
    for (let index = 0; isKnown && index < length; index += 1)
      isKnown = known.charCodeAt(index) === bytes[epochAt + index];
    if (isKnown) return { epoch: known, seq };
    const epoch = utf8Text(bytes, epochAt, epochAt + length);
    if (epoch === noEpoch && seq === 0) return undefined;
    this.#epoch = epoch;
    return { epoch, seq };
  }
}
