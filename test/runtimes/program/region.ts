import assert from "node:assert/strict";
import {
  CacheError,
  createRegion,
  isNoValue,
  NO_VALUE,
  ProtectionProxy,
  type Region,
  stack,
  TimeoutError,
} from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { AsyncMapBackend, deferred, ManualClock } from "@cascata/testing";
import { describe, it } from "./runner.ts";

const hour = 3_600_000;

async function withRegion(body: (region: Region, clock: ManualClock) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const backend = new MemoryBackend({ maxEntries: 100, clock });
  const region = createRegion({ name: "places", backend, clock, ttl: "1h", grace: "1d", softTimeout: 0 });
  try {
    await body(region, clock);
  } finally {
    await region.close();
  }
}

describe("a region over memory", () => {
  it("runs one creator for a thousand callers", () =>
    withRegion(async (region) => {
      const gate = deferred<object>();
      let creators = 0;
      const create = () => {
        creators += 1;
        return gate.promise;
      };
      const calls = Array.from({ length: 1000 }, () => region.getOrCreate("como", create));
      const value = { sunny: true };
      gate.resolve(value);
      const answers = new Set(await Promise.all(calls));
      assert.equal(creators, 1);
      assert.deepEqual([...answers], [value]);
      assert(answers.has(value));
    }));

  it("gives one error to all who joined, and caches none", () =>
    withRegion(async (region) => {
      const gate = deferred<string>();
      const mistake = new RangeError("closed");
      const calls = [1, 2, 3].map(() => region.getOrCreate("k", () => gate.promise));
      gate.reject(mistake);
      const outcomes = await Promise.allSettled(calls);
      assert(outcomes.every((one) => one.status === "rejected" && one.reason === mistake));
      assert(isNoValue(await region.get("k")));
    }));

  it("asks one creator for what a batch lacks, and answers in the caller's order", () =>
    withRegion(async (region) => {
      await region.set("b", 2);
      const asked: string[][] = [];
      const found = await region.getOrCreateMulti(["c", "b", "a", "c"], async (keys) => {
        asked.push([...keys]);
        return keys.map((key) => key.charCodeAt(0));
      });
      assert.deepEqual(asked, [["c", "a"]]);
      assert.deepEqual([...found], [["c", 99], ["b", 2], ["a", 97]]); // biome-ignore format: a table
    }));

  it("keeps every falsy value apart from nothing", () =>
    withRegion(async (region) => {
      const values = [undefined, null, 0, Number.NaN, "", false];
      for (const [index, value] of values.entries()) await region.set(`k${index}`, value);
      const keys = [...values.keys(), values.length].map((index) => `k${index}`);
      assert.deepEqual(await region.getMulti(keys), [...values, NO_VALUE]);
    }));

  it("peeks without a promise", () =>
    withRegion(async (region) => {
      assert(isNoValue(region.peek("k")));
      await region.set("k", "v");
      assert.equal(region.peek("k"), "v");
      await region.delete("k");
      assert(isNoValue(region.peek("k")));
    }));

  it("takes what a tag covers, and nothing else", () =>
    withRegion(async (region) => {
      await region.set("como", 1, { tags: ["italy"] });
      await region.set("lugano", 2, { tags: ["switzerland"] });
      await region.invalidateTags(["italy"]);
      assert.deepEqual(await region.getMulti(["como", "lugano"]), [NO_VALUE, 2]);
    }));

  it("serves what is stale within its grace while it is renewed, and nothing after that", () =>
    withRegion(async (region, clock) => {
      await region.set("k", "old");
      await clock.advance(hour + 1);
      const gate = deferred<string>();
      assert.equal(await region.getOrCreate("k", () => gate.promise), "old");
      gate.resolve("new");
      await clock.advance(0);
      assert.equal(await region.get("k"), "new");
      await clock.advance(26 * hour);
      assert(isNoValue(await region.get("k")));
    }));

  it("tells what it does, and no longer once a listener is off", () =>
    withRegion(async (region) => {
      const told: string[] = [];
      const off = region.on("created", ({ keys }) => told.push(`created ${keys}`));
      region.on("hit", ({ key }) => told.push(`hit ${key}`));
      await region.getOrCreate("k", () => 1);
      await region.getOrCreate("k", () => 2);
      off();
      await region.getOrCreate("l", () => 3);
      assert.deepEqual(told, ["created k", "hit k"]);
    }));

  it("refuses work once it is closed", () =>
    withRegion(async (region) => {
      await region.close();
      const refused = await region.getOrCreate("k", () => 1).catch((error: unknown) => error);
      assert(refused instanceof CacheError, String(refused));
    }));
});

describe("on the runtime's own clock and timers", () => {
  it("a creation that takes too long ends in a TimeoutError", async () => {
    const region = createRegion({ name: "slow", backend: new MemoryBackend({ maxEntries: 9 }), hardTimeout: "20ms" });
    const outcome = await region.getOrCreate("k", () => new Promise(() => undefined)).catch((error: unknown) => error);
    assert(outcome instanceof TimeoutError, String(outcome));
    await region.close();
  });

  it("a tier that never answers costs its deadline", async () => {
    const hung = new (class extends AsyncMapBackend {
      override get(): Promise<never> {
        return new Promise(() => undefined);
      }
    })();
    const region = createRegion({ name: "hung", backend: new ProtectionProxy(hung, { timeout: "20ms" }) });
    const outcome = await region.get("k").catch((error: unknown) => error);
    assert(outcome instanceof CacheError, String(outcome));
    await region.close();
  });

  it("close ends although a creator doesn't", async () => {
    const region = createRegion({ name: "left", backend: new MemoryBackend({ maxEntries: 9 }), closeTimeout: "20ms" });
    void region.getOrCreate("k", () => new Promise(() => undefined)).catch(() => undefined);
    await region.close();
  });

  it("a value is stale when its ttl is over", async () => {
    const region = createRegion({ name: "brief", backend: new MemoryBackend({ maxEntries: 9 }), ttl: "15ms" });
    await region.set("k", 1);
    for (let reads = 0; !isNoValue(await region.get("k")); reads += 1) {
      assert(reads < 2000, "it never became stale");
      // The turn ends: a clock that is read once a turn must be read anew.
      await new Promise((resolve) => void setTimeout(resolve, 1));
    }
    await region.close();
  });

  it("a chain fills the near tier from the far one", async () => {
    const near = new MemoryBackend({ maxEntries: 9, name: "near" });
    const far = new AsyncMapBackend({ name: "far" });
    const region = createRegion({ name: "chain", backend: stack(near, far), ttl: "1h", awaitFill: true });
    assert.equal(await region.getOrCreate("k", async () => "v"), "v");
    near.clear();
    for (const tier of ["far", "near"]) {
      const entry = await region.getEntry("k");
      assert(!isNoValue(entry));
      assert.deepEqual([entry.payload, entry.tier], ["v", tier]);
    }
    await region.close();
  });
});
