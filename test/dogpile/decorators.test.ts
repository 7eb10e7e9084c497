import { argumentKey, lengthConditionalMangler, NO_VALUE, ValidationError } from "@cascata/core";
import { functionKeyGenerator, functionMultiKeyGenerator, kwargFunctionKeyGenerator } from "@cascata/core/dogpile";
import { sha1MangleKey } from "@cascata/sha";
import { describe, expect, expectTypeOf, it } from "vitest";
import { open, type Variant, variants } from "./variants.ts";

const plain = variants[0] as Variant;

for (const variant of variants) {
  describe(`decorated functions, ${variant.name}`, () => {
    /** Gives the arguments' sum and the number of the call. */
    function openWith(ttl: number | undefined = undefined) {
      const opened = open(variant, ttl === undefined ? {} : { ttl });
      const calls: (readonly number[])[] = [];
      async function go(a: number, b: number) {
        calls.push([a, b]);
        return a + b + calls.length * 100;
      }
      return { ...opened, go, calls };
    }

    it("row 117: are cached by argument, and called again after the region's expiry", async () => {
      const { region, clock, go } = openWith(250);
      const cached = region.cacheOnArguments()(go);
      expect([await cached(1, 2), await cached(3, 4), await cached(1, 2)]).toEqual([103, 207, 103]);
      await clock.advance(251);
      expect(await cached(1, 2)).toBe(303);
    });

    it("row 118: with a namespace", async () => {
      const { region, go } = openWith();
      const cached = region.cacheOnArguments({ namespace: "x" })(go);
      expect([await cached(1, 2), await cached(1, 2)]).toEqual([103, 103]);
      expect(await region.get("go|x|1,2")).toBe(103);
    });

    it("row 119: the decorator's expiration beats the region's", async () => {
      const { region, clock, go } = openWith(100);
      const cached = region.cacheOnArguments({ expirationTime: 500 })(go);
      await cached(1, 2);
      await clock.advance(400);
      expect([await cached(1, 2), await cached.get(1, 2)]).toEqual([103, 103]);
      await clock.advance(101);
      expect(await cached.get(1, 2)).toBe(NO_VALUE);
      expect(await cached(1, 2)).toBe(203);
    });

    it("row 120: and may be a function, asked at each call", async () => {
      const { region, clock, go } = openWith(10_000);
      let expiry = 500;
      const cached = region.cacheOnArguments({ expirationTime: () => expiry })(go);
      await cached(1, 2);
      await clock.advance(400);
      expect(await cached(1, 2)).toBe(103);
      expiry = 300;
      expect(await cached(1, 2)).toBe(203);
    });

    it("row 122: .invalidate", async () => {
      const { region, go } = openWith();
      const cached = region.cacheOnArguments()(go);
      expect(await cached(1, 2)).toBe(103);
      await cached.invalidate(1, 2);
      expect(await cached(1, 2)).toBe(203);
    });

    it("row 123: .set, also of what is falsy", async () => {
      const { region, go, calls } = openWith();
      const cached = region.cacheOnArguments()(go);
      await cached.set(0, 1, 2);
      expect([await cached(1, 2), calls.length]).toEqual([0, 0]);
    });

    it("row 124: .get, NO_VALUE where there is none", async () => {
      const { region, go } = openWith();
      const cached = region.cacheOnArguments()(go);
      expect(await cached.get(1, 2)).toBe(NO_VALUE);
      await cached(1, 2);
      expect(await cached.get(1, 2)).toBe(103);
    });

    it("row 125: .refresh always calls, stores and returns", async () => {
      const { region, go } = openWith();
      const cached = region.cacheOnArguments()(go);
      expect(await cached.refresh(1, 2)).toBe(103);
      expect(await cached.refresh(1, 2)).toBe(203);
      expect(await cached(1, 2)).toBe(203);
    });

    it("row 127: a decorator's own key generator may leave arguments out", async () => {
      const { region, go } = openWith();
      const first = region.cacheOnArguments({
        functionKeyGenerator: (namespace, fn, name) => (a) => `${namespace}:${fn.name}:${name}:${a}`,
        namespace: "n",
      })(go);
      expect([await first(1, 2), await first(1, 5)]).toEqual([103, 103]);
      expect(first.key(1, 2)).toBe("n:go:go:1");
      expect(await region.get("n:go:go:1")).toBe(103);
    });

    it("row 129: .invalidate concerns its arguments alone", async () => {
      const { region, go } = openWith();
      const cached = region.cacheOnArguments()(go);
      await cached(1, 2);
      await cached(3, 4);
      await cached.invalidate(3, 4);
      expect([await cached(1, 2), await cached(3, 4)]).toEqual([103, 307]);
    });

    it("row 130: .original is the function itself", async () => {
      const { region, go } = openWith();
      expect(region.cacheOnArguments()(go).original).toBe(go);
      async function many(...ids: number[]) {
        return ids;
      }
      expect(region.cacheMultiOnArguments()(many).original).toBe(many);
    });

    it("row 132: many keys: the function is called for what is missing, in the caller's order", async () => {
      const { region } = open(variant);
      const asked: (readonly number[])[] = [];
      const cached = region.cacheMultiOnArguments()(async function gen(...ids: number[]) {
        asked.push(ids);
        return ids.map((id) => `${id}.${asked.length}`);
      });
      expect(await cached(2, 8)).toEqual(["2.1", "8.1"]);
      expect(await cached(2, 10, 8, 1)).toEqual(["2.1", "10.2", "8.1", "1.2"]);
      expect(asked).toEqual([
        [2, 8],
        [10, 1],
      ]);
      await cached.invalidate(8);
      expect(await cached.get(2, 8)).toEqual(["2.1", NO_VALUE]);
      expect(await cached.refresh(2)).toEqual(["2.3"]);
    });

    it("row 133: as a dictionary, set and refresh included", async () => {
      const { region } = open(variant);
      const asked: (readonly string[])[] = [];
      const cached = region.cacheMultiOnArguments({ asDict: true })(async function gen(...names: string[]) {
        asked.push(names);
        return new Map(names.filter((name) => name !== "none").map((name) => [name, `${name}${asked.length}`]));
      });
      expect([...(await cached("a", "none"))]).toEqual([["a", "a1"]]);
      expect([...(await cached("none", "a"))]).toEqual([["a", "a1"]]);
      expect(asked).toEqual([["a", "none"], ["none"]]);
      await cached.set(new Map([["b", "set"]]));
      expect([...(await cached("b", "a"))]).toEqual([
        ["b", "set"],
        ["a", "a1"],
      ]);
      expect([...(await cached.refresh("b", "none"))]).toEqual([["b", "b3"]]);
      expect(await cached.get("b", "none")).toEqual(["b3", NO_VALUE]);
    });

    it("row 136: the keys that many arguments are stored under", async () => {
      const { region } = open(variant);
      const cached = region.cacheMultiOnArguments({ namespace: "foo" })(async function gen(...ids: number[]) {
        return ids.map(String);
      });
      await cached(1, 2);
      expect(cached.keys(1, 2)).toEqual(["gen|foo|1", "gen|foo|2"]);
      expect(await region.getMulti(["gen|foo|1", "gen|foo|2"])).toEqual(["1", "2"]);
    });
  });
}

it("row 137: a decorated function keeps its types, name and length", () => {
  const { region } = open(plain);
  async function one(id: number, _deep: boolean): Promise<string> {
    return String(id);
  }
  async function many(...ids: number[]): Promise<string[]> {
    return ids.map(String);
  }
  const cached = region.cacheOnArguments()(one);
  const multi = region.cacheMultiOnArguments()(many);
  expect([cached.name, cached.length, multi.name, multi.length]).toEqual(["one", 2, "many", 0]);
  expectTypeOf(cached).toExtend<typeof one>();
  expectTypeOf(multi).toExtend<typeof many>();
  expectTypeOf(cached.original).toEqualTypeOf<typeof one>();
});

describe("keys of functions", () => {
  const fn = () => undefined;

  it("row 139: name, namespace, arguments; null is a word", () => {
    const plainKey = functionKeyGenerator(undefined, fn, "one");
    expect([plainKey(1, 2), plainKey(null, 2), plainKey("1", 2)]).toEqual(["one|1,2", "one|null,2", 'one|"1",2']);
    expect(functionKeyGenerator("mynamespace", fn, "one")(1, 2)).toBe("one|mynamespace|1,2");
  });

  it("row 140: one key for each of many arguments", () => {
    expect(functionMultiKeyGenerator(undefined, fn, "two")(1, "x", 5)).toEqual(["two|1", 'two|"x"', "two|5"]);
    expect(functionMultiKeyGenerator("n", fn, "two")(1)).toEqual(["two|n|1"]);
  });

  it("row 142: an object of named arguments gives one key, however it was written", () => {
    const key = kwargFunctionKeyGenerator("n", fn, "one");
    expect(key({ a: 1, b: 2 })).toBe(key({ b: 2, a: 1 }));
    expect(key({ a: 1, b: 2 })).not.toBe(key({ a: 2, b: 1 }));
    expect(key({ x: 2 })).not.toBe(key({ y: 2 }));
  });

  it("row 143: what is not ASCII stays as it is", () => {
    const key = functionKeyGenerator("méil", fn, "ête");
    expect(key("drôle de petite voix", "m’a réveillé", "😀")).toBe(
      'ête|méil|"drôle de petite voix","m’a réveillé","😀"',
    );
  });

  it("row 144: SHA-1 of texts and of bytes", () => {
    const digest = "53def077a4264bd3183d4eb21b1f56f883e1b572";
    expect(sha1MangleKey("some_key")).toBe(digest);
    expect(sha1MangleKey(new TextEncoder().encode("some_key"))).toBe(digest);
    const mangle = lengthConditionalMangler(8, sha1MangleKey);
    expect([mangle("seven77"), mangle("some_key")]).toEqual(["seven77", digest]);
  });

  it("refuses what is no data instead of making a text of it", () => {
    expect(() => argumentKey([fn])).toThrow(ValidationError);
    expect(() => argumentKey([{ socket: new (class Socket {})() }])).toThrow(/arguments\[0\]\.socket/);
  });
});
