import {
  type CacheBackend,
  createRegion,
  type Entry,
  NO_VALUE,
  ProxyBackend,
  type Region,
  type RegionOptions,
  stack,
  stackWith,
} from "@cascata/core";
import {
  AsyncMapBackend,
  AuthorityStore,
  deferred,
  FaultyProxy,
  ManualClock,
  MapBackend,
  ReferenceAuthority,
} from "@cascata/testing";
import { describe, expect, test } from "vitest";

const clock = new ManualClock();
const over = (backend: CacheBackend, options: Partial<RegionOptions> = {}) =>
  createRegion({ name: "r", backend, ttl: "1m", clock, ...options });

async function lifeOf(region: Region, key: string): Promise<Pick<Entry, "remainingMs" | "ageMs" | "tags">> {
  const { remainingMs, ageMs, tags } = (await region.getEntry(key)) as Entry;
  return { remainingMs, ageMs, tags };
}

describe("touch starts the entry's life anew", () => {
  test("with the life and the tags that it has", async () => {
    const region = over(new MapBackend({ clock }), { grace: "1h" });
    await region.set("k", 1, { ttl: "10m", grace: "5m", tags: ["t"] });
    await clock.advance(300_000);
    expect(await region.touch("k")).toBe(true);
    expect(await lifeOf(region, "k")).toEqual({ remainingMs: 600_000, ageMs: 0, tags: ["t"] });
    expect(((await region.getEntry("k")) as Entry).metadata.grace).toBe(300_000);
    expect(await region.get("k")).toBe(1);
  });

  test("with another, where one is given", async () => {
    const region = over(new MapBackend({ clock }));
    await region.set("k", 1, { ttl: "10m", tags: ["t"] });
    expect(await region.touch("k", { ttl: "2m", grace: "3m", tags: ["u"] })).toBe(true);
    expect(await lifeOf(region, "k")).toEqual({ remainingMs: 120_000, ageMs: 0, tags: ["u"] });
    expect(((await region.getEntry("k")) as Entry).metadata.grace).toBe(180_000);
  });

  test("in every tier but those left out", async () => {
    const [near, far] = [new MapBackend({ clock, name: "near" }), new MapBackend({ clock, name: "far" })];
    const region = over(stack(near, far));
    await region.set("k", 1);
    await clock.advance(30_000);
    expect(await region.touch("k", { skip: { write: ["near"] } })).toBe(true);
    expect(region.peek("k")).toBe(NO_VALUE);
    expect(await region.touch("k")).toBe(true);
    expect(region.peek("k")).toBe(1);
    expect((await lifeOf(region, "k")).remainingMs).toBe(60_000);
  });

  test("however often: jitter shortens a ttl once", async () => {
    const region = over(new MapBackend({ clock }), { jitter: 0.5, random: () => 1 });
    await region.set("k", 1);
    for (let times = 0; times < 5; times += 1) await region.touch("k");
    expect((await lifeOf(region, "k")).remainingMs).toBe(30_000);
  });

  test("not of what is absent or too old", async () => {
    const region = over(new MapBackend({ clock }), { grace: "1h" });
    await region.set("k", 1);
    await clock.advance(60_001);
    expect([await region.touch("k"), await region.touch("none")]).toEqual([false, false]);
    expect(await region.get("k")).toBe(NO_VALUE);
  });
});

describe("a change between its read and its write wins, in a store that leases nothing", () => {
  /** A region, and a touch of its key that has read and not written yet. */
  async function reading() {
    const far = new AsyncMapBackend({ clock, name: "far" });
    const region = over(far);
    await region.set("k", 1);
    const held = deferred<void>();
    const get = far.get.bind(far);
    far.get = async (...given) => {
      const found = await get(...given);
      await held.promise;
      return found;
    };
    const touched = region.touch("k");
    const finish = () => {
      held.resolve();
      return touched;
    };
    return { region, finish };
  }

  test("a set", async () => {
    const { region, finish } = await reading();
    await region.set("k", 2);
    expect(await finish()).toBe(false);
    expect(await region.get("k")).toBe(2);
  });

  test("a delete", async () => {
    const { region, finish } = await reading();
    await region.delete("k");
    expect(await finish()).toBe(false);
    expect(await region.get("k")).toBe(NO_VALUE);
  });

  test("an invalidation", async () => {
    const { region, finish } = await reading();
    await region.invalidate();
    await finish();
    expect(await region.get("k")).toBe(NO_VALUE);
  });
});

/** It hears nothing of other processes' changes. */
class Deaf extends ProxyBackend {
  override get changes(): undefined {
    return undefined;
  }
}

describe("another process's change wins, where the store leases", () => {
  function two(wrap = (far: CacheBackend) => far) {
    const store = new AuthorityStore({ clock });
    const far = () => new ReferenceAuthority(store, { name: "far" });
    const chain = stackWith({ clock, sender: "one", protection: false }, new MapBackend({ clock }), wrap(far()));
    return { one: over(chain), other: over(far()) };
  }

  test("a delete that this process has not heard of: nothing comes back, and nobody waits for the lease", async () => {
    const { one, other } = two((far) => new Deaf(far));
    await one.set("k", 1);
    await other.delete("k");
    expect(await one.get("k")).toBe(1);
    expect(await one.touch("k")).toBe(false);
    expect(await other.get("k")).toBe(NO_VALUE);
    let made = 0;
    expect(await other.getOrCreate("k", () => (made += 1))).toBe(1);
  });

  test("a set", async () => {
    const { one, other } = two((far) => new Deaf(far));
    await one.set("k", 1);
    await other.set("k", 2);
    expect(await one.get("k")).toBe(1);
    expect(await one.touch("k")).toBe(false);
    expect(await other.get("k")).toBe(2);
  });

  test("and without one it is touched, for both", async () => {
    const { one, other } = two();
    await one.set("k", 1);
    await clock.advance(30_000);
    expect(await one.touch("k")).toBe(true);
    expect([(await lifeOf(one, "k")).ageMs, (await lifeOf(other, "k")).ageMs]).toEqual([0, 0]);
  });
});

test("an authority that can't be asked or written is an error, not a false", async () => {
  for (const broken of ["get", "set"] as const) {
    const far = new FaultyProxy(new ReferenceAuthority(new AuthorityStore({ clock }), { name: "far" }));
    const region = over(stackWith({ clock, protection: false }, new MapBackend({ clock }), far));
    await region.set("k", 1);
    far.fail({ operation: broken });
    await expect(region.touch("k")).rejects.toThrow(/far/);
  }
});

describe("a touch that stores nothing holds nobody up", () => {
  test.each([
    ["its answer was lost", { operation: "get", when: "after" }],
    ["the store has failed", { operation: "set", when: "before" }],
  ] as const)("%s", async (_, rule) => {
    const store = new AuthorityStore({ clock });
    const link = new FaultyProxy(new ReferenceAuthority(store));
    const options = { clock, protection: false } as const;
    const [a, b] = [
      over(stackWith(options, new MapBackend({ clock }), link)),
      over(stackWith(options, new MapBackend({ clock }), new ReferenceAuthority(store))),
    ];
    await clock.advance(10);
    await a.set("k", 1);
    link.fail(rule);
    await expect(a.touch("k")).rejects.toThrow();
    let made: unknown;
    void b
      .getOrCreate("k", () => 2, { forceRefresh: true })
      .then((value) => {
        made = value;
      });
    await clock.advance(500);
    expect(made).toBe(2);
  });
});
