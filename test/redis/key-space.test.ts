import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeKey, encodeKey, KeySpace } from "../../packages/redis/src/key-space.ts";

const anyKey = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("{", "}", "%", "\0", "\n", "_", "u", "a", "\ud83d", "\ude00", "é", "2", "5") }),
);

describe("encodeKey", () => {
  it("leaves ordinary keys as they are", () => {
    for (const key of ["users:1", "a b", "städte/münchen", "🗺️", "__proto__", "a,b"]) expect(encodeKey(key)).toBe(key);
  });

  it("gives one brace-free, printable, never empty text for each key", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const encoded = encodeKey(key);
        expect(encoded).not.toMatch(/[{}\p{Cc}\p{Cs}]/u);
        expect(encoded).not.toBe("");
        expect(Buffer.from(encoded).toString()).toBe(encoded);
        expect(decodeKey(encoded)).toBe(key);
      }),
    );
  });

  it("never gives two keys one text", () => {
    fc.assert(fc.property(anyKey, anyKey, (a, b) => (encodeKey(a) === encodeKey(b)) === (a === b)));
  });

  it("takes a megabyte", () => {
    const key = "{x}\ud83d".repeat(2 ** 18);
    expect(decodeKey(encodeKey(key))).toBe(key);
  });
});

describe("KeySpace", () => {
  it("puts a key into exactly one pair of braces, and finds it there again", () => {
    const space = new KeySpace("cascata");
    expect(space.valueKey("users:1")).toBe("cascata:{users:1}");
    fc.assert(
      fc.property(anyKey, (key) => {
        const valueKey = space.valueKey(key);
        expect(valueKey.match(/[{}]/g)).toEqual(["{", "}"]);
        expect(space.callersKey(valueKey)).toBe(key);
      }),
    );
  });

  it("does the same for many", () => {
    const space = new KeySpace("cascata");
    const keys = fc.oneof(fc.array(anyKey), fc.array(fc.stringMatching(/^[a-z:]{0,6}$/)));
    fc.assert(
      fc.property(keys, (all) => {
        expect(space.valueKeys(all)).toEqual(all.map((key) => space.valueKey(key)));
      }),
    );
  });

  it("keeps its own keys in one slot and apart from all values", () => {
    const { order, feed, marks, markAges } = new KeySpace("n");
    expect([order, feed, marks, markAges]).toEqual(["{n}:order", "{n}:feed", "{n}:marks", "{n}:marks:age"]);
  });
});
