import { CachedValue, createRegion, isNoValue, NO_VALUE, PartialFailureError, stack } from "@cascata/core";
import { CountingProxy, deferred, ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Cluster } from "./cluster.ts";

function memoryRegion(options: Partial<Parameters<typeof createRegion>[0]> = {}) {
  const clock = new ManualClock();
  const region = createRegion({ name: "r", backend: new MapBackend({ clock }), clock, ...options });
  return { clock, region };
}

async function twoProcesses() {
  const cluster = new Cluster();
  const { clock, store } = cluster;
  const counted = [new CountingProxy(cluster.client()), new CountingProxy(cluster.client())] as const;
  const [a, b] = [cluster.open({ far: counted[0] }), cluster.open({ far: counted[1] })];
  await cluster.connected();
  return { clock, store, counted, a, b };
}

describe("a region over memory", () => {
  it("sets, gets, deletes", async () => {
    const { region } = memoryRegion();
    expect(await region.get("k")).toBe(NO_VALUE);
    expect((await region.set("k", 1)).confirmed).toBe(true);
    expect(await region.get("k")).toBe(1);
    expect(region.peek("k")).toBe(1);
    await region.delete("k");
    expect(await region.get("k")).toBe(NO_VALUE);
  });

  it("tells of each hit, also of one in a batch", async () => {
    const { region } = memoryRegion();
    const hits: string[] = [];
    region.on("hit", ({ key }) => hits.push(key));
    await region.setMulti(
      new Map([
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ]),
    );
    await region.get("a");
    region.peek("a");
    await region.getOrCreate("a", () => 0);
    expect(hits).toEqual(["a", "a", "a"]);
    await region.getMulti(["a", "b"]);
    await region.getOrCreateMulti(["b", "c"], () => [0, 0]);
    await region.getOrCreateMulti(["missing", "c"], () => [0]);
    expect(hits.slice(3)).toEqual(["a", "b", "b", "c", "c"]);
  });

  it("shares one creation among all who ask", async () => {
    const { region } = memoryRegion();
    const made = deferred<number>();
    let calls = 0;
    const all = Array.from({ length: 1000 }, () =>
      region.getOrCreate("k", () => {
        calls += 1;
        return made.promise;
      }),
    );
    made.resolve(7);
    expect(new Set(await Promise.all(all))).toEqual(new Set([7]));
    expect(calls).toBe(1);
  });

  it("shares one error among all who ask, and caches none", async () => {
    const { region } = memoryRegion();
    const boom = new Error("boom");
    const made = deferred<number>();
    const all = Array.from({ length: 10 }, () => region.getOrCreate("k", () => made.promise));
    made.reject(boom);
    for (const one of await Promise.allSettled(all)) expect(one).toEqual({ status: "rejected", reason: boom });
    expect(await region.getOrCreate("k", () => 2)).toBe(2);
  });

  it("keeps a value exactly as long as its ttl", async () => {
    const { region, clock } = memoryRegion({ ttl: 100 });
    await region.set("k", 1);
    await clock.advance(100);
    expect(await region.get("k")).toBe(1);
    await clock.advance(1);
    expect(await region.get("k")).toBe(NO_VALUE);
  });

  it("does not store what was deleted while it was created", async () => {
    const { region } = memoryRegion();
    const made = deferred<string>();
    const first = region.getOrCreate("k", () => made.promise);
    await region.delete("k");
    const second = region.getOrCreate("k", () => "new");
    made.resolve("old");
    expect(await first).toBe("old");
    expect(await second).toBe("new");
    expect(await region.get("k")).toBe("new");
  });

  it("covers by an invalidation what was stored an instant before", async () => {
    const { region } = memoryRegion();
    await region.set("k", 1);
    await region.invalidate();
    expect(await region.get("k")).toBe(NO_VALUE);
    await region.set("k", 2);
    expect(await region.get("k")).toBe(2);
    await region.set("t", 1, { tags: ["x"] });
    await region.invalidateTags(["x"]);
    expect(await region.get("t")).toBe(NO_VALUE);
    expect(await region.get("k")).toBe(2);
  });

  it("serves the stale value within the grace while one caller renews", async () => {
    const { region, clock } = memoryRegion({ ttl: 100, grace: 1000 });
    await region.set("k", "old");
    await clock.advance(200);
    const made = deferred<string>();
    const leader = region.getOrCreate("k", () => made.promise);
    expect(await region.getOrCreate("k", () => "other")).toBe("old");
    made.resolve("new");
    expect(await leader).toBe("new");
  });

  it("serves the stale value when the creator fails, and tries again only after a while", async () => {
    const { region, clock } = memoryRegion({ ttl: 100, grace: 100_000, retryAfter: 1000 });
    await region.set("k", "old");
    await clock.advance(200);
    let calls = 0;
    const failing = () => {
      calls += 1;
      throw new Error("down");
    };
    expect(await region.getOrCreate("k", failing)).toBe("old");
    expect(await region.getOrCreate("k", failing)).toBe("old");
    expect(calls).toBe(1);
    await clock.advance(1001);
    expect(await region.getOrCreate("k", failing)).toBe("old");
    expect(calls).toBe(2);
  });

  it("creates a batch with one call, in the caller's order", async () => {
    const { region } = memoryRegion();
    await region.set("b", "B");
    const asked: (readonly string[])[] = [];
    const result = await region.getOrCreateMulti(["c", "b", "a", "c"], (keys) => {
      asked.push(keys);
      return keys.map((key) => key.toUpperCase());
    });
    expect([...result]).toEqual([
      ["c", "C"],
      ["b", "B"],
      ["a", "A"],
    ]);
    expect(asked).toEqual([["c", "a"]]);
  });

  it("fails only the key that failed", async () => {
    const { region } = memoryRegion();
    const bad = new Error("bad");
    const failed = await region
      .getOrCreateMulti(["a", "b"], (keys, context) => keys.map((key) => (key === "b" ? context.failed(bad) : key)))
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(PartialFailureError);
    expect([...(failed as PartialFailureError).results]).toEqual([["a", "a"]]);
    expect([...(failed as PartialFailureError).errors]).toEqual([["b", bad]]);
  });

  it("refuses a creator that asks for its own key", async () => {
    const { region } = memoryRegion();
    await expect(
      region.getOrCreate("k", async () => {
        await Promise.resolve();
        return region.getOrCreate("k", () => 1);
      }),
    ).rejects.toThrow(/own key/);
  });
});

describe("two processes over one authority", () => {
  it("creates once in the cluster", async () => {
    const { a, b, clock } = await twoProcesses();
    const made = deferred<number>();
    let calls = 0;
    const create = () => {
      calls += 1;
      return made.promise;
    };
    const first = a.getOrCreate("k", create);
    const second = b.getOrCreate("k", create);
    await clock.advance(50);
    made.resolve(5);
    await clock.advance(500);
    expect([await first, await second, calls]).toEqual([5, 5, 1]);
  });

  it("hears of a delete", async () => {
    const { a, b, clock } = await twoProcesses();
    await a.set("k", 1);
    expect(await b.get("k")).toBe(1);
    expect(b.peek("k")).toBe(1);
    await a.delete("k");
    await clock.advance(5);
    expect(b.peek("k")).toBe(NO_VALUE);
    expect(await b.get("k")).toBe(NO_VALUE);
  });

  it("hears of marks, for values whose creation began before", async () => {
    const { a, b, clock } = await twoProcesses();
    await a.set("k", 1, { tags: ["t"] });
    expect(await b.get("k")).toBe(1);
    await a.invalidateTags(["t"]);
    await clock.advance(5);
    expect(await b.get("k")).toBe(NO_VALUE);
    await b.set("k", 2, { tags: ["t"] });
    expect(await a.get("k")).toBe(2);
    await b.invalidate();
    await clock.advance(5);
    expect(await a.get("k")).toBe(NO_VALUE);
  });

  it("answers a near hit without asking the authority", async () => {
    const { a, counted } = await twoProcesses();
    await a.getOrCreate("k", () => 1);
    const before = counted[0]?.count("get").calls;
    expect(await a.getOrCreate("k", () => 2)).toBe(1);
    expect(await a.get("k")).toBe(1);
    expect(counted[0]?.count("get").calls).toBe(before);
  });

  it("needs two round trips for a cold miss", async () => {
    const { a, counted, clock } = await twoProcesses();
    await a.getOrCreate("k", () => 1, { awaitFill: true });
    await clock.advance(1);
    expect([counted[0]?.count("get").calls, counted[0]?.count("set").calls]).toEqual([1, 1]);
  });
});

it("is explained in words", async () => {
  const { a } = await twoProcesses();
  const text = await a.explain("k");
  expect(text).toContain('region "r"');
  expect(isNoValue(await a.get("k"))).toBe(true);
  expect(stack(new MapBackend()).get("k")).toBe(NO_VALUE);
  expect(new CachedValue(1, { createdAt: 0, startedAt: 0, formatVersion: 1 }).payload).toBe(1);
});
