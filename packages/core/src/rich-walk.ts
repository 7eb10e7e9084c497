import { isNoValue } from "./no-value.ts";
import { binaryKinds, contentKinds, errorsByName, HostUrl, isForeignPlain, put, rawBytes } from "./rich-kinds.ts";
import { deepest, Refusal, TooBig } from "./rich-refusal.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What JSON has no word for stands in it as an object whose only key is `$`. */
interface Tag {
  readonly $: unknown;
}

const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype;
// Properties of errors that are not enumerable where the language sets them.
const errorFields = ["message", "stack", "cause", "errors"];

/**
 * One walk over a payload. It returns the payload itself when JSON alone carries it, and else a copy in which tags stand
 * for the rest; what is plain inside is not copied. Bytes are collected beside it.
 */
export class RichWalk {
  readonly blobs: Uint8Array[] = [];
  readonly #limit: number;
  #size = 0;

  /** @param limit the walk ends with {@link TooBig} once the encoded form must be bigger than this many bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  replace(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "string":
        this.#count(value.length + 2);
        return value;
      case "number":
        this.#size += 1;
        if (value - value === 0 && (value !== 0 || 1 / value > 0)) return value;
        return { $: Object.is(value, -0) ? "-0" : String(value) };
      case "boolean":
        this.#size += 4;
        return value;
      case "object":
        if (value === null) return value;
        if (depth > deepest) throw new Refusal(value, "depth");
        return Array.isArray(value) ? this.#array(value, depth) : this.#object(value, depth);
      case "undefined":
        return { $: "undefined" };
      case "bigint":
        return { $: ["BigInt", this.#digits(value)] };
      default:
        throw new Refusal(value, `a ${typeof value} cannot be stored`);
    }
  }

  #count(bytes: number): void {
    this.#size += bytes;
    if (this.#size > this.#limit) throw new TooBig(this.#size, this.#limit);
  }

  #digits(value: bigint): string {
    // Decimal digits read well but cost more than linear time, which hexadecimal ones do not.
    const size = value < 0n ? -value : value;
    const text = `${value < 0n ? "-" : ""}${size >> 200n === 0n ? size.toString() : `0x${size.toString(16)}`}`;
    this.#count(text.length);
    return text;
  }

  #array(value: readonly unknown[], depth: number): unknown {
    if (Object.getPrototypeOf(value) !== arrayPrototype && !isForeignArray(value)) throw new Refusal(value, "class");
    this.#count(value.length + 1);
    let copy: unknown[] | undefined;
    for (let at = 0; at < value.length; at += 1) {
      const before = value[at];
      if (before === undefined && !(at in value)) return this.#sparse(value, copy ?? value.slice(0, at), depth);
      const after = this.replace(before, depth + 1);
      if (copy !== undefined) copy.push(after);
      else if (after !== before) copy = [...value.slice(0, at), after];
    }
    return copy ?? value;
  }

  /** An array with holes: its length, and index and value of each element. */
  #sparse(value: readonly unknown[], done: readonly unknown[], depth: number): Tag {
    const parts: unknown[] = ["Array", value.length];
    for (const [at, each] of done.entries()) parts.push(at, each);
    for (const key of Object.keys(value)) {
      const at = Number(key);
      if (String(at >>> 0) !== key || at < done.length) continue;
      parts.push(at, this.replace(value[at], depth + 1));
    }
    return { $: parts };
  }

  #object(value: object, depth: number): unknown {
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === objectPrototype) return this.#plain(value as Fields, depth);
    if (prototype === null) return { $: ["null", this.#fields(value as Fields, depth)] };
    const binary = binaryKinds.get(prototype);
    if (binary !== undefined) {
      const bytes = rawBytes(value as ArrayBufferView);
      this.#count(bytes.length);
      this.blobs.push(bytes);
      return { $: [binary.name, bytes.length] };
    }
    if (isNoValue(value)) throw new Refusal(value, "NO_VALUE means that nothing is cached");
    if (contentKinds.has(prototype)) return { $: this.#content(value, prototype, depth + 1) };
    if (isForeignPlain(prototype)) return this.#plain(value as Fields, depth);
    throw new Refusal(value, "class");
  }

  #plain(value: Fields, depth: number): unknown {
    const fields = this.#fields(value, depth);
    return Object.hasOwn(value, "$") ? { $: ["Object", fields] } : fields;
  }

  #fields(value: Fields, depth: number): unknown {
    this.#size += 2;
    let copy: object | undefined;
    for (const key in value) {
      const before = value[key];
      this.#size += key.length + 4;
      const after = this.replace(before, depth + 1);
      if (copy === undefined) {
        if (after === before) continue;
        copy = keysBefore(value, key);
      }
      if (Object.hasOwn(value, key)) put(copy, key, after);
    }
    return copy ?? value;
  }

  #content(value: object, prototype: object, depth: number): readonly unknown[] {
    const each = (part: unknown): unknown => this.replace(part, depth);
    if (value instanceof Date) {
      const ms = value.getTime();
      return ["Date", Number.isNaN(ms) ? null : ms];
    }
    if (value instanceof Map) return ["Map", ...[...value].flat(1).map(each)];
    if (value instanceof Set) return ["Set", ...[...value].map(each)];
    if (value instanceof RegExp) return ["RegExp", each(value.source), value.flags, value.lastIndex];
    if (HostUrl !== undefined && value instanceof HostUrl) return ["URL", each(value.href)];
    return [errorName(prototype), this.#fields(errorContent(value as Error), depth)];
  }
}

function keysBefore(value: Fields, end: string): object {
  const copy = {};
  for (const key of Object.keys(value)) {
    if (key === end) break;
    put(copy, key, value[key]);
  }
  return copy;
}

function isForeignArray(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  const above: object | null = prototype === null ? null : Object.getPrototypeOf(prototype);
  return above !== null && Array.isArray(prototype) && isForeignPlain(above);
}

function errorName(prototype: object): string {
  for (const [name, each] of errorsByName) if (each.prototype === prototype) return name;
  return "Error";
}

function errorContent(error: Error): Fields {
  const content: Record<string, unknown> = {};
  for (const key of errorFields) {
    const part = (error as unknown as Fields)[key];
    if (Object.hasOwn(error, key) || (key === "stack" && typeof part === "string")) content[key] = part;
  }
  for (const key of Object.keys(error)) put(content, key, (error as unknown as Fields)[key]);
  return content;
}
