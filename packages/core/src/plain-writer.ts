import { deepest, TooBig } from "./rich-refusal.ts";
import { newBytes, utf8Bytes, utf8Write } from "./utf8.ts";

const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype;

const bufferBytes = 1 << 16;
/** Texts longer than this are quoted by `JSON.stringify`: a call costs more than short texts, and less than long ones. */
const shortText = 48;
/** What is longer than this gets bytes of its own, instead of going through the buffer. */
const longText = 4096;
/** The most that a number takes: `-1.2345678901234567e+100`, and one for the comma. */
const numberBytes = 26;

/**
 * Writes plain data as the bytes of its JSON, and finds out on the way whether it is plain: one pass where checking,
 * `JSON.stringify` and encoding to UTF-8 are three. For short records it takes three quarters of the time of the last two.
 */
export class PlainWriter {
  #buffer = new Uint8Array(bufferBytes);
  #at = 0;
  #full: Uint8Array[] = [];
  #fullBytes = 0;
  #limit = 0;

  /**
   * The bytes of `start` and of the JSON of `value`, or `undefined` when JSON alone does not carry it.
   * @throws TooBig as soon as more than `limit` bytes must come out
   */
  write(start: string, value: unknown, limit: number): Uint8Array | undefined {
    this.#at = 0;
    this.#fullBytes = 0;
    this.#limit = limit;
    try {
      this.#raw(start);
      if (!this.#value(value, 0)) return undefined;
      this.#check(0);
      return this.#whole();
    } finally {
      // The writer stays, and must not keep a large payload with it.
      if (this.#full.length > 0) this.#full = [];
    }
  }

  #value(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case "string":
        this.#text(value);
        return true;
      case "number":
        return this.#number(value);
      case "boolean":
        this.#word(value ? "true" : "false");
        return true;
      case "object":
        if (value === null) {
          this.#word("null");
          return true;
        }
        if (depth > deepest) return false;
        if (Array.isArray(value)) return this.#array(value, depth + 1);
        return Object.getPrototypeOf(value) === objectPrototype && this.#object(value, depth + 1);
      default:
        return false;
    }
  }

  #object(value: object, depth: number): boolean {
    this.#byte(123);
    let first = true;
    for (const key in value) {
      // What tells a tag from an object is this key.
      if (key === "$") return false;
      if (first) first = false;
      else this.#byte(44);
      this.#text(key);
      this.#byte(58);
      const part = (value as Readonly<Record<string, unknown>>)[key];
      if (typeof part === "string") this.#text(part);
      else if (!this.#value(part, depth)) return false;
    }
    this.#byte(125);
    return true;
  }

  #array(list: readonly unknown[], depth: number): boolean {
    if (Object.getPrototypeOf(list) !== arrayPrototype) return false;
    this.#check(list.length);
    if (isListOfFractions(list)) {
      this.#raw(JSON.stringify(list));
      return true;
    }
    this.#byte(91);
    for (let at = 0; at < list.length; at += 1) {
      if (at > 0) this.#byte(44);
      if (!this.#value(list[at], depth)) return false;
    }
    this.#byte(93);
    return true;
  }

  #text(text: string): void {
    const { length } = text;
    if (length > shortText) {
      this.#check(length);
      this.#raw(JSON.stringify(text));
      return;
    }
    this.#room(length * 3 + 2);
    const buffer = this.#buffer;
    let at = this.#at;
    buffer[at] = 34;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit < 32 || unit === 34 || unit === 92 || (unit >= 0xd800 && unit <= 0xdfff)) {
        // Escapes and surrogates: the runtime knows the rules.
        this.#raw(JSON.stringify(text));
        return;
      }
      if (unit > 127) {
        if (unit > 0x7ff) {
          at += 1;
          buffer[at] = 0xe0 | (unit >> 12);
        }
        at += 1;
        buffer[at] = unit > 0x7ff ? 0x80 | ((unit >> 6) & 63) : 0xc0 | (unit >> 6);
      }
      at += 1;
      buffer[at] = unit < 128 ? unit : 0x80 | (unit & 63);
    }
    buffer[at + 1] = 34;
    this.#at = at + 2;
  }

  #number(value: number): boolean {
    this.#room(numberBytes);
    if ((value | 0) !== value) {
      if (value - value !== 0) return false;
      this.#ascii(String(value));
      return true;
    }
    if (value <= 0) {
      if (value === 0 && 1 / value < 0) return false;
      if (value < -(2 ** 31) + 1) this.#ascii(String(value));
      else if (value < 0) {
        this.#ascii("-");
        this.#digits(-value);
      } else this.#ascii("0");
      return true;
    }
    this.#digits(value);
    return true;
  }

  #digits(value: number): void {
    let left = value;
    let count = 1;
    for (let bound = 10; bound <= value; bound *= 10) count += 1;
    this.#at += count;
    for (let at = this.#at - 1; count > 0; at -= 1, count -= 1) {
      const next = (left / 10) | 0;
      this.#buffer[at] = 48 + left - next * 10;
      left = next;
    }
  }

  #word(word: string): void {
    this.#room(word.length);
    this.#ascii(word);
  }

  #byte(byte: number): void {
    if (this.#at === bufferBytes) this.#flush();
    this.#buffer[this.#at] = byte;
    this.#at += 1;
  }

  /** A text for which there is room. */
  #ascii(text: string): void {
    for (let index = 0; index < text.length; index += 1) this.#buffer[this.#at + index] = text.charCodeAt(index);
    this.#at += text.length;
  }

  #raw(text: string): void {
    if (text.length > longText) {
      this.#flush();
      const bytes = utf8Bytes(text);
      this.#full.push(bytes);
      this.#fullBytes += bytes.length;
      return;
    }
    this.#room(text.length * 3);
    this.#at += utf8Write(text, this.#buffer, this.#at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes > bufferBytes) this.#flush();
  }

  #flush(): void {
    this.#check(0);
    this.#full.push(this.#buffer.slice(0, this.#at));
    this.#fullBytes += this.#at;
    this.#at = 0;
  }

  #check(more: number): void {
    const size = this.#fullBytes + this.#at + more;
    if (size > this.#limit) throw new TooBig(size, this.#limit);
  }

  #whole(): Uint8Array {
    const whole = newBytes(this.#fullBytes + this.#at);
    let at = 0;
    for (const part of this.#full) {
      whole.set(part, at);
      at += part.length;
    }
    whole.set(this.#buffer.subarray(0, this.#at), at);
    return whole;
  }
}

/** Long lists of fractions go to `JSON.stringify` at once, which prints those faster than `String` does. */
function isListOfFractions(list: readonly unknown[]): boolean {
  if (list.length < 8 || Number.isInteger(list[0])) return false;
  for (let at = 0; at < list.length; at += 1) {
    const number = list[at];
    if (typeof number !== "number" || number - number !== 0 || (number === 0 && 1 / number < 0)) return false;
  }
  return true;
}
