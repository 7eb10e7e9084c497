import { applyProxy, ConfigurationError, createRegion, stackWith } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { memoryBus, publish } from "@cascata/proxies";
import { AuthorityStore, deferred, MapBackend, ReferenceAuthority, settled } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { Published, unknown } from "./published.ts";
import { entryOf } from "./support.ts";

const writes = (operation: string) => operation !== "get" && operation !== "getMulti";
const reads = (operation: string) => !writes(operation);

describe("a change", () => {
  test("is announced before the store is asked, and told after it has answered", async () => {
    const world = new Published();
    const one = await world.start();
    const go = one.view.hold(writes);
    const deleted = one.backend.delete("a", { sender: "me" });
    await settled();
    expect(world.notices()).toEqual([{ keys: ["a"], sender: "me", ms: 2000 }]);
    go();
    await deleted;
    expect(world.notices()[1]).toEqual({ keys: ["a"], sender: "me", of: 1 });
  });

  test("of many keys is one notice, and no value travels", async () => {
    const world = new Published();
    const one = await world.start();
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
    await one.backend.setMulti(new Map(keys.map((key) => [key, entryOf("the secret")])));
    expect(world.notices().map(({ keys }) => keys)).toEqual([keys, keys]);
    expect(world.bus.said.join()).not.toContain("secret");
  });

  test("reaches other near tiers, and not the one of the chain that made it", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.region.set("a", "old");
    expect(await two.region.get("a")).toBe("old");
    await one.region.set("a", "new");
    await settled();
    one.view.calls.length = 0;
    expect([await one.region.get("a"), await two.region.get("a")]).toEqual(["new", "new"]);
    expect(one.view.calls.filter((call) => call.includes("r:a"))).toEqual([]);
  });

  test("reaches another chain of the same process in the same turn", async () => {
    const world = new Published();
    const one = await world.start();
    one.port.cut();
    const { clock } = world;
    const backend = stackWith({ clock, protection: false }, new MemoryBackend({ maxEntries: 9, clock }), one.backend);
    const beside = createRegion({ name: "r", backend, ttl: "1h", clock });
    await one.region.set("a", "old");
    await beside.get("a");
    await one.region.delete("a");
    expect(beside.peek("a")).toEqual(await beside.get("a"));
    expect(await beside.has("a")).toBe(false);
    await beside.close();
  });

  test("that is under way is neither read near nor filled in, by anybody who has heard of it", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.region.set("a", "old");
    await two.region.get("a");
    const go = one.view.hold(writes);
    const deleted = one.region.delete("a");
    await settled();
    two.view.calls.length = 0;
    await two.region.get("a");
    await two.region.get("a");
    expect(two.view.calls.filter((call) => call === "get r:a")).toHaveLength(2);
    go();
    await deleted;
    await settled();
    expect(await two.region.has("a")).toBe(false);
  });

  test("breaks what began while it was under way: nobody joins it afterwards, and it is not stored", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    const go = one.view.hold(writes);
    const deleted = one.region.delete("a");
    await settled();
    const made = deferred<string>();
    const first = two.region.getOrCreate("a", () => made.promise);
    await settled();
    go();
    await deleted;
    await settled();
    const second = two.region.getOrCreate("a", () => "after");
    await settled();
    made.resolve("before");
    expect([await first, await second]).toEqual(["before", "after"]);
    await settled();
    expect([await two.region.get("a"), await one.region.get("a")]).toEqual(["after", "after"]);
  });

  test("that is announced and never told counts as made when its time is over", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.region.set("a", "old");
    await two.region.get("a");
    one.port.losesSent = (text) => text.includes('"of"') || text.includes('"bye"');
    const go = two.view.hold(reads);
    const reading = two.region.get("b");
    await one.region.delete("a");
    // The process is gone: what it would have said is not said.
    one.port.cut();
    go();
    await reading;
    const made = deferred<string>();
    const creating = two.region.getOrCreate("a", () => made.promise);
    // The region gives its writes 250 ms.
    await world.clock.advance(1249);
    expect(two.heard.notices.at(-1)?.settled).toBeDefined();
    await world.clock.advance(2);
    expect(two.heard.notices.at(-1)?.settled).toBeUndefined();
    made.resolve("early");
    await creating;
    await settled();
    expect(await two.region.has("a")).toBe(false);
  });

  test("whose outcome is unknown is not told as over: its announcement runs out", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    one.view.outcome = unknown;
    await one.backend.delete("a");
    await settled();
    expect(two.heard.events).toEqual(["uncertain started", "changed a"]);
    expect(two.heard.notices[0]?.settled).toBeDefined();
    await world.clock.advance(2001);
    expect(two.heard.notices[0]?.settled).toBeUndefined();
  });

  test("that the store failed is told at once: it may have happened", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    one.view.outcome = { status: "failed", error: new Error("down") };
    await one.backend.delete("a");
    await settled();
    expect(two.heard.notices[0]?.settled).toBeUndefined();
  });

  test("with a deadline is announced for as long as it may take", async () => {
    const world = new Published();
    const one = await world.start();
    await one.backend.delete("a", { deadline: world.clock.now() + 250 });
    expect(world.notices()[0]).toMatchObject({ ms: 1250 });
  });

  test("a fill is told when it is stored, and not announced; a refused one is not told", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.backend.set("a", entryOf(1), { fill: true, sender: "me" });
    expect(world.notices()).toEqual([{ keys: ["a"], filled: ["a"], sender: "me" }]);
    await settled();
    expect(two.heard.events).toEqual(["uncertain started", "changed a", "filled a"]);
  });

  test("two processes that create one key at once end with one value", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    const [first, second] = [deferred<string>(), deferred<string>()];
    const created = [
      one.region.getOrCreate("a", () => first.promise),
      two.region.getOrCreate("a", () => second.promise),
    ];
    await settled();
    first.resolve("one's");
    second.resolve("two's");
    await Promise.all(created);
    await world.clock.advance(10);
    const [ones, twos] = [await one.region.get("a"), await two.region.get("a")];
    expect(ones).toBe(twos);
  });
});

describe("an invalidation", () => {
  test("reaches other processes, and is in the store for those who come later", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.region.set("a", 1, { tags: ["t"] });
    await one.region.set("b", 1);
    expect(await two.region.getMulti(["a", "b"])).toEqual([1, 1]);
    await world.clock.advance(5);
    await one.region.invalidateTags(["t"], { hard: true });
    await settled();
    expect([await two.region.has("a"), await two.region.has("b")]).toEqual([false, true]);
    const three = await world.start();
    expect([await three.region.has("a"), await three.region.has("b")]).toEqual([false, true]);
    await one.region.invalidate({ hard: true });
    await settled();
    expect(await two.region.has("b")).toBe(false);
  });

  test("that is announced and never told counts as made when its time is over", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.region.set("a", 1, { tags: ["t"] });
    await two.region.get("a");
    await world.clock.advance(5);
    one.port.losesSent = (text) => text.includes('"of"');
    await one.region.invalidateTags(["t"], { hard: true });
    one.port.cut();
    expect(await two.region.has("a")).toBe(true);
    await world.clock.advance(2000);
    expect(two.heard.events.at(-1)).toBe("marked r:t");
    expect(await two.region.has("a")).toBe(false);
  });

  test("of a store that keeps marks itself is kept there, and told", async () => {
    const world = new Published((clock) => new ReferenceAuthority(new AuthorityStore({ clock })));
    const [one, two] = [await world.start(), await world.start()];
    const marks = await one.backend.marks?.put(["t"], "hard", 5);
    await settled();
    expect(two.heard.marks).toEqual(marks);
    expect(two.feed.position).toEqual(marks?.[0]?.order);
    expect(await world.store.marks?.lookup(["t"])).toEqual([marks]);
  });

  test("fails where the store can't keep it, or keeps something else there", async () => {
    const world = new Published();
    const one = await world.start();
    await world.store.set("cascata.mark:hard:t", entryOf("something else"));
    await expect(one.backend.marks?.lookup(["t"])).rejects.toThrow("something else stands in the place of a mark");
  });
});

describe("what is told of a whole store", () => {
  test("clear: everybody confirms what they hold", async () => {
    const world = new Published((clock) => new ReferenceAuthority(new AuthorityStore({ clock })));
    const [one, two] = [await world.start(), await world.start()];
    await one.backend.clear?.();
    await settled();
    expect(two.heard.uncertainties).toEqual(["started", "anything may have changed"]);
  });

  test("a new epoch: the store was emptied or replaced", async () => {
    const store = deferred<AuthorityStore>();
    const world = new Published((clock) => {
      const made = new AuthorityStore({ clock });
      store.resolve(made);
      return new ReferenceAuthority(made);
    });
    const [one, two] = [await world.start(), await world.start()];
    await one.backend.delete("a");
    (await store.promise).restartEmpty();
    await one.backend.delete("a");
    await settled();
    expect(two.heard.uncertainties).toEqual(["started", "the store is another one"]);
    expect(two.feed.position).toEqual(one.feed.position);
  });
});

describe("publish", () => {
  const bus = memoryBus();

  test.each([
    [{}, "publish.bus"],
    [{ bus: {} }, "publish.bus"],
    [{ bus: "memory" }, "publish.bus"],
    [{ bus, heartbeat: 0 }, "publish.heartbeat"],
    [{ bus, heartbeat: Number.POSITIVE_INFINITY }, "publish.heartbeat"],
    [{ bus, deadline: "soon" }, "publish.deadline"],
    [{ bus, hartbeat: "1s" }, 'did you mean "heartbeat"?'],
  ])("refuses %j", (options, says) => {
    expect(() => publish(options as never)).toThrow(ConfigurationError);
    expect(() => publish(options as never)).toThrow(says);
  });

  test("refuses to stand around near tiers, which would not be told", () => {
    const chain = stackWith({ protection: false }, new MapBackend(), new MapBackend());
    const wrap = () => applyProxy(publish({ bus }), chain, "wrap[0]");
    expect(wrap).toThrow("a backend without near tiers");
    expect(() => createRegion({ name: "r", backend: chain, wrap: [publish({ bus })] })).toThrow(ConfigurationError);
  });

  test("is not atomic, and says so", async () => {
    const world = new Published();
    const one = await world.start();
    expect([one.feed.atomic, one.feed.silenceMs]).toEqual([false, 3000]);
    const text = await one.region.explain();
    expect(text).toContain("yes bounded staleness of near tiers: changes are heard, announced before they are made");
    expect(text).toContain("no  no stale fill in the authority");
  });
});

test("a lease that is given back is told, with the failure of its creation", async () => {
  const world = new Published((clock) => new ReferenceAuthority(new AuthorityStore({ clock })));
  const [one, two] = [await world.start(), await world.start()];
  await one.backend.get("a", { lease: { token: "t", ms: 1000, answer: () => undefined } });
  const failure = { token: "t", name: "Error", message: "no", code: 7, startedOrder: { epoch: "e", seq: 1 } };
  await one.backend.leases?.release(["a"], "t", failure);
  await settled();
  expect([two.heard.filledKeys, two.heard.failures.get("a")]).toEqual([["a"], failure]);
});
