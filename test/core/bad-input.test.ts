import {
  ClosedError,
  ConfigurationError,
  type CreateOptions,
  cached,
  createRegion,
  isCacheError,
  type KeyMangler,
  makeRegion,
  NO_VALUE,
  ProxyBackend,
  type ProxyFactory,
  type RegionOptions,
  stack,
  stackWith,
  ValidationError,
  Wire,
} from "@cascata/core";
import { SerializingMemoryBackend } from "@cascata/memory";
import { ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, it, test } from "vitest";

const clock = new ManualClock();
const fresh = () => createRegion({ name: "r", backend: new MapBackend({ clock }), clock });
const bytes = () =>
  createRegion({ name: "r", backend: new SerializingMemoryBackend({ maxEntries: 10, clock }), clock });

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

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

describe("creators", () => {
  for (const bad of [undefined, null, 5, "f", {}]) {
    it(`that are ${JSON.stringify(bad)} are refused at once, and nobody waits for them afterwards`, async () => {
      const region = fresh();
      const creator = bad as unknown as () => number;
      for (const call of [
        () => region.getOrCreate("k", creator),
        () => region.getOrCreate("k", creator, { ttl: "1m" }),
        () => region.getOrCreateEntry("k", creator),
        () => region.getOrCreateMulti(["k", "l"], creator as never),
      ])
        await expect(call()).rejects.toThrow(/creator: expected a function/);
      expect(await region.keyIsLocked("k")).toBe(false);
      expect(await region.getOrCreate("k", () => 1)).toBe(1);
      expect(await region.getOrCreateMulti(["k", "l"], (keys) => keys.map(() => 2))).toEqual(
        new Map([
          ["k", 1],
          ["l", 2],
        ]),
      );
      await expect(region.getOrCreate("k", creator)).rejects.toThrow(ValidationError);
    });
  }

  it("a hit that would be renewed early for a caller with bad options leaves no creation behind", async () => {
    const region = createRegion({ name: "r", backend: new MapBackend({ clock }), clock, ttl: "1m", refreshAhead: 0.1 });
    await region.set("k", 1);
    await clock.advance(30_000);
    await expect(region.getOrCreate("k", () => 2, { ttl: "5x" as "5m" })).rejects.toThrow(/options\.ttl/);
    expect(await region.keyIsLocked("k")).toBe(false);
  });
});

describe("lists", () => {
  const text = "user:1" as unknown as readonly string[];

  it("a text is no list of keys, and none of tags", async () => {
    const region = fresh();
    await region.set("u", 1, { tags: ["u"] });
    await expect(region.getMulti(text)).rejects.toThrow(/keys: expected a list of keys, received "user:1"/);
    await expect(region.deleteMulti(text)).rejects.toThrow(ValidationError);
    await expect(region.getOrCreateMulti(text, (keys) => keys.map(() => 1))).rejects.toThrow(ValidationError);
    await expect(region.invalidateTags(text)).rejects.toThrow(/tags: expected a list of texts/);
    expect(() => region.deferInvalidation().invalidateTags(text)).toThrow(ValidationError);
    expect(await region.get("u")).toBe(1);
  });

  it("the empty tag, which would be the whole region, is refused", async () => {
    const region = fresh();
    await region.set("u", 1);
    await expect(region.invalidateTags([""])).rejects.toThrow(ValidationError);
    expect(await region.get("u")).toBe(1);
  });

  it("tags are texts, in whatever way they come", async () => {
    const region = fresh();
    const tags = "t" as unknown as readonly string[];
    await expect(region.set("k", 1, { tags })).rejects.toThrow(/options\.tags: expected a list of texts/);
    await expect(region.set("k", 1, { tags: [1 as unknown as string] })).rejects.toThrow(ConfigurationError);
    await expect(region.getOrCreate("k", () => 1, { tags })).rejects.toThrow(/options\.tags/);
    await expect(region.getOrCreate("k", () => 1, { tags: () => tags })).rejects.toThrow(/tags: expected a list/);
    const own = region.getOrCreate("k", (context) => {
      context.tags = tags;
      return 1;
    });
    await expect(own).rejects.toThrow(/context\.tags: expected a list/);
    expect(await region.get("k")).toBe(NO_VALUE);
  });

  for (const bad of [{ a: 1 }, [["a", 1]], null, "ab"]) {
    it(`setMulti takes a Map, and not ${JSON.stringify(bad)}`, async () => {
      const mapping = bad as unknown as ReadonlyMap<string, number>;
      await expect(fresh().setMulti(mapping)).rejects.toThrow(/mapping: expected a Map of values by key/);
    });
  }

  it("an invalidation takes no other option", async () => {
    const region = fresh();
    await region.set("u", 1);
    await expect(region.invalidate({ hrad: false } as never)).rejects.toThrow(/did you mean "hard"/);
    await expect(region.invalidate({ hard: "no" as never })).rejects.toThrow(/options\.hard: expected true or false/);
    expect(await region.get("u")).toBe(1);
  });
});

describe("options of another kind", () => {
  const ofRegion = {
    awaitFill: "yes",
    detectReentry: 1,
    keyMangler: "sha1",
    shouldCacheFn: true,
    asyncCreationRunner: {},
    functionKeyGenerator: "k",
    functionMultiKeyGenerator: null,
    clock: {},
    random: 0.5,
    logger: "console",
    waitUntil: 1,
  };
  for (const [name, value] of Object.entries(ofRegion)) {
    it(`${name}: ${JSON.stringify(value)} is refused when the region is made`, () => {
      const options = { name: "r", [name]: value } as unknown as RegionOptions;
      expect(() => makeRegion(options)).toThrow(new RegExp(`region\\.${name}: expected`));
    });
  }

  it("all of them are told at once", () => {
    const options = { name: "r", ttl: "5x", ...ofRegion } as unknown as RegionOptions;
    const error = caught(() => makeRegion(options));
    expect((error as ConfigurationError).mistakes.map(({ path }) => path).sort()).toEqual(
      ["ttl", ...Object.keys(ofRegion)].map((name) => `region.${name}`).sort(),
    );
  });

  const ofCall = {
    tags: 5,
    signal: {},
    fallback: 3,
    forceRefresh: "if-idle",
    awaitFill: 1,
    shouldCacheFn: 1,
    skip: "memory",
    settled: 1,
  };
  for (const [name, value] of Object.entries(ofCall)) {
    it(`${name}: ${JSON.stringify(value)} is refused by the call`, async () => {
      const options = { [name]: value } as unknown as CreateOptions<number>;
      const call = fresh().getOrCreate("k", () => 1, options);
      await expect(call).rejects.toThrow(new RegExp(`options\\.${name}: expected`));
    });
  }

  it("a mangler that gives no text is refused by the call", async () => {
    const keyMangler = (() => 5) as unknown as KeyMangler;
    const region = createRegion({ name: "r", backend: new MapBackend(), keyMangler });
    await expect(region.get("k")).rejects.toThrow(/keyMangler: expected a function that gives a text, received 5/);
  });
});

describe("tiers that a call leaves out", () => {
  const tier = (name: string) => new MapBackend({ clock, name });
  const two = () => createRegion({ name: "r", backend: stack(tier("near"), tier("far")), clock });

  it("are refused where nobody has the name", async () => {
    const region = two();
    await expect(region.get("k", { skip: { read: ["naer"] } })).rejects.toThrow(
      /options\.skip\.read\[0\]: expected one of near, received "naer" \(did you mean "near"\?\)/,
    );
    await expect(region.set("k", 1, { skip: { write: ["near", "fra"] } })).rejects.toThrow(
      /options\.skip\.write\[1\]: expected one of near, far/,
    );
    await expect(region.get("k", { skip: { raed: ["near"] } as never })).rejects.toThrow(/options\.skip: expected/);
  });

  it("the farthest is the authority: a read can't leave it out", async () => {
    await expect(two().get("k", { skip: { read: ["far"] } })).rejects.toThrow(ConfigurationError);
    await expect(fresh().get("k", { skip: { read: ["map"] } })).rejects.toThrow(/the region has one tier/);
  });

  it("are left out by their names", async () => {
    const region = two();
    await region.set("k", 1, { skip: { write: ["near"] } });
    await region.set("k", 2, { skip: { write: ["far"] } });
    expect(await region.get("k", { skip: { read: ["near"] } })).toBe(1);
  });
});

describe("stacks", () => {
  const tier = () => new MapBackend();

  test.each<[string, () => unknown, RegExp]>([
    ["a number", () => stack(5 as never), /tiers\[0\]: expected a backend, or \{ backend, ttl, batch \}, received 5/],
    ["nothing", () => stack(tier(), null as never), /tiers\[1\]: expected a backend/],
    ["no backend in a tier", () => stack({ backend: undefined } as never), /tiers\[0\]: expected a backend/],
    ["something else in a tier", () => stack({ backend: 5 } as never), /tiers\[0\]\.backend: expected a backend/],
    ["a mistyped option", () => stack({ backend: tier(), tll: 5 } as never, tier()), /tiers\[0\]\.tll.*"ttl"/],
    ["a batch", () => stack({ backend: tier(), batch: "yes" } as never), /tiers\[0\]\.batch: expected true or false/],
    ["a clock", () => stackWith({ clock: {} as never }, tier()), /stack\.clock: expected a Clock/],
    ["a sender", () => stackWith({ sender: 5 as never }, tier()), /stack\.sender: expected a text/],
    [
      "a protection that nobody would read",
      () => stackWith({ protection: { timeot: 5 } as never }, tier()),
      /stack\.protection\.timeot.*"timeout"/,
    ],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

describe("what answers later where an answer is wanted at once", () => {
  it("a promise of shouldCacheFn is no yes", async () => {
    const region = fresh();
    const shouldCacheFn = (async () => false) as unknown as () => boolean;
    await expect(region.getOrCreate("k", () => 1, { shouldCacheFn })).rejects.toThrow(
      /shouldCacheFn: expected an answer/,
    );
    expect(await region.get("k")).toBe(NO_VALUE);
    const double = region.cached(async (n: number) => n * 2, { name: "double", shouldCacheFn });
    await expect(double.set(5, 1)).rejects.toThrow(ValidationError);
    expect(await double.get(1)).toBe(NO_VALUE);
  });

  it("what is falsy is no, for a call and for the methods of a decorated function", async () => {
    const region = fresh();
    const shouldCacheFn = (() => 0) as unknown as () => boolean;
    const double = region.cached(async (n: number) => n * 2, { name: "double", shouldCacheFn });
    expect(await double(1)).toBe(2);
    expect((await double.set(5, 1)).confirmed).toBe(false);
    const many = region.cachedMulti(async (ns: readonly number[]) => ns, { name: "many", shouldCacheFn });
    expect((await many.set(new Map([[1, 1]]))).confirmed).toBe(false);
    expect([await double.get(1), await many.get([1])]).toEqual([NO_VALUE, [NO_VALUE]]);
  });
});

describe("serializers", () => {
  for (const bad of [{}, { name: "x", serialize: () => new Uint8Array() }, null, "json"]) {
    it(`${JSON.stringify(bad)} is none`, () => {
      expect(() => new Wire({ serializer: bad as never })).toThrow(/serializer: expected an object with name/);
      expect(() => new SerializingMemoryBackend({ maxEntries: 1, serializer: bad as never })).toThrow(
        ConfigurationError,
      );
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

  it("@cached without a region says so", () => {
    expect(() => cached({ ttl: "1m" } as never)).toThrow(/cached\.region: expected a region, received undefined/);
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
