import { HostBuffer } from "./utf8.ts";

interface UrlLike {
  readonly href: string;
}

type BinaryView = ArrayBufferView<ArrayBuffer>;

/** A class whose instances can be stored as raw bytes: how to see them, and how to make one of them. */
export interface BinaryKind {
  readonly name: string;
  /** The length in bytes is a multiple of this. */
  readonly unit: number;
  make(buffer: ArrayBuffer): unknown;
}

/** The built-in classes that are stored by their content. */
export type ContentKind = "Date" | "Map" | "Set" | "RegExp" | "URL" | "Error" | "ArrayBuffer";

const globals = globalThis as unknown as Readonly<Record<string, unknown>>;

/** `URL` where the runtime has it. */
export const HostUrl = globals["URL"] as (new (href: string) => UrlLike) | undefined;

const errorClasses = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError];

/** The language's own error classes by name. */
export const errorsByName: ReadonlyMap<string, ErrorConstructor> = new Map(
  errorClasses.map((each) => [each.name, each as unknown as ErrorConstructor]),
);

const viewNames = [
  "Uint8Array",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
];

const binaries = new Map<object, BinaryKind>();
for (const name of viewNames) {
  const View = globals[name] as (new (buffer: ArrayBuffer) => BinaryView) & { readonly BYTES_PER_ELEMENT?: number };
  // Float16Array is younger than the oldest supported runtime.
  if (View === undefined) continue;
  const make = (buffer: ArrayBuffer): BinaryView => new View(buffer);
  binaries.set(View.prototype as object, { name, unit: View.BYTES_PER_ELEMENT ?? 1, make });
}
binaries.set(ArrayBuffer.prototype, { name: "ArrayBuffer", unit: 1, make: (buffer) => buffer });
if (HostBuffer !== undefined) {
  const { prototype } = HostBuffer;
  binaries.set(prototype, { name: "Buffer", unit: 1, make: (buffer) => HostBuffer?.from(buffer) });
}

/** Binary classes by their prototype. */
export const binaryKinds: ReadonlyMap<object, BinaryKind> = binaries;

/** Binary classes by their name; `Buffer` is a Uint8Array where the runtime has no Buffer. */
export const binariesByName: ReadonlyMap<string, BinaryKind> = new Map([
  ["Buffer", binaries.get(Uint8Array.prototype) as BinaryKind],
  ...[...binaries.values()].map((kind) => [kind.name, kind] as const),
]);

const contents = new Map<object, ContentKind>([
  [Date.prototype, "Date"],
  [Map.prototype, "Map"],
  [Set.prototype, "Set"],
  [RegExp.prototype, "RegExp"],
]);
for (const each of errorClasses) contents.set(each.prototype, "Error");
if (HostUrl !== undefined) contents.set(HostUrl.prototype as object, "URL");

/** Classes stored by content, by their prototype. */
export const contentKinds: ReadonlyMap<object, ContentKind> = contents;

/** Whether this is another realm's `Object.prototype` (a worker's, a test runner's): its objects are plain as well. */
export function isForeignPlain(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

/** The raw bytes of a binary value. */
export function rawBytes(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

/** Sets an own, enumerable property whatever its name: assigning to `__proto__` would change the prototype. */
export function put(target: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[key] = value;
  }
}
