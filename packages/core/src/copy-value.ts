import { SerializationError } from "./errors.ts";

const typedArray = Object.getPrototypeOf(Uint8Array) as typeof Uint8Array;
/** What `copyValue` makes anew by its constructor. */
const copied: ReadonlySet<unknown> = new Set(
  [Array, Map, Set, Date, RegExp, URL].map(({ prototype }) => prototype as unknown),
);
const sliceBytes = typedArray.prototype.slice as (this: ArrayBufferView) => ArrayBufferView;

/**
 * A deep copy of the same shape: plain objects, arrays, Map, Set, Date, RegExp, URL, the language's errors, buffers
 * (Buffer included) and typed arrays; cycles and sharing are kept.
 * @throws SerializationError for a function, a symbol or an instance of another class
 */
export function copyValue<T>(value: T): T {
  return copyOf(value, new Map()) as T;
}

function copyOf(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw unstorable(typeof value);
  if (typeof value !== "object" || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const keep = <C>(copy: C): C => {
    copies.set(value, copy);
    return copy;
  };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (isOwnClass(prototype)) throw unstorable(`an instance of ${nameOf(value)}`);
  if (Array.isArray(value)) return fillArray(keep(new Array<unknown>(value.length)), value, copies);
  if (prototype === Object.prototype || prototype === null) {
    return fillObject(keep(Object.create(prototype as object | null) as Record<string, unknown>), value, copies);
  }
  if (value instanceof Map) {
    const copy = keep(new Map<unknown, unknown>());
    for (const [key, item] of value) copy.set(copyOf(key, copies), copyOf(item, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set<unknown>());
    for (const item of value) copy.add(copyOf(item, copies));
    return copy;
  }
  return keep(copyLeaf(value));
}

function copyLeaf(value: object): unknown {
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof URL) return new URL(value.href);
  // `slice` asks the value's own class for the copy, so that a Buffer stays one.
  if (value instanceof typedArray) return sliceBytes.call(value);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (value instanceof DataView) {
    return new DataView(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength));
  }
  if (value instanceof Error) return copyError(value);
  throw unstorable(`an instance of ${nameOf(value)}`);
}

/** A class that extends one of the language's: its copy would be of the language's class. Errors keep theirs. */
function isOwnClass(prototype: unknown): boolean {
  let above: unknown = prototype === null ? null : Object.getPrototypeOf(prototype);
  while (above !== null && above !== Object.prototype) {
    if (copied.has(above)) return true;
    above = Object.getPrototypeOf(above);
  }
  return false;
}

function nameOf(value: object): string {
  return value.constructor?.name || "an unknown class";
}

function copyError(error: Error): Error {
  const copy = Object.setPrototypeOf(new Error(), Object.getPrototypeOf(error) as object) as Error;
  const copies = new Map<object, unknown>([[error, copy]]);
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    const own = Reflect.get(error, name) as unknown;
    Object.defineProperty(copy, name, {
      value: copyOf(own, copies),
      writable: true,
      configurable: true,
      enumerable: property.enumerable ?? false,
    });
  }
  return copy;
}

function fillArray(copy: unknown[], value: readonly unknown[], copies: Map<object, unknown>): unknown[] {
  value.forEach((item, index) => {
    copy[index] = copyOf(item, copies);
  });
  return copy;
}

function fillObject(copy: Record<string, unknown>, value: object, copies: Map<object, unknown>): object {
  for (const [name, item] of Object.entries(value)) {
    if (name === "__proto__") {
      Object.defineProperty(copy, name, {
        value: copyOf(item, copies),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    } else copy[name] = copyOf(item, copies);
  }
  return copy;
}

function unstorable(what: string): SerializationError {
  return new SerializationError(`a value that holds ${what} can't be copied`);
}
