import type { CreateOptions, Region, RegionOptions } from "@cascata/core";
import { deferred, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { depths, type Make, type Scene, sceneOf, soon, ways } from "./policy-scene.ts";

describe.each(depths)("%s", (depth) => {
  describe.each(ways)("a hit $name", ({ ask }) => {
    const open = (options: Partial<RegionOptions>): Promise<Scene> => sceneOf(depth, options);

    /** Creates "k", which takes `ms`. */
    async function create({ region, clock }: Scene, ms = 0): Promise<void> {
      const asked = ask(region, () => new Promise((resolve) => void clock.schedule(() => resolve("old"), ms)));
      await clock.advance(ms);
      expect(await asked).toBe("old");
      // What invalidations cover is looked up once.
      await region.get("k");
    }

    function counted() {
      const made = deferred<string>();
      let calls = 0;
      const make: Make = () => {
        calls += 1;
        return made.promise;
      };
      return { make, made, calls: () => calls };
    }

    it("past its share of the ttl is renewed in the background, by one creator", async () => {
      const scene = await open({ refreshAhead: 0.8 });
      const { region, clock } = scene;
      await create(scene);
      const { make, made, calls } = counted();
      await clock.advance(80);
      expect([await soon(ask(region, make)), calls()]).toEqual(["old", 0]);
      await clock.advance(1);
      expect(await soon(ask(region, make))).toBe("old");
      expect(await soon(ask(region, make))).toBe("old");
      made.resolve("new");
      await settled();
      expect([await region.get("k"), calls()]).toEqual(["new", 1]);
      await clock.advance(50);
      expect(await region.get("k")).toBe("new");
    });

    it("is renewed though somebody who has joined the renewal leaves", async () => {
      const scene = await open({ refreshAhead: 0.5 });
      const { region, clock } = scene;
      await create(scene);
      await clock.advance(60);
      const made = deferred<string>();
      let signal: AbortSignal | undefined;
      await ask(region, (_context, stop) => {
        signal = stop();
        return made.promise;
      });
      await settled();
      const options = { forceRefresh: true, signal: AbortSignal.abort(new RangeError("left")) };
      await expect(region.getOrCreate("k", () => "x", options)).rejects.toThrow(RangeError);
      expect(signal?.aborted).toBe(false);
    });

    it("is served on when the renewal fails, which ends no process and nobody's wait", async () => {
      const scene = await open({ refreshAhead: 0.5 });
      const { region, clock } = scene;
      await create(scene);
      await clock.advance(60);
      const fails: Make = async () => {
        throw new RangeError("boom");
      };
      expect(await soon(ask(region, fails))).toBe("old");
      await settled();
      expect(await region.get("k")).toBe("old");
    });

    it("near its end is renewed at random, as the paper has it: creation time × beta × −ln(random) ≥ what is left", async () => {
      let random = 1;
      const scene = await open({ earlyRefresh: 2, random: () => random });
      const { region, clock } = scene;
      await create(scene, 10);
      const { make, calls } = counted();
      await clock.advance(70);
      // 30 ms are left; 10 × 2 × −ln(r) reaches them at r = e^−1.5.
      random = Math.exp(-1.5) + 0.001;
      await soon(ask(region, make));
      expect(calls()).toBe(0);
      random = Math.exp(-1.5) - 0.001;
      await soon(ask(region, make));
      expect(calls()).toBe(1);
    });

    it("is not renewed where that is off, or its life has no end", async () => {
      const forEver = { refreshAhead: 0.1, earlyRefresh: 1, random: () => 0, ttl: Number.POSITIVE_INFINITY };
      for (const options of [{}, forEver]) {
        const scene = await open(options);
        await create(scene, 5);
        await scene.clock.advance(90);
        const { make, calls } = counted();
        expect([await soon(ask(scene.region, make)), calls()]).toEqual(["old", 0]);
      }
    });

    it("keeps the call's own life and tags", async () => {
      const scene = await open({ refreshAhead: 0.5 });
      const { region, clock } = scene;
      const options: CreateOptions = { ttl: 200, tags: ["t"] };
      await ask(region, () => "old", options);
      await region.get("k");
      await clock.advance(110);
      expect(await soon(ask(region, () => "new", options))).toBe("old");
      await settled();
      await clock.advance(190);
      expect(await region.getEntry("k")).toMatchObject({ payload: "new", tags: ["t"], remainingMs: 10 });
    });
  });
});

it("one process in the cluster renews", async () => {
  const scene = await sceneOf("memory, authority", { refreshAhead: 0.5 });
  const other = scene.another();
  await other.get("first");
  await scene.clock.advance(5);
  await scene.region.getOrCreate("k", () => "old");
  await settled();
  for (const region of [scene.region, other]) expect(await region.get("k")).toBe("old");
  await scene.clock.advance(60);
  let calls = 0;
  const made = deferred<string>();
  const make = () => {
    calls += 1;
    return made.promise;
  };
  const ask = (region: Region) => soon(region.getOrCreate("k", make));
  expect([await ask(scene.region), await ask(other), await ask(scene.region)]).toEqual(["old", "old", "old"]);
  made.resolve("new");
  await scene.clock.advance(5);
  expect([calls, await other.get("k"), await scene.region.get("k")]).toEqual([1, "new", "new"]);
});

it("a batch renews all that are due with one call, and each key once", async () => {
  const { region, clock } = await sceneOf("memory", { refreshAhead: 0.5 });
  const asked: (readonly string[])[] = [];
  const make = (keys: readonly string[]) => {
    asked.push(keys);
    return keys.map((key) => `${key} ${asked.length}`);
  };
  await region.getOrCreateMulti(["a", "b"], make);
  await clock.advance(40);
  await region.getOrCreateMulti(["c"], make);
  await clock.advance(20);
  expect([...(await region.getOrCreateMulti(["a", "c", "b", "a"], make)).values()]).toEqual(["a 1", "c 2", "b 1"]);
  await settled();
  expect(asked).toEqual([["a", "b"], ["c"], ["a", "b"]]);
  // Beside what is missing, too.
  await clock.advance(60);
  const all = await region.getOrCreateMulti(["a", "missing"], make);
  await settled();
  expect([[...all.values()], asked.slice(3)]).toEqual([
    ["a 3", "missing 4"],
    [["missing"], ["a"]],
  ]);
});
