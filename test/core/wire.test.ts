import assert from "node:assert/strict";
import {
  CachedValue,
  type CacheMetadata,
  CantDeserializeException,
  ConfigurationError,
  EntryRefused,
  headBytes,
  richSerializer,
  SerializationError,
  type Serializer,
  Wire,
} from "@cascata/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksum, checksumText } from "../../packages/core/src/checksum.ts";
import { corruptions } from "../support/corruptions.ts";
import { richValues } from "../support/rich-values.ts";

const metadata: CacheMetadata = { createdAt: 1_795_424_545_123.25, startedAt: 1_795_424_545_100, formatVersion: 3 };
const wire = new Wire({ serializer: richSerializer });

function entry(payload: unknown, more: Partial<CacheMetadata> = {}): CachedValue {
  return new CachedValue(payload, { ...metadata, ...more });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function errorOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SerializationError);
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("the stored form of an entry", () => {
  it("is a readable head, a line of metadata, and the payload", () => {
    const bytes = wire.encode("users:42", entry({ name: "Ada" }, { ttl: 60_000, revision: { epoch: "k3", seq: 17 } }));
    expect(textOf(bytes)).toMatch(
      /^cascata1 k3\.{10} 0{14}17 \{"stamp":"[\da-f]{16} 1795424545123250 1795424545100000 0{12} 0{16}","serializer":"rich","formatVersion":3,"ttl":60000\}\n\{"name":"Ada"\}$/,
    );
    expect(headBytes).toBe(39);
  });

  it("gives every payload and all metadata back, for any key", () => {
    const plain = { noNullPrototype: true } as const;
    const order = fc.record({ epoch: fc.stringMatching(/^[a-z0-9]{1,12}$/), seq: fc.maxSafeNat() }, plain);
    const length = fc.oneof(fc.nat(), fc.constant(Number.POSITIVE_INFINITY));
    const instant = fc.oneof(
      fc.double({ min: 0, max: 1e14, noNaN: true }),
      fc.double({ min: 1.7e12, max: 2 ** 41, noNaN: true }),
      fc.double({ min: 2 ** 40 - 2, max: 2 ** 40 + 2, noNaN: true }),
      // Whole microseconds, which have a spelling of their own, and where it begins and ends.
      fc.integer({ min: 1.7e15, max: 2.2e15 }).map((micros) => micros / 1000),
      fc.integer({ min: 1e15 - 3000, max: 1e15 + 3000 }).map((micros) => micros / 1000),
      fc.integer({ min: 1e16 - 3000, max: 1e16 + 3000 }).map((micros) => micros / 1000),
      fc.maxSafeNat(),
    );
    const all = fc.record(
      {
        createdAt: instant,
        startedAt: instant,
        formatVersion: fc.nat(),
        startedOrder: fc.oneof(order, fc.record({ epoch: fc.string(), seq: fc.nat() }, plain)),
        revision: order,
        ttl: length,
        grace: length,
        tags: fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
        validators: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true }),
      },
      { requiredKeys: ["createdAt", "startedAt", "formatVersion"], noNullPrototype: true },
    );
    const keys = fc.oneof(fc.string({ unit: "binary" }), fc.string({ minLength: 60, maxLength: 80 }));
    fc.assert(
      fc.property(keys, richValues, all, (key, payload, given) => {
        const back = wire.decode(key, wire.encode(key, new CachedValue(payload, given as CacheMetadata)));
        assert.deepStrictEqual(back.payload, payload);
        const { revision, ...rest } = given;
        const none = revision?.seq === 0 && /^0{12}$/.test(revision.epoch);
        assert.deepStrictEqual({ ...back.metadata }, none || revision === undefined ? rest : given);
        expect(back.residence).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it("reads bytes that begin anywhere in a larger buffer", () => {
    const bytes = wire.encode("k", entry({ text: "é".repeat(100) }));
    for (let shift = 0; shift < 8; shift += 1) {
      const buffer = new Uint8Array(bytes.length + 16);
      buffer.set(bytes, shift);
      const within = buffer.subarray(shift, shift + bytes.length);
      expect(wire.decode("k", within).payload).toStrictEqual({ text: "é".repeat(100) });
      expect(wire.decode("k", Buffer.from(within)).payload).toStrictEqual({ text: "é".repeat(100) });
    }
  });

  it("keeps its checks when the store writes the head itself", () => {
    const bytes = wire.encode("k", entry([1, new Date(2)]));
    const head = new TextEncoder().encode("cascata1 abcdefghijkl 0000000000000042 ");
    const stored = new Uint8Array([...head, ...bytes.subarray(headBytes)]);
    expect(Wire.revision(stored)).toStrictEqual({ epoch: "abcdefghijkl", seq: 42 });
    expect(wire.decode("k", stored).metadata.revision).toStrictEqual({ epoch: "abcdefghijkl", seq: 42 });
    expect(wire.decode("k", stored).payload).toStrictEqual([1, new Date(2)]);
  });

  it("has no revision where the entry has none, and where there is no head", () => {
    const bytes = wire.encode("k", entry(1));
    expect(textOf(bytes)).toMatch(/^cascata1 000000000000 0000000000000000 /);
    expect(Wire.revision(bytes)).toBeUndefined();
    expect(wire.decode("k", bytes).metadata).not.toHaveProperty("revision");
    expect(Wire.revision(new TextEncoder().encode("cascata1 not a head"))).toBeUndefined();
    expect(Wire.revision(new Uint8Array(100))).toBeUndefined();
  });

  it("stores instants in the tier's clock", () => {
    let offset = 5000;
    const here = new Wire({ serializer: richSerializer, offsetMs: () => offset });
    const bytes = here.encode("k", entry(1));
    expect(textOf(bytes)).toContain(" 1795424550123250 1795424550100000 ");
    expect(here.decode("k", bytes).metadata).toMatchObject(metadata);
    offset = -1000;
    expect(here.decode("k", bytes).metadata.createdAt).toBe(metadata.createdAt + 6000);
  });

  it("gives the metadata of one entry and not of the one before", () => {
    const order = { epoch: "k3x9q2m1c7aa", seq: 9_007_199_254_740_991 };
    const all: readonly Partial<CacheMetadata>[] = [
      { ttl: 60_000, startedOrder: order, revision: order },
      { ttl: 60_001, startedOrder: { ...order, seq: 8 }, revision: { epoch: "k4", seq: 0 } },
      { ttl: 60_001 },
      { grace: Number.POSITIVE_INFINITY, tags: ["a"] },
      { tags: ["b"], startedOrder: { epoch: "0".repeat(12), seq: 0 } },
      {},
    ];
    const stored = [...all, ...all.toReversed(), ...all].map((more, index) => {
      const written = entry(index, more);
      return [written, wire.encode(`k${index}`, written)] as const;
    });
    stored.forEach(([{ metadata: written }, bytes], index) => {
      assert.deepStrictEqual({ ...wire.decode(`k${index}`, bytes).metadata }, written);
    });
  });

  it("tells apart keys of which one looks as the other is spelt", () => {
    for (const [one, other] of [
      ["a\n", "a\\n"],
      ["a\\n", "a\n"],
      ['a"b', 'a\\"b'],
      ["a", 'a","serializer":"rich'],
      ["a", "ab"],
      ["é", "\\u00e9"],
    ] as const) {
      expect(wire.decode(one, wire.encode(one, entry(1))).payload).toBe(1);
      expect(errorOf(() => wire.decode(other, wire.encode(one, entry(1)))).message).toContain("for another key");
    }
  });

  it("reads a line whose members are spelt in another way", () => {
    const text = textOf(wire.encode("k", entry(1, { ttl: 60_000 })));
    expect(wire.decode("k", rechecked(text.replace('"ttl":60000', '"ttl":6e4'))).metadata.ttl).toBe(60_000);
    expect(wire.decode("k", rechecked(text.replace('"ttl":60000', '"later":[1],"ttl":60000'))).metadata.ttl).toBe(
      60_000,
    );
    expect(errorOf(() => wire.decode("k", rechecked(text.replace('"ttl":60000', '"ttl":"60000"')))).message).toContain(
      "ttl",
    );
    expect(errorOf(() => wire.decode("k", rechecked(text.replace('"ttl":60000', '"ttl":60000,')))).message).toContain(
      "metadata cannot be read",
    );
  });

  it("does not hold the key, and still tells keys apart", () => {
    const long = `page:${"x".repeat(100)}`;
    const bytes = wire.encode(long, entry(1));
    expect(textOf(bytes)).not.toContain("xxx");
    expect(wire.decode(long, bytes).payload).toBe(1);
    expect(errorOf(() => wire.decode(`${long}y`, bytes)).message).toContain("for another key");
    const key = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[ab\0]{0,5}$/));
    fc.assert(
      fc.property(key, key, (one, other) => {
        const stored = wire.encode(one, entry(1));
        if (one === other) expect(wire.decode(other, stored).payload).toBe(1);
        else expect(errorOf(() => wire.decode(other, stored)).message).toContain("for another key");
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what cannot be used", () => {
  const payload = { name: "Ada", list: [1, 2, 3], text: "some text" };
  // A copy: a Buffer's own `slice` would be a view.
  const bytes = new Uint8Array(wire.encode("users:42", entry(payload)));
  const other = new Uint8Array(wire.encode("users:43", entry({ name: "Bob", list: [4], text: "another" })));

  it.each(corruptions.map((each) => [each.name, each] as const))("refuses an entry %s", (_, { apply }) => {
    const before = bytes.slice();
    const error = errorOf(() => wire.decode("users:42", apply(bytes, other)));
    expect(error.message).toContain('the entry of "users:42" cannot be used');
    expect(bytes).toStrictEqual(before);
  });

  it("lists twelve corruptions, and each of them changes the bytes", () => {
    expect(new Set(corruptions.map((each) => each.name)).size).toBe(12);
    for (const { apply } of corruptions) expect(Buffer.from(apply(bytes, other)).equals(bytes)).toBe(false);
  });

  it("detects every flipped bit but those of the revision, which leave the value whole", () => {
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const copy = bytes.slice();
        copy[at] = (copy[at] ?? 0) ^ (1 << bit);
        const inRevision = at >= 9 && at < headBytes - 1 && at !== 21;
        if (!inRevision) errorOf(() => wire.decode("users:42", copy));
        else assert.deepStrictEqual(valueOrNothing(copy, payload), payload);
      }
    }
  });

  it("detects bursts, moves and cuts anywhere behind the head", () => {
    const anywhere = fc.nat({ max: bytes.length - headBytes - 1 }).map((at) => at + headBytes);
    fc.assert(
      fc.property(anywhere, fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat({ max: 2 }), (at, noise, way) => {
        const [before, after] = [bytes.slice(0, at), bytes.slice(at)];
        const changed =
          way === 0
            ? [...before, ...noise, ...after.slice(noise.length)]
            : way === 1
              ? [...before, ...noise, ...after]
              : [...before, ...after.slice(noise.length)];
        const broken = new Uint8Array(changed);
        if (!Buffer.from(broken).equals(bytes)) errorOf(() => wire.decode("users:42", broken));
      }),
      { numRuns: 3000 },
    );
  });

  it("never crashes on random bytes, with or without a head", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (noise, withHead) => {
        const stored = withHead ? new Uint8Array([...bytes.subarray(0, 49), ...noise]) : noise;
        errorOf(() => wire.decode("users:42", stored));
      }),
    );
  });

  it("says for which key it was stored for, and by whom it was written", () => {
    expect(errorOf(() => wire.decode("users:43", bytes)).message).toContain("stored for another key");
    const json = new Wire({ serializer: { ...richSerializer, name: "json" } });
    expect(errorOf(() => json.decode("users:42", bytes)).message).toContain('serializer "rich" wrote it, and json');
    expect(errorOf(() => wire.decode("users:42", new TextEncoder().encode("{}"))).message).toContain(
      "not written by Cascata",
    );
  });

  it("reports a serializer's own failures as its own, with their cause", () => {
    const refusal = new CantDeserializeException("too old");
    const serializer: Serializer = {
      name: "strict",
      serialize: () => new Uint8Array([1]),
      deserialize: () => {
        throw refusal;
      },
    };
    const strict = new Wire({ serializer });
    const error = errorOf(() => strict.decode("k", strict.encode("k", entry(1))));
    expect(error.message).toContain("too old");
    expect(error.cause).toBe(refusal);
    expect(errorOf(() => wire.encode("k", entry({ go: () => 1 }))).message).toContain("payload.go: a function");
  });

  it("refuses what is too big, saying the size and the limit, also of one byte", () => {
    const size = wire.encode("k", entry("x".repeat(500))).length;
    const narrow = new Wire({ serializer: richSerializer, maxEntryBytes: size });
    const refusalOf = (payload: unknown): EntryRefused => {
      try {
        narrow.encode("k", entry(payload));
      } catch (error) {
        expect(error).toBeInstanceOf(EntryRefused);
        expect((error as EntryRefused).why).toBe("too-large");
        return error as EntryRefused;
      }
      throw new Error("nothing was thrown");
    };
    expect(narrow.encode("k", entry("x".repeat(500))).length).toBe(size);
    expect(refusalOf("x".repeat(501)).message).toMatch(/\d+ bytes/);
    // Two bytes a letter: seen only once it is encoded.
    const error = refusalOf("é".repeat(500));
    expect(error.message).toMatch(
      new RegExp(`takes (at least )?${size + 500} bytes, and maxEntryBytes allows ${size}`),
    );
    const early = refusalOf(new Uint8Array(10_000)).message;
    expect(early).toMatch(new RegExp(`the entry of "k" takes at least 10\\d+ bytes, and maxEntryBytes allows ${size}`));
  });

  it("refuses metadata that no reader could use", () => {
    expect(errorOf(() => wire.encode("k", entry(1, { createdAt: Number.NaN }))).message).toContain("createdAt");
    expect(errorOf(() => wire.encode("k", entry(1, { ttl: Number.NEGATIVE_INFINITY }))).message).toContain("ttl");
    for (const epoch of ["", "thirteen-long", "with space", "ends."]) {
      expect(errorOf(() => wire.encode("k", entry(1, { revision: { epoch, seq: 1 } }))).message).toContain("revision");
    }
    expect(errorOf(() => wire.encode("k", entry(1, { revision: { epoch: "e", seq: -1 } }))).message).toContain("-1");
  });

  it("refuses options that make no sense", () => {
    expect(() => new Wire({ serializer: richSerializer, maxEntryBytes: 0 })).toThrow(ConfigurationError);
    expect(() => new Wire({ serializer: richSerializer, maxEntryBytes: Number.NaN })).toThrow(ConfigurationError);
    expect(() => new Wire({ serializer: { ...richSerializer, name: 'a"b' } })).toThrow(ConfigurationError);
  });
});

/** The text as an entry of "k" whose checksum is right. */
function rechecked(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const check = checksumText(checksum(new DataView(bytes.buffer), headBytes + 26, bytes.length, "k"));
  bytes.set(new TextEncoder().encode(check), headBytes + 10);
  return bytes;
}

function valueOrNothing(bytes: Uint8Array, payload: unknown): unknown {
  try {
    return wire.decode("users:42", bytes).payload;
  } catch (error) {
    expect(error).toBeInstanceOf(SerializationError);
    return payload;
  }
}
