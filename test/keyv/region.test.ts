import { NO_VALUE, Region, stack } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { MemoryBackend } from "@cascata/memory";
import { ManualClock } from "@cascata/testing";
import { Keyv as Keyv5 } from "keyv";
import { describe, expect, test } from "vitest";
import { AsyncTextStore } from "./stores.ts";

/** A process of its own: its memory, and its client of the shared store. */
function processOn(store: AsyncTextStore, clock: ManualClock, near: boolean): Region {
  const shared = new KeyvBackend({ store: new Keyv5({ store }), clock, name: "shared" });
  const backend = near ? stack(new MemoryBackend({ maxEntries: 100, clock }), shared) : shared;
  return new Region({ name: "cities", ttl: "1h", clock }).configure(backend);
}

describe("a region over a Keyv", () => {
  test("memory is filled from the store, with the store asked once for what memory lacks", async () => {
    const clock = new ManualClock();
    const store = new AsyncTextStore();
    const one = processOn(store, clock, true);
    const other = processOn(store, clock, true);
    await one.setMulti(
      new Map([
        ["a", 1],
        ["b", undefined],
      ]),
    );
    expect(await other.getMulti(["a", "b", "c", "a"])).toEqual([1, undefined, NO_VALUE, 1]);
    store.calls.length = 0;
    expect(await other.getMulti(["a", "b"])).toEqual([1, undefined]);
    expect(store.calls).toEqual([]);
  });

  test("one creator a process, whose value the other processes find", async () => {
    const clock = new ManualClock();
    const store = new AsyncTextStore();
    let created = 0;
    const make = (region: Region) => region.getOrCreate("k", () => `made ${++created}`, { awaitFill: true });
    const one = processOn(store, clock, true);
    expect(await Promise.all(Array.from({ length: 10 }, () => make(one)))).toEqual(Array(10).fill("made 1"));
    expect(await make(processOn(store, clock, true))).toBe("made 1");
  });

  test("an invalidation of the region, and of a tag, reaches another process that reads the store", async () => {
    const clock = new ManualClock();
    const store = new AsyncTextStore();
    const one = processOn(store, clock, false);
    await one.set("plain", 1);
    await one.set("tagged", 2, { tags: ["t"] });
    await clock.advance(10);
    await one.invalidateTags(["t"]);
    const other = processOn(store, clock, false);
    expect(await other.get("tagged")).toBe(NO_VALUE);
    expect(await other.get("plain")).toBe(1);
    await one.invalidate({ hard: true });
    expect(await processOn(store, clock, false).get("plain")).toBe(NO_VALUE);
  });
});
