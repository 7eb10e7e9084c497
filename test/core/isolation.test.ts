import { createRegion, type Isolation, isNoValue, type Region, stack } from "@cascata/core";
import { MemoryBackend, SerializingMemoryBackend } from "@cascata/memory";
import { MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";

interface Value {
  list: number[];
  inner: { at: Date };
  map: Map<string, number>;
}

const fresh = (): Value => ({ list: [1], inner: { at: new Date(5) }, map: new Map([["a", 1]]) });

const chains = {
  "memory alone": () => new MapBackend({ name: "memory" }),
  "memory over bytes": () =>
    stack(
      new MemoryBackend({ maxEntries: 100, name: "memory" }),
      new SerializingMemoryBackend({ maxEntries: 100, name: "far" }),
    ),
};

/** Every way in which a caller comes by a cached object. */
const ways: Readonly<Record<string, (region: Region<Value>) => unknown>> = {
  getOrCreate: (region) => region.getOrCreate("k", fresh),
  "getOrCreate, anew": (region) => region.getOrCreate("k", fresh, { forceRefresh: true }),
  getOrCreateMulti: async (region) => (await region.getOrCreateMulti(["k"], (keys) => keys.map(fresh))).get("k"),
  "getOrCreateMulti beside what is missing": async (region) =>
    (await region.getOrCreateMulti(["k", `missing ${Math.random()}`], (keys) => keys.map(fresh))).get("k"),
  getOrCreateEntry: async (region) => entryOf(await region.getOrCreateEntry("k", fresh)),
  get: (region) => region.get("k"),
  getMulti: async (region) => (await region.getMulti(["k"]))[0],
  getEntry: async (region) => entryOf(await region.getEntry("k")),
  peek: (region) => region.peek("k"),
};

function entryOf(entry: unknown): unknown {
  return isNoValue(entry) ? entry : (entry as { payload: unknown }).payload;
}

/** Changes what can be changed; whether each part let it happen. */
function spoil(value: Value): readonly boolean[] {
  const attempts = [() => value.list.push(2), () => value.inner.at.setTime(9), () => value.map.set("b", 2)];
  return attempts.map((attempt) => {
    try {
      attempt();
      return true;
    } catch {
      return false;
    }
  });
}

describe.each(Object.entries(chains))("%s", (_name, backend) => {
  const open = (isolation: Isolation): Region<Value> =>
    createRegion<Value>({ name: "r", isolation, backend: backend() });

  describe.each(["freeze", "clone"] as const)("%s", (isolation) => {
    it.each(Object.entries(ways))("what %s gives can't change what is cached", async (_way, way) => {
      const region = open(isolation);
      const given = fresh();
      await region.set("k", given);
      const got = (await way(region)) as Value;
      expect(got).toEqual(fresh());
      spoil(got);
      spoil(given);
      for (const again of Object.values(ways)) expect(await again(region)).toEqual(fresh());
    });

    it("nor can its creator, afterwards", async () => {
      const region = open(isolation);
      const made = fresh();
      const [one, two] = await Promise.all([region.getOrCreate("k", async () => made), region.getOrCreate("k", fresh)]);
      spoil(made);
      expect(await region.get("k")).toEqual(fresh());
      expect([one, two]).toEqual([fresh(), fresh()]);
    });
  });

  it("clone gives each caller an object of its own, freeze one that refuses changes", async () => {
    const [cloning, freezing] = [open("clone"), open("freeze")];
    for (const region of [cloning, freezing]) await region.set("k", fresh());
    const [one, two] = [await cloning.get("k"), await cloning.get("k")];
    expect([one === two, spoil(one as Value), two]).toEqual([false, [true, true, true], fresh()]);
    const frozen = (await freezing.get("k")) as Value;
    // A Date and a Map can't be frozen: what holds one is copied for each caller.
    expect([Object.isFrozen(frozen.list), spoil(frozen)]).toEqual([true, [false, true, true]]);
    expect(await freezing.get("k")).toEqual(fresh());
  });

  it("share gives the cached object itself", async () => {
    const region = open("share");
    const value = fresh();
    await region.set("k", value);
    expect(await region.get("k")).toBe(value);
  });
});

it.each(["share", "freeze", "clone"] as const)(
  "%s: a value has one shape, whichever tier it comes from",
  async (isolation) => {
    const region = createRegion<unknown>({ name: "r", isolation, backend: chains["memory over bytes"]() });
    const values = {
      nothing: { a: undefined },
      holes: [1, undefined],
      dates: new Date(5),
      map: new Map([[1, new Set(["x"])]]),
    };
    for (const [key, value] of Object.entries(values)) {
      const made = await region.getOrCreate(key, () => value, { awaitFill: true });
      const far = await region.get(key, { skip: { read: ["memory"] } });
      expect([made, await region.get(key), far]).toStrictEqual([value, value, value]);
    }
    class Own {
      readonly own = true;
    }
    // What bytes can't give back as it was is not kept anywhere.
    const asked = region.getOrCreate("own", () => new Own(), { awaitFill: true });
    await asked.catch(() => undefined);
    expect(isNoValue(await region.get("own"))).toBe(true);
  },
);
