import { Buffer } from "node:buffer";

/** A payload that every tier must bring back the same. */
export interface SampleValue {
  readonly name: string;
  /** Makes a new one at each call. */
  make(): unknown;
}

/** Every kind of value that can be stored: what a conforming backend and serializer bring back by reference or equal. */
export const storableValues: readonly SampleValue[] = [
  { name: "undefined", make: () => undefined },
  { name: "null", make: () => null },
  { name: "false", make: () => false },
  { name: "true", make: () => true },
  { name: "0", make: () => 0 },
  { name: "-0", make: () => -0 },
  { name: "a fraction", make: () => 0.1 },
  { name: "NaN", make: () => Number.NaN },
  { name: "Infinity", make: () => Number.POSITIVE_INFINITY },
  { name: "-Infinity", make: () => Number.NEGATIVE_INFINITY },
  { name: "the empty text", make: () => "" },
  { name: "a text", make: () => 'snowman ☃, emoji 🗺️, NUL \0, "quotes", \\ and \n' },
  { name: "a text that looks like JSON", make: () => '{"$type":"Date","value":":base64:AAAA"}' },
  { name: "a long text", make: () => "0123456789abcdef".repeat(8192) },
  { name: "a BigInt", make: () => -(2n ** 70n) },
  { name: "a Date", make: () => new Date(1_234_567_890_123) },
  { name: "an invalid Date", make: () => new Date(Number.NaN) },
  { name: "an empty array", make: () => [] },
  { name: "an array with undefined, null and NaN", make: () => [1, undefined, null, Number.NaN, "x"] },
  { name: "an empty object", make: () => ({}) },
  { name: "an object with odd names", make: () => ({ "": 1, constructor: 2, toJSON: "3", $type: "4", "a.b": 5 }) },
  { name: "an object with undefined", make: () => ({ present: undefined, other: null }) },
  {
    name: "a Map",
    make: () =>
      new Map<unknown, unknown>([
        ["a", 1],
        [2, new Date(5)],
        [null, undefined],
      ]),
  },
  { name: "a Set", make: () => new Set<unknown>(["a", 1, null, undefined, Number.NaN]) },
  { name: "a Buffer", make: () => Buffer.from([0, 1, 2, 127, 128, 254, 255]) },
  { name: "an empty Buffer", make: () => Buffer.alloc(0) },
  { name: "all 256 bytes", make: () => Uint8Array.from({ length: 256 }, (_, index) => index) },
  { name: "an Int8Array", make: () => Int8Array.of(-128, 0, 127) },
  { name: "a Uint8ClampedArray", make: () => Uint8ClampedArray.of(0, 255) },
  { name: "an Int16Array", make: () => Int16Array.of(-32_768, 32_767) },
  { name: "a Uint16Array", make: () => Uint16Array.of(0, 65_535) },
  { name: "an Int32Array", make: () => Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
  { name: "a Uint32Array", make: () => Uint32Array.of(0, 2 ** 32 - 1) },
  { name: "a Float32Array", make: () => Float32Array.of(0.5, Number.NaN, -0) },
  { name: "a Float64Array", make: () => Float64Array.of(Math.PI, Number.MIN_VALUE) },
  { name: "a BigInt64Array", make: () => BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) },
  { name: "a BigUint64Array", make: () => BigUint64Array.of(2n ** 64n - 1n) },
  { name: "a view into a larger buffer", make: () => new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4) },
  { name: "an ArrayBuffer", make: () => Uint8Array.of(1, 2, 3).buffer },
  { name: "an Error", make: () => new TypeError("not found") },
  { name: "deeply nested values", make: deep },
];

function deep(): unknown {
  return {
    list: [{ at: new Date(7), ids: new Set([1n, 2n]) }, [undefined, [null, [Number.NaN]]]],
    table: new Map([["k", { bytes: Buffer.from("é"), more: new Map([[1, [new Date(8)]]]) }]]),
    nothing: undefined,
  };
}

/** A payload that a tier which keeps bytes must refuse rather than bend. */
export const unstorableValues: readonly SampleValue[] = [
  { name: "a function", make: () => () => 1 },
  { name: "a symbol", make: () => Symbol("nope") },
  { name: "a function inside", make: () => ({ list: [{ run: () => 1 }] }) },
  { name: "a symbol inside", make: () => new Map([["k", [Symbol("nope")]]]) },
  { name: "a cycle", make: cycle },
];

function cycle(): unknown {
  const ring: { self?: unknown } = {};
  ring.self = [ring];
  return ring;
}

/** Keys that break stores which cut, split, fold or interpret them. */
export const oddKeys: readonly { readonly name: string; readonly key: string }[] = [
  { name: "the empty key", key: "" },
  { name: "a space", key: " " },
  { name: "spaces around", key: " a  b " },
  { name: "a newline", key: "a\r\nb" },
  { name: "a NUL", key: "a\0b" },
  { name: "a NUL at the end", key: "a\0" },
  { name: "an emoji", key: "🗺️👩‍👩‍👧" },
  { name: "composed é", key: "\u00e9" },
  { name: "decomposed é", key: "e\u0301" },
  { name: "capitals", key: "A" },
  { name: "small letters", key: "a" },
  { name: "__proto__", key: "__proto__" },
  { name: "constructor", key: "constructor" },
  { name: "hasOwnProperty", key: "hasOwnProperty" },
  { name: "braces", key: "{a}{}" },
  { name: "empty braces", key: "{}" },
  { name: "an open brace", key: "{" },
  { name: "colons", key: ":a::b:" },
  { name: "slashes and dots", key: "../../etc/passwd" },
  { name: "a glob", key: "a*[b]?" },
  { name: "a quote", key: `'"\\` },
  { name: "a percent sign", key: "%00%2F" },
  { name: "a number", key: "0" },
  { name: "1 MB", key: "k".repeat(1_048_576) },
  { name: "1 MB with another end", key: `${"k".repeat(1_048_575)}l` },
];

/** Keys that have no UTF-8 form: a store brings them back or refuses them with a typed error. */
export const unpairedKeys: readonly string[] = ["\ud800", "a\udc00b", "\udfff\ud800"];
