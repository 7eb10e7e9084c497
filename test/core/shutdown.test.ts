import { createRegion, type Region, type RegionOptions, stackWith } from "@cascata/core";
import { AuthorityStore, deferred, ManualClock, MapBackend, ReferenceAuthority, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { soon } from "./policy-scene.ts";

function scene(options: Partial<RegionOptions> = {}) {
  const clock = new ManualClock();
  const store = new AuthorityStore({ clock });
  const far = new ReferenceAuthority(store);
  const near = new MapBackend({ clock, name: "memory" });
  const warnings: string[] = [];
  const logger = { warn: (message: string) => void warnings.push(message) };
  const open = (): Region =>
    createRegion({ name: "r", clock, logger, backend: stackWith({ clock }, near, far), ttl: 100, ...options });
  return { clock, store, near, warnings, open, region: open() };
}

describe("close", () => {
  it("waits for background work, and no longer than its bound", async () => {
    const { region, clock } = scene({ closeTimeout: 300 });
    const [quick, endless] = [deferred<string>(), deferred<string>()];
    const first = region.getOrCreate("quick", () => quick.promise);
    const second = region.getOrCreate("endless", () => endless.promise);
    await soon(second);
    const closing = region.close();
    clock.schedule(() => quick.resolve("made"), 100);
    await clock.advance(299);
    expect([await first, await soon(closing)]).toEqual(["made", "pending"]);
    await clock.advance(1);
    expect(await closing).toEqual({ unconfirmedKeys: [], unconfirmedMarks: [], unfinished: 1 });
    // Its callers get what it makes; nobody stores it.
    endless.resolve("late");
    expect(await second).toBe("late");
  });

  it("is over as soon as nothing is left", async () => {
    const { region, clock } = scene();
    const made = deferred<string>();
    const asked = region.getOrCreate("k", () => made.promise);
    await soon(asked);
    const closing = region.close();
    made.resolve("made");
    expect(await soon(closing.then(() => "closed"))).toBe("closed");
    expect(await asked).toBe("made");
    await clock.advance(1);
  });

  it("leaves no timer and no listener", async () => {
    const { region, clock, store } = scene();
    const heard: string[] = [];
    region.on("created", () => void heard.push("created"));
    region.on("coherence", () => void heard.push("coherence"));
    await region.getOrCreate("k", () => 1);
    store.stop();
    await region.delete("k");
    await region.invalidate();
    heard.length = 0;
    const closing = region.close();
    await clock.advance(5000);
    expect(await closing).toEqual({ unconfirmedKeys: ["k"], unconfirmedMarks: [""], unfinished: 0 });
    store.start();
    await clock.advance(10_000);
    expect([clock.pending, heard]).toEqual([0, []]);
  });

  it("may be called twice, also at once, and is what await using does", async () => {
    const { region, open } = scene();
    await region.set("k", 1);
    const nothing = { unconfirmedKeys: [], unconfirmedMarks: [], unfinished: 0 };
    expect(await Promise.all([region.close(), region.close(), region.close()])).toEqual([nothing, nothing, nothing]);
    const again = open();
    {
      await using used = again;
      await used.get("k");
    }
    await expect(again.get("k")).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("waitUntil", () => {
  it("is given each piece of background work until it is over", async () => {
    const works: Promise<unknown>[] = [];
    const { region, clock, store } = scene({ grace: "1h", softTimeout: 0, waitUntil: (work) => void works.push(work) });
    await region.getOrCreate("k", () => "old");
    await clock.advance(150);
    works.length = 0;
    const made = deferred<string>();
    expect(await region.getOrCreate("k", () => made.promise)).toBe("old");
    expect(works).toHaveLength(1);
    const over = Promise.all(works).then(() => "over");
    expect(await soon(over)).toBe("pending");
    made.resolve("new");
    expect(await soon(over)).toBe("over");
    // When it is over it is stored, near and far.
    expect(await region.get("k", { skip: { read: ["memory"] } })).toBe("new");

    works.length = 0;
    store.stop();
    await region.delete("k");
    await region.invalidate();
    const unconfirmed = Promise.all(works).then(() => "over");
    expect([works.length, await soon(unconfirmed)]).toEqual([2, "pending"]);
    store.start();
    await clock.advance(2000);
    expect(await soon(unconfirmed)).toBe("over");
  });

  it("is given what is renewed ahead of its end, alone and in a batch", async () => {
    const works: Promise<unknown>[] = [];
    const { region, clock } = scene({ refreshAhead: 0.5, waitUntil: (work) => void works.push(work) });
    await region.getOrCreateMulti(["a", "b"], (keys) => keys);
    await region.getMulti(["a", "b"]);
    await clock.advance(60);
    works.length = 0;
    expect(await region.getOrCreate("a", () => "new")).toBe("a");
    expect(works).toHaveLength(1);
    expect([...(await region.getOrCreateMulti(["b"], () => ["new"])).values()]).toEqual(["b"]);
    expect(works.length).toBeGreaterThanOrEqual(2);
    await Promise.all(works);
    expect(await region.getMulti(["a", "b"])).toEqual(["new", "new"]);
  });

  it("is given work that doesn't reject, whatever became of it", async () => {
    const works: Promise<unknown>[] = [];
    const { region } = scene({ waitUntil: (work) => void works.push(work) });
    await expect(
      region.getOrCreate("k", async () => {
        throw new RangeError("boom");
      }),
    ).rejects.toThrow("boom");
    await Promise.all(works);
    expect(works.length).toBeGreaterThan(0);
  });

  it("that throws harms nobody", async () => {
    const { region, warnings } = scene({
      waitUntil: () => {
        throw new Error("the response has been sent");
      },
    });
    expect(await region.getOrCreate("k", async () => "made")).toBe("made");
    await settled();
    expect(await region.get("k")).toBe("made");
    expect(warnings).toContain("waitUntil failed");
  });

  it("that is no function is refused", () => {
    expect(() => scene({ waitUntil: "later" as never })).toThrow("region.waitUntil: expected a function");
  });
});

describe("health", () => {
  it("says of each tier, nearest first, how it is, since when and why", async () => {
    const { region, clock, store } = scene();
    await region.get("first");
    expect([...region.health()]).toEqual([
      ["memory", { state: "up", since: 0 }],
      ["reference", { state: "up", since: 0 }],
    ]);
    await clock.advance(1000);
    store.stop("for a test");
    const since = clock.now();
    await region.get("x").catch(() => undefined);
    expect(region.health().get("reference")).toEqual({
      state: "degraded",
      since,
      why: expect.stringContaining("for a test"),
    });
    expect(region.health().get("memory")).toEqual({ state: "up", since: 0 });
    for (let count = 0; count < 30; count += 1) await region.get("x").catch(() => undefined);
    expect(region.health().get("reference")).toEqual({
      state: "down",
      since,
      why: expect.stringContaining("for a test"),
    });
    store.start();
    await clock.advance(2000);
    await region.get("x");
    expect(region.health().get("reference")?.state).toBe("up");
  });
});
