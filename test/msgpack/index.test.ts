import assert from "node:assert/strict";
import { CachedValue, SerializationError, Wire } from "@cascata/core";
import { msgpackSerializer } from "@cascata/msgpack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corruptions } from "../support/corruptions.ts";
import { plainValues, richValues } from "../support/rich-values.ts";

const samples = [
  { id: 1, name: "Ada", address: { city: "Bern", zip: "3000" }, tags: ["a"], joinedAt: new Date(0) },
  [{ sku: "s", price: 1.5 }],
];
const metadata = { createdAt: 1000, startedAt: 900, formatVersion: 1 };

/** As another process would make it: nothing is shared but the samples. */
function another(): ReturnType<typeof msgpackSerializer> {
  return msgpackSerializer({ samples });
}

describe("MessagePack with shared structures", () => {
  it("gives every storable value back as it was, in another process and in any order", () => {
    const writer = another();
    const reader = another();
    fc.assert(
      fc.property(fc.array(fc.oneof(richValues, plainValues), { maxLength: 3 }), (values) => {
        const stored = values.map((value) => writer.serialize(value)).toReversed();
        const back = stored.map((bytes) => reader.deserialize(bytes)).toReversed();
        assert.deepStrictEqual(back, values);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads shapes that no sample has, many of them, in a reader that has seen none", () => {
    const writer = another();
    const reader = another();
    for (let at = 0; at < 500; at += 1) {
      const value = {
        [`field${at}`]: at,
        nested: [{ [`other${at % 40}`]: { id: at, name: "x" } }, { id: 1, name: "y" }],
      };
      const bytes = writer.serialize(value);
      assert.deepStrictEqual(another().deserialize(bytes), value);
      assert.deepStrictEqual(reader.deserialize(bytes), value);
    }
  });

  it("reads many shapes from samples", () => {
    const many = Array.from({ length: 200 }, (_, at) => ({ [`a${at}`]: at, [`b${at}`]: { c: at } }));
    const writer = msgpackSerializer({ samples: many });
    const reader = msgpackSerializer({ samples: many });
    for (const value of many) assert.deepStrictEqual(reader.deserialize(writer.serialize(value)), value);
  });

  it("stores no property names of known shapes", () => {
    const bytes = another().serialize({ ...samples[0], name: "Grace", joinedAt: new Date(5) });
    expect(Buffer.from(bytes).toString("latin1")).not.toMatch(/address|city|name|joinedAt/);
    expect(Buffer.from(bytes).toString("latin1")).toContain("Grace");
  });

  it("has another name for other samples, so that a tier's entry is a miss and never a wrong value", () => {
    const other = msgpackSerializer({ samples: [{ name: "Ada", id: 1 }] });
    expect(another().name).toBe(another().name);
    expect(other.name).not.toBe(another().name);
    expect(another().name).toMatch(/^msgpack-[\da-f]{16}$/);
    const bytes = new Wire({ serializer: another() }).encode("k", new CachedValue({ id: 1, name: "x" }, metadata));
    expect(() => new Wire({ serializer: other }).decode("k", bytes)).toThrow(SerializationError);
  });

  it("works in a Wire, and every corruption is noticed", () => {
    const wire = new Wire({ serializer: another() });
    const bytes = wire.encode("k", new CachedValue(samples[0], metadata));
    const other = wire.encode("l", new CachedValue(samples[1], metadata));
    assert.deepStrictEqual(wire.decode("k", bytes).payload, samples[0]);
    for (const { name, apply } of corruptions) {
      expect(() => wire.decode("k", apply(bytes, other)), name).toThrow(SerializationError);
    }
  });

  it("keeps what MessagePack would change: __proto__ and lone surrogates, also in names", () => {
    const writer = another();
    for (const value of [
      JSON.parse('{"__proto__":{"x":1},"when":1}'),
      "\ud800",
      { "\udc00": 1 },
      [new Date(1), "a\ud800"],
    ]) {
      assert.deepStrictEqual(another().deserialize(writer.serialize(value)), value);
    }
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it("refuses what the rich serializer refuses, naming the place", () => {
    expect(() => another().serialize({ a: [{ go: () => 1 }] })).toThrow("payload.a[0].go: a function");
    expect(() => another().serialize({ u: new (class User {})() })).toThrow("payload.u is of the class User");
    expect(() => msgpackSerializer({ samples: [() => 1] })).toThrow(SerializationError);
  });

  it("answers random bytes with a value or a SerializationError", () => {
    const reader = another();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom([], [0xc1], [0xc1, 0x54], [0xc1, 0x54, 0, 0, 0]),
        (rest, start) => {
          try {
            reader.deserialize(new Uint8Array([...start, ...rest]));
          } catch (error) {
            expect(error).toBeInstanceOf(SerializationError);
          }
        },
      ),
      { numRuns: 2000 },
    );
    // What went wrong left nothing behind in the reader.
    assert.deepStrictEqual(reader.deserialize(another().serialize(samples)), samples);
  });
});
