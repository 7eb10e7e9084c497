import { isDeepStrictEqual } from "node:util";
import { argumentKey, isCacheError, ValidationError } from "@cascata/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** Zero has one sign, and a Buffer is a Uint8Array: what `argumentKey` calls equal beyond deep equality. */
const plainArgument = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: false,
  withTypedArray: true,
  maxDepth: 3,
});

describe("argumentKey", () => {
  it.each([
    [[], ""],
    [["x"], '"x"'],
    [[42], "42"],
    [[42, "x", { page: 2 }], '42,"x",{"page":2}'],
    [[undefined, null, true, Number.NaN, -0], "undefined,null,true,NaN,0"],
    [[10n, new Date(0), /a"/gi], '10n,Date(0),RegExp("/a\\"/gi")'],
    [[new Map([["a", [1]]]), new Set(["b"])], 'Map("a",[1]),Set("b")'],
    [[new URL("http://a.example/"), new Uint8Array([1, 255])], 'URL("http://a.example/"),Uint8Array(01ff)'],
  ])("writes case %# readably", (args: readonly unknown[], text: string) => {
    expect(argumentKey(args)).toBe(text);
  });

  it.each([
    ["a number and its text", [1], ["1"]],
    ["two arguments and one with a comma", ["a", "b"], ["a,b"]],
    ["two arguments and a list", ["a", "b"], [["a", "b"]]],
    ["quotes inside a text", ['a","b'], ["a", "b"]],
    ["no argument, undefined and an empty text", [], [undefined]],
    ["an absent property and one that is undefined", [{}], [{ a: undefined }]],
    ["null and its text", [null], ["null"]],
    ["a date and its number", [new Date(5)], [5]],
    ["a bigint and a number", [5n], [5]],
    ["a map and a set of pairs", [new Map([[1, 2]])], [new Set([1, 2])]],
    ["an empty list and an empty object", [[]], [{}]],
    ["a signed and an unsigned array", [new Int8Array([1])], [new Uint8Array([1])]],
    ["a lone surrogate and its escape", ["\ud800"], ["\\ud800"]],
    ["a list with an undefined end and a shorter one", [[1, undefined]], [[1]]],
    ["orders of a map", [new Map([[1, 1], [2, 2]])], [new Map([[2, 2], [1, 1]])]], // biome-ignore format: a table
  ])("tells %s apart", (_, one, other) => {
    expect(argumentKey(one)).not.toBe(argumentKey(other));
  });

  it("does not depend on the order of properties, at any depth", () => {
    expect(argumentKey([{ a: 1, b: { c: 2, d: 3 } }])).toBe(argumentKey([{ b: { d: 3, c: 2 }, a: 1 }]));
  });

  it("gives equal texts exactly for equal arguments", () => {
    fc.assert(
      fc.property(
        fc.array(plainArgument, { maxLength: 3 }),
        fc.array(plainArgument, { maxLength: 3 }),
        (one, other) => {
          expect(argumentKey(one)).toBe(argumentKey(structuredClone(one)));
          const equal = isDeepStrictEqual(zeroed(one), zeroed(other));
          if (!equal) expect(argumentKey(one)).not.toBe(argumentKey(other));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("tells apart what differs in one place", () => {
    // Two independent values rarely look alike, so one is made from the other's text.
    const text = fc.string({ unit: fc.constantFrom(...'",\\[]{}:()1nSet\u0000\ud800'), maxLength: 6 });
    const list = fc.array(fc.oneof(text, fc.integer({ min: -1, max: 11 }), fc.array(text, { maxLength: 2 })), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(list, list, (one, other) => {
        expect(argumentKey(one) === argumentKey(other)).toBe(isDeepStrictEqual(one, other));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ["a function", [1, { onDone: () => 1 }], "arguments[1].onDone", "function"],
    ["a symbol", [Symbol("s")], "arguments[0]", "symbol"],
    ["a symbol key", [{ [Symbol("s")]: 1 }], "arguments[0][Symbol(s)]", "symbol"],
    ["an instance of a class", [{ list: [new (class User {})()] }], "arguments[0].list[0]", "User"],
    ["a promise", [Promise.resolve(1)], "arguments[0]", "Promise"],
    ["an array of a class", [new (class Rows extends Array {})()], "arguments[0]", "Rows"],
    ["an error", [{ "a b": new Error("x") }], 'arguments[0]["a b"]', "Error"],
  ])("refuses %s, naming its place", (_, args, path, received) => {
    const error = thrownBy(() => argumentKey(args));
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).mistakes[0]?.path).toBe(path);
    expect((error as ValidationError).message).toContain(received);
  });

  it("refuses a cycle instead of hanging", () => {
    const node: { next?: unknown } = {};
    node.next = node;
    const error = thrownBy(() => argumentKey([node], "load"));
    expect(isCacheError(error)).toBe(true);
    expect((error as ValidationError).mistakes[0]?.path).toMatch(/^load\[0\]\.next\.next/);
  });

  it("is not led astray by names from Object.prototype", () => {
    const hostile = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}');
    expect(argumentKey([hostile])).toBe('{"__proto__":{"a":1},"constructor":2,"toString":3}');
    expect(argumentKey([hostile])).not.toBe(argumentKey([{}]));
  });
});

function zeroed(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return Array.from(value, zeroed);
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [zeroed(key), zeroed(part)]));
  if (value instanceof Set) return new Set([...value].map(zeroed));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, zeroed(part)]));
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
