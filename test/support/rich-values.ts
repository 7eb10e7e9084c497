import fc from "fast-check";

const hole = Symbol("hole");

/** Every kind of leaf that a tier of bytes must give back as it was. */
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, 0, -0, Number.NaN, Infinity, -Infinity, "", "\ud800", "$"),
  fc.integer(),
  fc.double(),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 5 }).map((units) => String.fromCharCode(...units)),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
  // An invalid one is among the kit's own values: to the oldest supported Node's assertions it differs from itself.
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.slice().buffer),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new DataView(bytes.slice().buffer)),
  fc.oneof(
    fc.int8Array({ maxLength: 5 }),
    fc.uint8ClampedArray({ maxLength: 5 }),
    fc.int16Array({ maxLength: 5 }),
    fc.uint16Array({ maxLength: 5 }),
    fc.int32Array({ maxLength: 5 }),
    fc.uint32Array({ maxLength: 5 }),
    fc.float32Array({ maxLength: 5 }),
    fc.float64Array({ maxLength: 5 }),
    fc.bigInt64Array({ maxLength: 5 }),
    fc.bigUint64Array({ maxLength: 5 }),
  ),
  fc.constantFrom(/a"\/b/giu, /[\n]/, new URL("https://user@a.example:8080/p?q=1#h")),
);

const name: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "toJSON", "$", "toString", "length", "0", "10", "a"),
  fc.string({ maxLength: 4 }),
);

/** Data that JSON alone carries. */
export const plainValues: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.constantFrom<unknown>(null, true, false, 0, ""), fc.integer(), fc.string({ unit: "binary" })),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie("tree")), { maxLength: 4 }).map((fields) => objectOf(fields)),
  ),
})).tree;

/** Anything that can be stored, nested. */
export const richValues: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.array(fc.option(tie("tree"), { freq: 2, nil: hole }), { maxLength: 5 }).map(withHoles),
    fc.array(fc.tuple(name, tie("tree")), { maxLength: 4 }).map((fields) => objectOf(fields)),
    fc.array(fc.tuple(name, tie("tree")), { maxLength: 3 }).map((fields) => objectOf(fields, null)),
    fc.array(fc.tuple(tie("tree"), tie("tree")), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie("tree"), { maxLength: 3 }).map((parts) => new Set(parts)),
    fc.tuple(fc.string(), tie("tree"), tie("tree")).map(([message, cause, detail]) => errorOf(message, cause, detail)),
  ),
})).tree;

function withHoles(parts: readonly unknown[]): unknown[] {
  const list: unknown[] = [];
  list.length = parts.length;
  for (const [at, part] of parts.entries()) if (part !== hole) list[at] = part;
  return list;
}

function objectOf(
  fields: readonly (readonly [string, unknown])[],
  prototype: object | null = Object.prototype,
): object {
  const target: object = Object.create(prototype);
  for (const [key, value] of fields) {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return target;
}

function errorOf(message: string, cause: unknown, detail: unknown): Error {
  return Object.assign(new TypeError(message, { cause }), { code: "E_TEST", detail });
}
