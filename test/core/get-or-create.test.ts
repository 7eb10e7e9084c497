import { isNoValue, NO_VALUE } from "@cascata/core";
import { deferred } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { depths, type Scene, sceneOf, soon } from "./policy-scene.ts";

/** What reached the authority to be read, and nothing else that was read. */
const readsOf = ({ asked }: Scene): readonly string[] => asked.filter((operation) => operation.startsWith("get"));

describe("getOrCreateEntry", () => {
  it.each(depths)("tells what it has made: %s", async (depth) => {
    const scene = await sceneOf(depth);
    const { region, clock } = scene;
    const made = await region.getOrCreateEntry("k", () => "made", { tags: ["t"] });
    expect(made).toMatchObject({ payload: "made", tier: undefined, created: true, stale: false, remainingMs: 100 });
    expect(isNoValue(made) ? [] : made.tags).toEqual(["t"]);
    await clock.advance(30);
    const found = await region.getOrCreateEntry("k", () => "again");
    expect(found).toMatchObject({ payload: "made", tier: "memory", created: false, ageMs: 30, remainingMs: 70 });
  });

  it("reads the farther tiers once, on a miss as on a hit, and says where it has found it", async () => {
    const scene = await sceneOf("memory, disk, authority");
    const { region, asked, another } = scene;
    asked.length = 0;
    await region.getOrCreateEntry("missing", () => 1);
    expect(readsOf(scene)).toEqual(["get"]);
    await another().set("far", "far");
    asked.length = 0;
    const options = { skip: { read: ["memory"] } };
    expect(await region.getOrCreateEntry("far", () => 1)).toMatchObject({ payload: "far", tier: "reference" });
    expect(readsOf(scene)).toEqual(["get"]);
    expect(await region.getOrCreateEntry("far", () => 1)).toMatchObject({ payload: "far", tier: "memory" });
    expect(await region.getOrCreateEntry("far", () => 1, options)).toMatchObject({ payload: "far", tier: "disk" });
  });

  it("asks an authority that fails once", async () => {
    const scene = await sceneOf("memory, authority");
    scene.store.stop();
    scene.asked.length = 0;
    expect(await scene.region.getOrCreateEntry("k", () => "made")).toMatchObject({ payload: "made", created: true });
    expect(readsOf(scene)).toEqual(["get"]);
  });

  it("shares the creation that is under way", async () => {
    const { region } = await sceneOf("memory, authority");
    const made = deferred<string>();
    const first = region.getOrCreate("k", () => made.promise);
    const second = region.getOrCreateEntry("k", () => "never called");
    await soon(second);
    made.resolve("made");
    expect([await first, await second]).toMatchObject(["made", { payload: "made", created: true }]);
  });

  it("tells that what it gives is stale, or a last resort", async () => {
    const { region, clock } = await sceneOf("memory, authority", { grace: "1h" });
    await region.set("k", "old");
    await clock.advance(150);
    const fails = () => {
      throw new RangeError("boom");
    };
    expect(await region.getOrCreateEntry("k", fails)).toMatchObject({ payload: "old", stale: true, tier: "memory" });
    const instead = await region.getOrCreateEntry("other", fails, { fallback: () => "instead" });
    expect(instead).toMatchObject({ payload: "instead", tier: undefined, created: false });
    expect(await region.getOrCreateEntry("none", () => NO_VALUE)).toBe(NO_VALUE);
    expect(await region.getOrCreateEntry("k", () => "new", { forceRefresh: true })).toMatchObject({ payload: "new" });
  });

  it("finds by the call's own ttl", async () => {
    const { region, clock } = await sceneOf("memory");
    await region.set("k", 1);
    await clock.advance(20);
    expect(await region.getOrCreateEntry("k", () => 2, { expirationTime: 20 })).toMatchObject({ payload: 1 });
    expect(await region.getOrCreateEntry("k", () => 2, { expirationTime: 19 })).toMatchObject({ payload: 2 });
  });
});
