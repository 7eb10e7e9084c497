import {
  ClosedError,
  ConfigurationError,
  type CreateOptions,
  createRegion,
  isCacheError,
  NO_VALUE,
  ProxyBackend,
  type ProxyFactory,
  stack,
  ValidationError,
} from "@cascata/core";
import { SerializingMemoryBackend } from "@cascata/memory";
import { ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";

const clock = new ManualClock();
const fresh = () => createRegion({ name: "r", backend: new MapBackend({ clock }), clock });
const bytes = () =>
  createRegion({ name: "r", backend: new SerializingMemoryBackend({ maxEntries: 10, clock }), clock });

describe("keys", () => {
  for (const key of [undefined, null, 1, {}, ["a"], Symbol("k")]) {
    it(`that are ${String(typeof key)} (${String(key?.toString?.() ?? key)}) are refused by every call, by name`, async () => {
      const region = fresh();
      const bad = key as string;
      const calls = [
        () => region.get(bad),
        () => region.getMulti(["a", bad]),
        () => region.getEntry(bad),
        () => region.has(bad),
        () => region.set(bad, 1),
        () =>
          region.setMulti(
            new Map([
              ["a", 1],
              [bad, 2],
            ]),
          ),
        () => region.delete(bad),
        () => region.deleteMulti(["a", bad]),
        () => region.touch(bad),
        () => region.getOrCreate(bad, () => 1),
        () => region.getOrCreateMulti(["a", bad], (keys) => keys.map(() => 1)),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(ValidationError);
      expect(await region.get("a")).toBe(NO_VALUE);
      expect(() => region.peek(bad)).toThrow(/key: expected a string/);
    });
  }

  for (const key of ["", "\0", "a\0b", "🎉", "__proto__", "constructor", "{a}{}", "a b\nc", "k".repeat(2 ** 20)]) {
    it(`${JSON.stringify(key.slice(0, 12))} (${key.length} characters) are ordinary`, async () => {
      for (const region of [fresh(), bytes()]) {
        await region.set(key, { of: "it" });
        expect(await region.get(key)).toEqual({ of: "it" });
        expect(await region.getMulti([key, `${key}x`])).toEqual([{ of: "it" }, NO_VALUE]);
        await region.delete(key);
        expect(await region.get(key)).toBe(NO_VALUE);
      }
    });
  }
});

describe("values", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  for (const [what, value] of [
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a cycle", cycle],
  ] as const) {
    it(`${what} is refused by a tier of bytes, and nothing is stored`, async () => {
      const region = bytes();
      const report = await region.set("k", value);
      expect(report.confirmed).toBe(false);
      const outcome = report.outcomes.get("k");
      expect(outcome?.status).toBe("failed");
      expect(outcome?.status === "failed" && isCacheError(outcome.error)).toBe(true);
      expect(await region.get("k")).toBe(NO_VALUE);
    });
  }

  it("NO_VALUE is not one", async () => {
    await expect(fresh().set("k", NO_VALUE)).rejects.toThrow(ValidationError);
  });
});

describe("durations", () => {
  for (const bad of [-1, Number.NaN, "5 parsecs", "-3s", {}, null]) {
    it(`${String(bad)} is refused, with its path`, async () => {
      const ttl = bad as number;
      expect(() => createRegion({ name: "r", backend: new MapBackend(), ttl })).toThrow(
        /region\.ttl: expected milliseconds/,
      );
      await expect(fresh().set("k", 1, { ttl })).rejects.toThrow(/options\.ttl/);
      await expect(fresh().getOrCreate("k", () => 1, { ttl })).rejects.toThrow(ConfigurationError);
    });
  }

  it("a fraction and Infinity are lives as any other", async () => {
    const region = fresh();
    await region.set("a", 1, { ttl: 0.5 });
    await region.set("b", 1, { ttl: Number.POSITIVE_INFINITY });
    await clock.advance(1);
    expect(await region.getMulti(["a", "b"])).toEqual([NO_VALUE, 1]);
  });

  it("a mistyped option is refused with the nearest spelling", async () => {
    const options = { tll: 5 } as CreateOptions<number>;
    await expect(fresh().getOrCreate("k", () => 1, options)).rejects.toThrow(/did you mean "ttl"/);
  });
});

describe("batches", () => {
  it("keys that come twice are created once and answered in their places", async () => {
    const region = fresh();
    const made = await region.getOrCreateMulti(["a", "b", "a"], (keys) => keys.map((key) => key));
    expect([...made.keys()]).toEqual(["a", "b"]);
    expect(await region.getMulti(["a", "a", "b"])).toEqual(["a", "a", "b"]);
  });

  for (const [what, answer] of [
    ["too few", ["x"]],
    ["too many", ["x", "y", "z"]],
    [
      "an unknown key",
      new Map([
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ]),
    ],
    ["a missing key", new Map([["a", 1]])],
    ["no list at all", "ab"],
  ] as const) {
    it(`a creator that answers ${what} is refused, and nothing is stored`, async () => {
      const region = fresh();
      const failed = await region.getOrCreateMulti(["a", "b"], () => answer as never).catch((error: unknown) => error);
      const { errors } = failed as { errors: ReadonlyMap<string, unknown> };
      expect([...errors.values()].every((error) => error instanceof ValidationError)).toBe(true);
      expect(await region.getMulti(["a", "b"])).toEqual([NO_VALUE, NO_VALUE]);
    });
  }
});

describe("the wrong moment and the wrong thing", () => {
  it("a closed region says that it is closed", async () => {
    const region = fresh();
    await region.close();
    await expect(region.get("k")).rejects.toThrow(ClosedError);
    await expect(region.getOrCreate("k", () => 1)).rejects.toThrow(ClosedError);
    await expect(region.delete("k")).rejects.toThrow(ClosedError);
  });

  it("a proxy instance wraps one backend, once", () => {
    class Plain extends ProxyBackend {}
    const instance = new Plain(new MapBackend());
    expect(() =>
      createRegion({ name: "r", backend: new MapBackend(), wrap: [instance as unknown as ProxyFactory] }),
    ).toThrow(/wraps a backend already/);
  });

  it("a backend stands in a stack once", () => {
    const one = new MapBackend();
    expect(() => stack(one, one)).toThrow(/each backend once/);
    expect(() => stack()).toThrow(/one tier at least/);
  });

  it("a region's name is part of every key: odd ones are refused", () => {
    for (const name of ["", "a:b", "a b", "{a}"]) {
      expect(() => createRegion({ name, backend: new MapBackend() })).toThrow(/region\.name/);
    }
  });
});
