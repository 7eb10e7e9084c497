import { SerializationError } from "./errors.ts";
import { binariesByName, errorsByName, HostUrl, put } from "./rich-kinds.ts";
import { deepest } from "./rich-refusal.ts";

type Fields = Record<string, unknown>;

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);
const hiddenErrorFields: ReadonlySet<string> = new Set(["message", "stack", "cause", "errors"]);
const decimalDigits = /^-?\d{1,61}$/;
const hexadecimalDigits = /^-?0x[\da-f]+$/;

/** Puts back what tags stand for, in place. `blobs` holds the bytes of binary values, one after another. */
export class RichRevival {
  readonly #blobs: Uint8Array;
  #taken = 0;

  constructor(blobs: Uint8Array) {
    this.#blobs = blobs;
  }

  /** The whole payload. @throws SerializationError when bytes are left over, or a tag is not one of ours */
  whole(tree: unknown): unknown {
    const payload = this.#revive(tree, 0);
    if (this.#taken !== this.#blobs.length) throw broken("bytes are left over");
    return payload;
  }

  #revive(value: unknown, depth: number): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (depth > 2 * deepest + 2) throw broken("it is nested too deep");
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1) {
        const before: unknown = value[at];
        if (typeof before === "object" && before !== null) value[at] = this.#revive(before, depth + 1);
      }
      return value;
    }
    return Object.hasOwn(value, "$") ? this.#tag((value as Fields)["$"], depth + 1) : this.#fields(value, depth);
  }

  #fields(value: unknown, depth: number): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw broken("fields are missing");
    const fields = value as Fields;
    for (const key of Object.keys(fields)) {
      const before = fields[key];
      if (typeof before !== "object" || before === null) continue;
      const after = this.#revive(before, depth + 1);
      if (after !== before) put(fields, key, after);
    }
    return fields;
  }

  #tag(tag: unknown, depth: number): unknown {
    if (typeof tag === "string" && words.has(tag)) return words.get(tag);
    if (!Array.isArray(tag) || typeof tag[0] !== "string") throw broken("a tag is unknown");
    const [name, first] = tag as [string, unknown];
    const binary = binariesByName.get(name);
    if (binary !== undefined) return binary.make(this.#take(first, binary.unit));
    const ErrorClass = errorsByName.get(name);
    if (ErrorClass !== undefined) return this.#error(ErrorClass, this.#fields(first, depth));
    switch (name) {
      case "Date":
        return new Date(first === null ? Number.NaN : numberOf(first));
      case "BigInt":
        return bigIntOf(textOf(first));
      case "Object":
        return this.#fields(first, depth);
      case "null":
        return this.#nullObject(this.#fields(first, depth));
      case "Set":
        return new Set(this.#parts(tag, 1, depth));
      case "Map":
        return new Map(pairs(this.#parts(tag, 1, depth)));
      case "Array":
        return sparseArray(numberOf(first), pairs(this.#parts(tag, 2, depth)));
      case "RegExp":
        return regExpOf(textOf(first), textOf(tag[2]), numberOf(tag[3]));
      case "URL":
        if (HostUrl === undefined) throw broken("this runtime has no URL");
        return new HostUrl(textOf(first));
      default:
        throw broken(`the tag ${JSON.stringify(name.slice(0, 40))} is unknown`);
    }
  }

  #parts(tag: readonly unknown[], start: number, depth: number): unknown[] {
    return tag.slice(start).map((part) => this.#revive(part, depth + 1));
  }

  #take(length: unknown, unit: number): ArrayBuffer {
    const end = this.#taken + numberOf(length);
    if (!Number.isInteger(end) || end < this.#taken || end > this.#blobs.length || (end - this.#taken) % unit !== 0) {
      throw broken("a length does not fit its bytes");
    }
    // A copy: the typed array needs an aligned start, and must not keep a whole network buffer alive.
    const copy = new Uint8Array(end - this.#taken);
    copy.set(this.#blobs.subarray(this.#taken, end));
    this.#taken = end;
    return copy.buffer;
  }

  #error(ErrorClass: ErrorConstructor, fields: Fields): Error {
    const error = ErrorClass === (AggregateError as unknown) ? new AggregateError([]) : new ErrorClass();
    if (!Object.hasOwn(fields, "stack")) Reflect.deleteProperty(error, "stack");
    for (const key of Object.keys(fields)) {
      const enumerable = !hiddenErrorFields.has(key);
      Object.defineProperty(error, key, { value: fields[key], writable: true, configurable: true, enumerable });
    }
    return error;
  }

  #nullObject(fields: Fields): object {
    const result: object = Object.create(null);
    for (const key of Object.keys(fields)) (result as Fields)[key] = fields[key];
    return result;
  }
}

function pairs(flat: readonly unknown[]): [unknown, unknown][] {
  if (flat.length % 2 !== 0) throw broken("a pair lacks its second half");
  const result: [unknown, unknown][] = [];
  for (let at = 0; at < flat.length; at += 2) result.push([flat[at], flat[at + 1]]);
  return result;
}

function sparseArray(length: number, elements: readonly (readonly [unknown, unknown])[]): unknown[] {
  const list: unknown[] = [];
  if (length !== length >>> 0) throw broken("an array's length is wrong");
  if (length > 0) {
    // Writing the last element of an empty array makes a sparse one; `new Array(length)` would reserve the memory.
    list[length - 1] = undefined;
    delete list[length - 1];
  }
  for (const [at, element] of elements) {
    if (typeof at !== "number" || at !== at >>> 0 || at >= length) throw broken("an array's index is wrong");
    list[at] = element;
  }
  return list;
}

function regExpOf(source: string, flags: string, lastIndex: number): RegExp {
  const pattern = new RegExp(source, flags);
  pattern.lastIndex = lastIndex;
  return pattern;
}

function bigIntOf(digits: string): bigint {
  if (decimalDigits.test(digits)) return BigInt(digits);
  if (!hexadecimalDigits.test(digits)) throw broken("a BigInt is malformed");
  return digits.startsWith("-") ? -BigInt(digits.slice(1)) : BigInt(digits);
}

function numberOf(value: unknown): number {
  if (typeof value !== "number") throw broken("a number is missing");
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw broken("a text is missing");
  return value;
}

function broken(why: string): SerializationError {
  return new SerializationError(`the stored bytes are not what the rich serializer writes: ${why}`);
}
