import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { NO_VALUE, richSerializer, SerializationError } from "@cascata/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainValues, richValues } from "../support/rich-values.ts";

const decoder = new TextDecoder();

function roundTrip(value: unknown): unknown {
  return richSerializer.deserialize(richSerializer.serialize(value));
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SerializationError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("the rich serializer", () => {
  it("gives every storable value back as it was, the order of properties included", () => {
    fc.assert(
      fc.property(richValues, (value) => {
        const back = roundTrip(value);
        // The runner's own comparison takes a property called `constructor` for the class.
        assert.deepStrictEqual(back, value);
        expect(namesOf(back)).toStrictEqual(namesOf(value));
      }),
      { numRuns: 1500 },
    );
  });

  it("writes plain data as JSON.stringify does", () => {
    fc.assert(
      fc.property(plainValues, (value) => {
        const tagged = JSON.stringify(value).includes('"$"');
        if (!tagged) expect(decoder.decode(richSerializer.serialize(value))).toBe(JSON.stringify(value));
        assert.deepStrictEqual(roundTrip(value), value);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["long texts", "é".repeat(5000)],
    ["texts full of escapes", '\\"\n\u2028\ud83d\ude00\udc00'.repeat(300)],
    ["large lists of numbers", Array.from({ length: 5000 }, (_, at) => at * 1.1 - 7)],
    ["the bounds of integers", [2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, -(2 ** 53), 1e21, 5e-324, 99, 100, 1e9]],
    ["many records", Array.from({ length: 3000 }, (_, at) => ({ at, name: `n${at}`, on: at % 2 === 0, none: null }))],
  ])("writes %s as JSON does", (_, value) => {
    expect(decoder.decode(richSerializer.serialize(value))).toBe(JSON.stringify(value));
    expect(roundTrip(value)).toStrictEqual(value);
  });

  it("keeps an own __proto__ property and changes no prototype", () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":true},"when":1}');
    const rich = JSON.parse('{"__proto__":{"polluted":true},"when":1}');
    rich.when = new Date(0);
    for (const value of [hostile, rich, { $: hostile }]) {
      const back = roundTrip(value) as Record<string, unknown>;
      expect(back).toStrictEqual(value);
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("keeps data that looks like its own tags", () => {
    for (const value of [{ $: "undefined" }, { $: ["Date", 1] }, { a: { $: { $: ["Map"] } }, b: undefined }]) {
      expect(roundTrip(value)).toStrictEqual(value);
    }
  });

  it("keeps the class, message, stack, cause and own fields of an error", () => {
    const error = Object.assign(new RangeError("out", { cause: new Date(1) }), { code: "E_RANGE" });
    const back = roundTrip({ error }) as { error: typeof error };
    expect(back.error).toBeInstanceOf(RangeError);
    expect(back.error).toMatchObject({ message: "out", code: "E_RANGE", stack: error.stack, cause: new Date(1) });
    expect(Object.keys(back.error)).toStrictEqual(["code"]);
    const many = roundTrip(new AggregateError([new TypeError("one")], "all")) as AggregateError;
    expect(many).toBeInstanceOf(AggregateError);
    expect(many.errors[0]).toBeInstanceOf(TypeError);
  });

  it("keeps a huge sparse array without filling it", () => {
    const list: unknown[] = [];
    list[4_000_000_000] = "far";
    const back = roundTrip(list) as unknown[];
    expect(back.length).toBe(list.length);
    expect(Object.entries(back)).toStrictEqual([["4000000000", "far"]]);
  });

  it("copies bytes, so that neither side sees later changes of the other", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const stored = richSerializer.serialize({ bytes });
    const back = richSerializer.deserialize(stored) as { bytes: Uint8Array };
    stored.fill(0);
    bytes.fill(9);
    expect(back.bytes).toStrictEqual(new Uint8Array([1, 2, 3]));
    expect(back.bytes.buffer.byteLength).toBe(3);
  });

  it("stores an object that stands in two places as two", () => {
    const shared = { at: new Date(1) };
    const back = roundTrip([shared, shared]) as object[];
    expect(back).toStrictEqual([shared, shared]);
    expect(back[0]).not.toBe(back[1]);
  });

  it("takes another realm's plain objects and arrays as plain", () => {
    const foreign: unknown = runInNewContext('({ list: [1, { a: "x" }] })');
    expect(roundTrip(foreign)).toStrictEqual({ list: [1, { a: "x" }] });
    expect(roundTrip({ foreign, when: new Date(0) })).toStrictEqual({
      foreign: { list: [1, { a: "x" }] },
      when: new Date(0),
    });
  });

  class User {
    name = "Ada";
    toJSON(): string {
      return this.name;
    }
  }

  it.each([
    ["a function", { a: [{ b: () => 1 }] }, "payload.a[0].b: a function cannot be stored"],
    ["a symbol", new Map([["k", Symbol("s")]]), "payload.values()[0]: a symbol cannot be stored"],
    ["a miss", { found: NO_VALUE }, "payload.found: NO_VALUE means that nothing is cached"],
    ["an instance of a class", { user: new User() }, "payload.user is of the class User"],
    ["a subclass of Map", [new (class Registry extends Map {})()], "payload[0] is of the class Registry"],
    ["a subclass of Array", new (class Rows extends Array {})(), "payload is of the class Rows"],
    ["a promise", { "a b": Promise.resolve() }, 'payload["a b"] is of the class Promise'],
    ["shared memory", { memory: new SharedArrayBuffer(1) }, "payload.memory is of the class SharedArrayBuffer"],
    ["a function as a map's key", { m: new Map([[() => 1, 1]]) }, "payload.m.keys()[0]: a function"],
  ])("refuses %s, naming its place", (_, value, message) => {
    expect(messageOf(() => richSerializer.serialize(value))).toContain(message);
  });

  it("refuses a cycle, naming where it closes", () => {
    const list: unknown[] = [];
    const value = { a: { list } };
    list.push(value.a);
    expect(messageOf(() => richSerializer.serialize(value))).toContain("payload.a.list[0] refers back");
  });

  it("refuses nesting that is too deep, and keeps what is just not", () => {
    const nested = (levels: number): unknown => {
      let value: unknown = new Date(0);
      for (let level = 0; level < levels; level += 1) value = [value];
      return value;
    };
    expect(roundTrip(nested(490))).toStrictEqual(nested(490));
    expect(messageOf(() => richSerializer.serialize(nested(600)))).toContain("nested deeper than 500");
    expect(messageOf(() => richSerializer.serialize(JSON.parse("[".repeat(9999) + "]".repeat(9999))))).toContain("500");
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "R{"],
    ["an unknown tag", 'R{"$":["Function","x"]}'],
    ["a tag that is no list", 'R{"$":{"a":1}}'],
    ["a length beyond its bytes", 'R{"$":["Uint8Array",99999999999]}\nabc'],
    ["a negative length", 'R[{"$":["Uint8Array",3]},{"$":["Uint8Array",-3]}]\nabc'],
    ["a length with a fraction", 'R{"$":["Uint8Array",1.5]}\nabc'],
    ["a length that splits an element", 'R{"$":["Float64Array",3]}\nabc'],
    ["bytes left over", 'R{"$":["Uint8Array",1]}\nabc'],
    ["half a pair", 'R{"$":["Map",1]}'],
    ["an index beyond the length", 'R{"$":["Array",2,5,1]}'],
    ["a length beyond arrays", 'R{"$":["Array",1e10]}'],
    ["a BigInt of many decimal digits", `R{"$":["BigInt","${"9".repeat(100_000)}"]}`],
    ["a malformed BigInt", 'R{"$":["BigInt","1.5"]}'],
    ["a bad pattern", 'R{"$":["RegExp","(","",0]}'],
    ["a bad URL", 'R{"$":["URL","nowhere"]}'],
    ["fields that are a list", 'R{"$":["Object",[1]]}'],
    ["an error without fields", 'R{"$":["TypeError","x"]}'],
    ["nesting past all depth", `R${'{"$":["Set",'.repeat(20_000)}1${"]}".repeat(20_000)}`],
  ])("refuses to read %s", (_, text) => {
    messageOf(() => richSerializer.deserialize(new TextEncoder().encode(text)));
  });

  it("allows a sparse array of the greatest length without reserving its memory", () => {
    const back = richSerializer.deserialize(new TextEncoder().encode('R{"$":["Array",30000000]}')) as unknown[];
    expect(back.length).toBe(30_000_000);
    expect(Object.keys(back)).toStrictEqual([]);
  });

  it("never answers random bytes with anything but a value or a SerializationError", () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    const marked = bytes.map((rest) => new Uint8Array([0x52, ...rest]));
    fc.assert(
      fc.property(fc.oneof(bytes, marked), (stored) => {
        try {
          richSerializer.deserialize(stored);
        } catch (error) {
          expect(error).toBeInstanceOf(SerializationError);
        }
      }),
    );
  });

  it("refuses what passes the size before it encodes", () => {
    let read = 0;
    const big = {
      list: Array.from({ length: 100 }, () => "x".repeat(1000)),
      get after(): number {
        read += 1;
        return read;
      },
    };
    expect(messageOf(() => richSerializer.serializeAfter?.("", big, 5000))).toMatch(
      /at least \d+ bytes, and 5000 are allowed/,
    );
    expect(messageOf(() => richSerializer.serializeAfter?.("", [new Date(1), Buffer.alloc(6000)], 5000))).toContain(
      "5000",
    );
    expect(read).toBe(0);
  });
});

function namesOf(value: unknown): readonly string[] {
  return typeof value === "object" && value !== null && !(value instanceof Error) ? Object.keys(value) : [];
}
