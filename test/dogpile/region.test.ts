import {
  type CacheBackend,
  CachedValue,
  ConfigurationError,
  isNoValue,
  makeRegion,
  NO_VALUE,
  PluginNotFound,
  ProxyBackend,
  type Region,
  RegionAlreadyConfigured,
  type RegionEvents,
  RegionNotConfigured,
} from "@cascata/core";
import { BackendRegistry, getValueMetadata } from "@cascata/core/dogpile";
import { deferred, ManualClock, MapBackend, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { ManglingMap, open, openWith, type Variant, variants } from "./variants.ts";

const never = Number.POSITIVE_INFINITY;
const hash = (key: string) => `h${[...key].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) >>> 0}`;

/** A creator that counts: 1, 2, 3 … */
function counter() {
  let made = 0;
  return Object.assign(
    () => {
      made += 1;
      return made;
    },
    { calls: () => made },
  );
}

function regionSuite(variant: Variant) {
  it("row 2: the name given at construction is readable", () => {
    expect(open(variant, { name: "some.name" }).region.name).toBe("some.name");
  });

  it("row 3: before configure there is no backend", async () => {
    const region = makeRegion({ name: "r" });
    expect(region.isConfigured).toBe(false);
    expect(() => region.backend).toThrow(RegionNotConfigured);
    expect(() => region.actualBackend).toThrow(RegionNotConfigured);
    const calls = [
      region.get("k"),
      region.getMulti([]),
      region.getOrCreate("k", () => 1),
      region.getOrCreateMulti([], () => []),
      region.set("k", 1),
      region.delete("k"),
      region.keyIsLocked("k"),
      region.invalidate(),
    ];
    for (const one of await Promise.allSettled(calls))
      expect(one).toMatchObject({ status: "rejected", reason: expect.any(RegionNotConfigured) });
  });

  it("row 4: a second configure is refused, and the region stays configured", async () => {
    const { region, clock } = open(variant);
    const before = region.backend;
    expect(() => region.configure(variant.backend(clock))).toThrow(RegionAlreadyConfigured);
    expect([region.isConfigured, region.backend]).toEqual([true, before]);
  });

  it("row 5: replaceExistingBackend swaps the backend, the mangler with it", async () => {
    const clock = new ManualClock();
    const [one, other] = [new ManglingMap(clock, (key) => `one${key}`), new ManglingMap(clock, (key) => `two${key}`)];
    const region = openWith(variant, clock, {}, one);
    await region.set("k", 1);
    region.configure(other, { replaceExistingBackend: true, wrap: variant.wrap });
    expect(region.actualBackend).toBe(other);
    expect(await region.get("k")).toBe(NO_VALUE);
    await region.set("k", 2);
    expect(other.get("r:twok")).toBeInstanceOf(CachedValue);
  });

  it("row 6: the user's mangler survives a replace", async () => {
    const clock = new ManualClock();
    const region = openWith(variant, clock, { keyMangler: (key) => `mine-${key}` }, new ManglingMap(clock));
    const other = new ManglingMap(clock);
    region.configure(other, { replaceExistingBackend: true });
    await region.set("k", 1);
    expect(other.get("r:mine-k")).toBeInstanceOf(CachedValue);
  });

  it("row 7: an unknown backend is PluginNotFound and leaves the region unconfigured", async () => {
    const region = makeRegion({ name: "r" });
    const backends = new BackendRegistry().register("memory", () => MapBackend);
    await expect(region.configure("unknown", { backends })).rejects.toBeInstanceOf(PluginNotFound);
    await expect(region.configure("memry", { backends })).rejects.toThrow(/did you mean "memory"/);
    expect(region.isConfigured).toBe(false);
    await region.configure("memory", { backends });
    expect(region.isConfigured).toBe(true);
  });

  it("row 8: set, then get", async () => {
    const { region } = open(variant);
    await region.set("some key", "some value");
    expect(await region.get("some key")).toBe("some value");
  });

  it("row 9: a miss is NO_VALUE, with an expiration of the call's own and after an invalidation", async () => {
    const { region } = open(variant);
    expect(await region.get("k")).toBe(NO_VALUE);
    expect(await region.get("k", { expirationTime: 10 })).toBe(NO_VALUE);
    await region.invalidate();
    expect(await region.get("k")).toBe(NO_VALUE);
    expect(await region.get("k", { ignoreExpiration: true })).toBe(NO_VALUE);
  });

  it("row 10: getOrCreate on an empty region gives what the creator makes", async () => {
    const { region } = open(variant);
    expect(await region.getOrCreate("k", () => "made")).toBe("made");
    expect(await region.getOrCreate("k", () => "other")).toBe("made");
  });

  it("row 11: deleting twice is fine, then it is a miss", async () => {
    const { region } = open(variant);
    await region.set("k", 1);
    await region.delete("k");
    await region.delete("k");
    expect(await region.get("k")).toBe(NO_VALUE);
  });

  it("row 12: keyIsLocked is false for an idle key and true while it is created", async () => {
    const { region } = open(variant);
    expect(await region.keyIsLocked("k")).toBe(false);
    const made = deferred<number>();
    const value = region.getOrCreate("k", () => made.promise);
    await settled();
    expect(await region.keyIsLocked("k")).toBe(true);
    made.resolve(1);
    await value;
    await settled();
    expect(await region.keyIsLocked("k")).toBe(false);
  });

  it("row 13: the region's mangler, then the backend's; none by default; false is neither", async () => {
    const clock = new ManualClock();
    const keyOf = async (
      mangler: ((key: string) => string) | false | undefined,
      backends?: (key: string) => string,
    ) => {
      const backend = new ManglingMap(clock, backends);
      const options = mangler === undefined ? {} : { keyMangler: mangler };
      const region = openWith(variant, clock, options, backend);
      await region.set("k", 1);
      return ["k", "ak", "bk", "bak"].filter((key) => backend.get(`r:${key}`) instanceof CachedValue);
    };
    const [a, b] = [(key: string) => `a${key}`, (key: string) => `b${key}`];
    expect(await keyOf(undefined)).toEqual(["k"]);
    expect(await keyOf(a)).toEqual(["ak"]);
    expect(await keyOf(undefined, b)).toEqual(["bk"]);
    expect(await keyOf(a, b)).toEqual(["bak"]);
    expect(await keyOf(false, b)).toEqual(["k"]);
  });

  it("row 14: every operation uses the mangled key, and the backend holds no other", async () => {
    const clock = new ManualClock();
    const backend = new ManglingMap(clock);
    const region = openWith(variant, clock, { keyMangler: hash }, backend);
    await region.set("k", 1);
    expect(await region.get("k")).toBe(1);
    expect(await region.getOrCreate("k", () => 2)).toBe(1);
    expect([...(await region.getOrCreateMulti(["k"], () => [2]))]).toEqual([["k", 1]]);
    expect(backend.get(`r:${hash("k")}`)).toBeInstanceOf(CachedValue);
    expect(isNoValue(backend.get("r:k"))).toBe(true);
    await region.delete("k");
    expect(await region.get("k")).toBe(NO_VALUE);
    expect(backend.get(`r:${hash("k")}`)).toBe(NO_VALUE);
  });

  it("row 15: getEntry and getValueMetadata give payload, creation time and age", async () => {
    const { region, clock } = open(variant);
    await region.set("k", "v");
    const at = clock.now();
    await clock.advance(1500);
    const expected = { payload: "v", createdAt: at, ageMs: 1500, stale: false };
    expect(await region.getEntry("k")).toMatchObject(expected);
    expect(await getValueMetadata(region, "k")).toMatchObject(expected);
  });

  it("row 16: they give nothing on a miss", async () => {
    const { region } = open(variant);
    expect(await region.getEntry("k")).toBe(NO_VALUE);
    expect(await getValueMetadata(region, "k")).toBeUndefined();
  });

  it("row 17: nor when the call's own expiration has passed", async () => {
    const { region, clock } = open(variant);
    await region.set("k", "v");
    await clock.advance(101);
    expect(await region.getEntry("k", { expirationTime: 100 })).toBe(NO_VALUE);
    expect(await getValueMetadata(region, "k", { expirationTime: 100 })).toBeUndefined();
    expect(await getValueMetadata(region, "k", { expirationTime: 101 })).toMatchObject({ payload: "v" });
  });

  it("row 18: ignoreExpiration gives the entry although it has expired", async () => {
    const { region, clock } = open(variant, { ttl: 100 });
    await region.set("k", "v");
    await clock.advance(500);
    expect(await region.getEntry("k")).toBe(NO_VALUE);
    expect(await getValueMetadata(region, "k", { ignoreExpiration: true })).toMatchObject({ payload: "v", ageMs: 500 });
  });

  it("row 25: after expiry get misses, the flag and an endless expiration find the old value, a creation renews it", async () => {
    const { region, clock } = open(variant, { ttl: 100 });
    const creator = counter();
    expect(await region.getOrCreate("k", creator)).toBe(1);
    await clock.advance(101);
    expect(await region.get("k")).toBe(NO_VALUE);
    expect(await region.get("k", { ignoreExpiration: true })).toBe(1);
    expect(await region.getOrCreate("k", creator, { expirationTime: never })).toBe(1);
    expect(await region.getOrCreate("k", creator)).toBe(2);
    expect(await region.get("k")).toBe(2);
  });

  it("row 27: get honours the region's expiration", async () => {
    const { region, clock } = open(variant, { ttl: 100 });
    await region.set("k", 1);
    await clock.advance(100);
    expect(await region.get("k")).toBe(1);
    await clock.advance(1);
    expect(await region.get("k")).toBe(NO_VALUE);
    expect(await region.getMulti(["k"])).toEqual([NO_VALUE]);
  });

  it("row 28: the flag ignores it", async () => {
    const { region, clock } = open(variant, { ttl: 100 });
    await region.set("k", 1);
    await clock.advance(1000);
    expect(await region.get("k", { ignoreExpiration: true })).toBe(1);
    expect(await region.getMulti(["k"], { ignoreExpiration: true })).toEqual([1]);
  });

  it("row 29: a longer expiration revives an entry for that call only", async () => {
    const { region, clock } = open(variant, { ttl: 100 });
    await region.set("k", 1);
    await clock.advance(300);
    expect(await region.get("k", { expirationTime: 500 })).toBe(1);
    expect(await region.getMulti(["k"], { expirationTime: 500 })).toEqual([1]);
    expect(await region.getOrCreate("k", () => 2, { expirationTime: 500 })).toBe(1);
    expect(await region.get("k")).toBe(NO_VALUE);
  });

  it("row 30: a shorter expiration regenerates, and nothing of it is kept", async () => {
    const { region, clock } = open(variant, { ttl: 1000 });
    const creator = counter();
    await region.getOrCreate("k", creator);
    await clock.advance(200);
    expect(await region.getOrCreate("k", creator, { expirationTime: 100 })).toBe(2);
    await clock.advance(200);
    expect(await region.getOrCreate("k", creator)).toBe(2);
    expect(await region.get("k")).toBe(2);
  });

  it("row 31: durations have units", async () => {
    const { region, clock } = open(variant, { ttl: "2s" });
    await region.set("k", 1);
    await clock.advance(2000);
    expect(await region.get("k")).toBe(1);
    await clock.advance(1);
    expect(await region.get("k")).toBe(NO_VALUE);
    expect(await region.get("k", { expirationTime: "1h" })).toBe(1);
  });

  it("row 32: what is no duration is refused, and the region stays unconfigured", () => {
    const region = makeRegion({ name: "r" });
    for (const ttl of ["soon", "5 parsecs", -1, Number.NaN, {}])
      expect(() => region.configure(variant.backend(new ManualClock()), { ttl: ttl as never })).toThrow(
        ConfigurationError,
      );
    expect(region.isConfigured).toBe(false);
  });

  it("row 34: get misses after a hard invalidation", async () => {
    const { region } = open(variant);
    await region.set("k", 1);
    await region.invalidate();
    expect(await region.get("k")).toBe(NO_VALUE);
    expect(await region.getMulti(["k"])).toEqual([NO_VALUE]);
    expect(await region.get("k", { ignoreExpiration: true })).toBe(1);
  });

  it("row 35: each hard invalidation regenerates once, also one of the instant after the creation", async () => {
    const { region } = open(variant);
    const creator = counter();
    for (let round = 1; round <= 50; round += 1) {
      expect(await region.getOrCreate("k", creator)).toBe(round);
      expect(await region.getOrCreate("k", creator)).toBe(round);
      await region.invalidate();
    }
    expect(creator.calls()).toBe(50);
  });

  it("row 37: get misses after a soft invalidation too", async () => {
    const { region } = open(variant, { ttl: "1h" });
    await region.set("k", 1);
    await region.invalidate({ hard: false });
    expect(await region.get("k")).toBe(NO_VALUE);
    expect(await region.getMulti(["k"])).toEqual([NO_VALUE]);
  });

  it("row 38: after a soft invalidation a lone caller gets the new value", async () => {
    const { region } = open(variant, { ttl: "1h" });
    const creator = counter();
    expect(await region.getOrCreate("k", creator)).toBe(1);
    await region.invalidate({ hard: false });
    expect(await region.getOrCreate("k", creator)).toBe(2);
    expect(await region.getOrCreate("k", creator)).toBe(2);
  });

  it("row 38: and the others the old one at once; after a hard one everybody waits", async () => {
    for (const hard of [false, true]) {
      const { region } = open(variant, { ttl: "1h" });
      await region.getOrCreate("k", () => "old");
      await region.invalidate({ hard });
      const made = deferred<string>();
      const leader = region.getOrCreate("k", () => made.promise);
      const other = region.getOrCreate("k", () => "never");
      let early: unknown;
      void other.then((value) => {
        early = value;
      });
      await settled();
      expect(early).toBe(hard ? undefined : "old");
      made.resolve("new");
      expect(await Promise.all([leader, other])).toEqual(["new", hard ? "new" : "old"]);
    }
  });

  it("row 39: the same for many keys", async () => {
    const { region } = open(variant, { ttl: "1h" });
    const creator = counter();
    const make = (keys: readonly string[]) => keys.map(() => creator());
    await region.getOrCreateMulti(["a", "b"], make);
    await region.invalidate({ hard: false });
    expect([...(await region.getOrCreateMulti(["a", "b"], make)).values()]).toEqual([3, 4]);
    expect([...(await region.getOrCreateMulti(["a", "b"], make)).values()]).toEqual([3, 4]);
  });

  for (const [row, warm, multi] of [
    [40, false, false],
    [41, true, false],
    [42, false, true],
    [43, true, true],
  ] as const) {
    const what = `${multi ? "multi" : "single"}, ${warm ? "warm" : "cold"}`;
    it(`row ${row}: a soft invalidation without a ttl and a grace is refused when it is asked for (${what})`, async () => {
      const { region } = open(variant, { grace: 0 });
      const creator = counter();
      const get = async () =>
        multi
          ? [...(await region.getOrCreateMulti(["k"], () => [creator()])).values()][0]
          : region.getOrCreate("k", creator);
      if (warm) await get();
      await expect(region.invalidate({ hard: false })).rejects.toMatchObject({ code: "VALIDATION" });
      // Nothing was invalidated, and no creator's work is lost.
      expect(await get()).toBe(1);
      expect(await get()).toBe(1);
    });
  }

  it("row 46: shouldCacheFn is asked for each value of a batch", async () => {
    const { region } = open(variant);
    const creator = counter();
    const make = (keys: readonly string[]) => keys.map((key) => `${key}${creator()}`);
    const shouldCacheFn = (value: string) => !value.startsWith("b");
    const first = await region.getOrCreateMulti(["a", "b", "c"], make, { shouldCacheFn });
    expect([...first.values()]).toEqual(["a1", "b2", "c3"]);
    expect([...(await region.getOrCreateMulti(["a", "b", "c"], make, { shouldCacheFn })).values()]).toEqual([
      "a1",
      "b4",
      "c3",
    ]);
  });

  it("row 46: and nothing is written when nothing may be cached", async () => {
    const { region } = open(variant);
    const written: unknown[] = [];
    class Watch extends ProxyBackend {
      protected override encode(entry: CachedValue) {
        written.push(entry);
        return entry;
      }
    }
    region.wrap(Watch);
    await region.getOrCreateMulti(["a"], () => [1], { shouldCacheFn: () => false });
    await region.getOrCreate("b", () => 1, { shouldCacheFn: () => false });
    expect(written).toEqual([]);
  });

  it("row 47: a batch answers in the caller's order", async () => {
    const { region } = open(variant);
    await region.set("m", "found");
    const made = await region.getOrCreateMulti(["z", "m", "a", "z"], (keys) => keys.map((key) => key.toUpperCase()));
    expect([...made]).toEqual([
      ["z", "Z"],
      ["m", "found"],
      ["a", "A"],
    ]);
  });

  it("row 48: setMulti, then single gets", async () => {
    const { region } = open(variant);
    await region.setMulti(
      new Map<string, unknown>([
        ["a", 1],
        ["b", null],
        ["c", ""],
      ]),
    );
    expect([await region.get("a"), await region.get("b"), await region.get("c")]).toEqual([1, null, ""]);
  });

  it("row 49: getMulti is aligned with its keys", async () => {
    const { region } = open(variant);
    await region.set("a", 1);
    await region.set("c", 3);
    expect(await region.getMulti(["c", "b", "a", "c"])).toEqual([3, NO_VALUE, 1, 3]);
  });

  it("row 50: deleteMulti takes unknown keys too", async () => {
    const { region } = open(variant);
    await region.setMulti(
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    );
    expect((await region.deleteMulti(["a", "unknown"])).confirmed).toBe(true);
    expect(await region.getMulti(["a", "b"])).toEqual([NO_VALUE, 2]);
  });
}

for (const variant of variants) {
  const rows = { 44: "with a custom invalidation strategy", 60: "through a pass-through proxy" };
  const row = Object.entries(rows).find(([, name]) => name === variant.name)?.[0];
  describe(`${row === undefined ? "" : `row ${row}: `}the region suite, ${variant.name}`, () => regionSuite(variant));
}

describe("what a region tells", () => {
  type Told = [keyof RegionEvents, unknown];
  function listen(region: Region, clock: ManualClock) {
    const told: Told[] = [];
    for (const event of ["miss", "created", "creationFailed", "hit"] as const)
      region.on(event, (details: unknown) => told.push([event, details]));
    return { told, misses: () => told.filter(([event]) => event === "miss").map(([, one]) => one), clock };
  }
  const plain = variants[0] as Variant;

  for (const multi of [false, true]) {
    const kind = multi ? "multi" : "single";
    const create = (region: Region, creator: () => unknown) =>
      multi ? region.getOrCreateMulti(["k"], async () => [await creator()]) : region.getOrCreate("k", creator);
    const read = (region: Region) => (multi ? region.getMulti(["k"]) : region.get("k"));

    it(`row 20: the creation's time and keys, once (${kind})`, async () => {
      const { region, clock } = open(plain, { keyMangler: hash });
      const { told } = listen(region, clock);
      const work = create(region, async () => {
        await clock.advance(250);
        return 1;
      });
      await work;
      expect(told.filter(([event]) => event === "created")).toEqual([
        ["created", { keys: ["k"], durationMs: 250, regenerated: false }],
      ]);
    });

    it(`row 20: a regeneration is one, a failed creation says so (${kind})`, async () => {
      const { region, clock } = open(plain, { ttl: 100, retryAfter: 0 });
      const { told } = listen(region, clock);
      await region.set("k", 1);
      await clock.advance(101);
      await create(region, () => 2);
      expect(told).toContainEqual(["created", { keys: ["k"], durationMs: 0, regenerated: true }]);
      await clock.advance(101);
      const boom = new Error("boom");
      await create(region, () => Promise.reject(boom));
      expect(told).toContainEqual(["creationFailed", { keys: ["k"], durationMs: 0, error: boom }]);
    });

    it(`row 21: a miss because nothing is there, with the caller's key (${kind})`, async () => {
      const { region, clock } = open(plain, { keyMangler: hash });
      const { misses } = listen(region, clock);
      await read(region);
      await create(region, () => 1);
      expect(misses()).toEqual([
        { key: "k", reason: "absent" },
        { key: "k", reason: "absent" },
      ]);
    });

    it(`row 21: because it has expired (${kind})`, async () => {
      const { region, clock } = open(plain, { ttl: 100 });
      const { misses } = listen(region, clock);
      await region.set("k", 1);
      await clock.advance(101);
      await read(region);
      await create(region, () => 1);
      expect(misses()).toEqual([
        { key: "k", reason: "expired" },
        { key: "k", reason: "expired" },
      ]);
    });

    it(`row 21: because its version is another one (${kind})`, async () => {
      const clock = new ManualClock();
      const backend = new MapBackend({ clock });
      await openWith(plain, clock, { valueVersion: 1 }, backend).set("k", 1);
      const region = openWith(plain, clock, { valueVersion: 2 }, backend);
      const { misses } = listen(region, clock);
      await read(region);
      await create(region, () => 2);
      expect(misses()).toEqual([
        { key: "k", reason: "version" },
        { key: "k", reason: "version" },
      ]);
    });

    for (const variant of variants) {
      it(`row 23: because of a hard or a soft invalidation (${kind}, ${variant.name})`, async () => {
        for (const hard of [true, false]) {
          const { region, clock } = open(variant, { ttl: "1h", keyMangler: hash });
          const { misses } = listen(region, clock);
          await region.set("k", 1);
          await region.invalidate({ hard });
          await read(region);
          await create(region, () => 1);
          const reason = hard ? "hard-invalidation" : "soft-invalidation";
          expect(misses()).toEqual([
            { key: "k", reason },
            { key: "k", reason },
          ]);
        }
      });
    }
  }
});

describe("a strategy", () => {
  const custom = variants[2] as Variant;

  it("is given the caller's key and the metadata, once for each operation", async () => {
    const asked: (readonly string[])[] = [];
    const strategy = {
      invalidate: () => undefined,
      verdicts: (entries: readonly { key: string; metadata: { createdAt: number } }[]) => {
        asked.push(entries.map(({ key }) => key));
        return entries.map(({ key }) => (key.startsWith("bad") ? ("hard" as const) : undefined));
      },
    };
    const { region } = open({ ...custom, strategy: () => strategy }, { keyMangler: hash });
    await region.setMulti(
      new Map([
        ["a", 1],
        ["bad", 2],
        ["b", 3],
      ]),
    );
    expect(await region.getMulti(["a", "bad", "b", "none"])).toEqual([1, NO_VALUE, 3, NO_VALUE]);
    expect(asked).toEqual([["a", "bad", "b"]]);
    asked.length = 0;
    expect(await region.get("a")).toBe(1);
    expect(await region.getOrCreate("a", () => 9)).toBe(1);
    expect([...(await region.getOrCreateMulti(["a", "b"], () => [])).values()]).toEqual([1, 3]);
    expect(asked).toEqual([["a"], ["a"], ["a", "b"]]);
  });

  it("lets a nearer tier's invalid entry not hide a farther one's valid one", async () => {
    for (const variant of variants.slice(3, 4)) {
      const clock = new ManualClock();
      const backend = variant.backend(clock) as CacheBackend & { near: CacheBackend; proxied: CacheBackend };
      const region = openWith(variant, clock, { ttl: "1h" }, backend);
      await region.set("k", "old");
      await region.invalidate();
      const now = clock.now() + 1;
      const metadata = { createdAt: now, startedAt: now, formatVersion: 1, ttl: 3_600_000 };
      await backend.proxied.set("r:k", new CachedValue("newer", metadata));
      await clock.advance(2);
      expect(await region.get("k")).toBe("newer");
      expect(await region.getOrCreate("k", () => "made")).toBe("newer");
    }
  });

  it("that fails fails the operation: what nobody can judge is not served", async () => {
    const boom = new Error("strategy down");
    const strategy = { invalidate: () => undefined, verdicts: () => Promise.reject(boom) };
    const { region } = open({ ...custom, strategy: () => strategy });
    await region.set("k", 1);
    await expect(region.get("k")).rejects.toMatchObject({ cause: boom });
  });

  it("is refused if it is none", () => {
    const region = makeRegion({ name: "r" });
    const regionInvalidator = { invalidate: () => undefined } as never;
    expect(() => region.configure(new MapBackend(), { regionInvalidator })).toThrow(ConfigurationError);
    expect(region.isConfigured).toBe(false);
  });

  it("survives the replacement of the backend", async () => {
    const { region, clock } = open(custom);
    await region.set("k", 1);
    region.configure(new MapBackend({ clock }), { replaceExistingBackend: true });
    await region.set("k", 2);
    await region.invalidate();
    expect(await region.get("k")).toBe(NO_VALUE);
  });
});
