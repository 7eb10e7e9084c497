import { createRegion, type Region, stackWith } from "@cascata/core";
import { AsyncMapBackend, deferred, ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";

interface Told {
  readonly hits: [string, string | undefined][];
  readonly served: [string, string, string | undefined][];
}

function listening(region: Region): Told {
  const told: Told = { hits: [], served: [] };
  region.on("hit", ({ key, tier }) => void told.hits.push([key, tier]));
  region.on("served", ({ key, origin, tier }) => void told.served.push([key, origin, tier]));
  return told;
}

/** Two tiers; `far` has "far", both have "near". */
async function scene(Far: typeof MapBackend | typeof AsyncMapBackend = MapBackend) {
  const clock = new ManualClock();
  const far = new Far({ clock, name: "far" });
  const backend = stackWith({ clock }, new MapBackend({ clock, name: "near" }), far);
  const region = createRegion({ name: "r", backend, clock, ttl: "1m", grace: "1h" });
  const elsewhere = createRegion({ name: "r", backend: far, clock, ttl: "1m", grace: "1h" });
  await elsewhere.set("far", 1);
  await region.set("near", 2);
  return { clock, region, told: listening(region) };
}

describe("what is told of a served value", () => {
  for (const Far of [MapBackend, AsyncMapBackend]) {
    const speed = Far === MapBackend ? "that answers at once" : "that takes its time";

    it(`names the tier that had it, over a far tier ${speed}: get`, async () => {
      const { region, told } = await scene(Far);
      expect([await region.get("far"), await region.get("far"), await region.get("near")]).toEqual([1, 1, 2]);
      expect(told.hits).toEqual([
        ["far", "far"],
        ["far", "near"],
        ["near", "near"],
      ]);
      expect(told.served).toEqual([
        ["far", "cached", "far"],
        ["far", "cached", "near"],
        ["near", "cached", "near"],
      ]);
    });

    it(`the same: getMulti, each place of its own`, async () => {
      const { region, told } = await scene(Far);
      await region.getMulti(["near", "far", "near", "none"]);
      expect(told.hits).toEqual([
        ["near", "near"],
        ["far", "far"],
        ["near", "near"],
      ]);
    });

    it(`the same: getOrCreate, getOrCreateEntry, getOrCreateMulti, getEntry`, async () => {
      const calls: ((region: Region) => Promise<unknown>)[] = [
        (region) => region.getOrCreate("far", () => 9),
        (region) => region.getOrCreateEntry("far", () => 9),
        (region) => region.getOrCreateMulti(["far"], () => [9]),
        (region) => region.getEntry("far"),
      ];
      for (const call of calls) {
        const { region, told } = await scene(Far);
        await call(region);
        expect(told.hits).toEqual([["far", "far"]]);
        await call(region);
        expect(told.hits.slice(1)).toEqual([["far", "near"]]);
        expect(told.served.map(([, origin]) => origin)).toEqual(["cached", "cached"]);
      }
    });
  }

  it("says who created, who joined, who was given what is stale or a last resort", async () => {
    const { region, clock, told } = await scene();
    const made = deferred<number>();
    const all = [region.getOrCreate("k", () => made.promise), region.getOrCreate("k", () => 0)];
    made.resolve(3);
    expect(await Promise.all(all)).toEqual([3, 3]);
    expect(told.served).toEqual([
      ["k", "created", undefined],
      ["k", "joined", undefined],
    ]);
    await clock.advance(61_000);
    const failing = () => Promise.reject(new Error("down"));
    expect(await region.getOrCreate("k", failing)).toBe(3);
    expect(await region.getOrCreate("other", failing, { fallback: () => 7 })).toBe(7);
    await region.getOrCreateMulti(["a", "b"], (keys) => keys);
    expect(told.served.slice(2)).toEqual([
      ["k", "stale", undefined],
      ["other", "default", undefined],
      ["a", "created", undefined],
      ["b", "created", undefined],
    ]);
    expect(told.hits).toEqual([]);
  });

  it("is told of a creation in memory alone, too, and not of a creator that gives nothing", async () => {
    const region = createRegion({ name: "r", backend: new MapBackend({}) });
    const told = listening(region);
    expect(await region.getOrCreate("k", () => 1)).toBe(1);
    expect(region.peek("k")).toBe(1);
    await region.get("none");
    expect(told.served).toEqual([
      ["k", "created", undefined],
      ["k", "cached", "map"],
    ]);
  });
});
