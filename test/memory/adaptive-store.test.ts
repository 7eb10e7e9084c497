import { AdaptiveStore, type RemovalCause } from "@cascata/memory";
import { afterEach, describe, expect, test, vi } from "vitest";
import { checkAgainstModel, type Item } from "./store-model.ts";

const always = Number.POSITIVE_INFINITY;
const day = 86_400_000;

function makeStore(maxEntries: number, seed = 1): AdaptiveStore<Item> {
  return new AdaptiveStore({ maxEntries, maxWeight: always, seed });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("AdaptiveStore", () => {
  test("agrees with a Map about what it holds, its bounds, lives and causes", () => {
    let seed = 0;
    checkAgainstModel((options) => {
      seed += 1;
      return new AdaptiveStore({ ...options, seed });
    });
  });

  test("nothing gives way below the bound", () => {
    const store = makeStore(5000);
    for (let id = 0; id < 5000; id += 1) store.set(`key:${id}`, { id }, always, 1, 0);
    for (let id = 0; id < 5000; id += 1) expect(store.peek(`key:${id}`, 0)?.id).toBe(id);
  });

  test("a cache of one entry holds the newest", () => {
    const store = makeStore(1);
    for (let id = 0; id < 500; id += 1) {
      store.set(`key:${id}`, { id }, always, 1, 0);
      expect(store.get(`key:${id}`, 0)).toEqual({ id });
      expect(store.count).toBe(1);
    }
  });

  test("unbounded in number, bounded by weight, it moves to many tables and loses nothing", () => {
    const store = new AdaptiveStore<Item>({ maxEntries: always, maxWeight: 70_000, seed: 1 });
    for (let id = 0; id < 70_000; id += 1) store.set(`key:${id}`, { id }, always, 1, 0);
    for (let id = 0; id < 70_000; id += 1) expect(store.peek(`key:${id}`, 0)?.id).toBe(id);
    for (let id = 0; id < 70_000; id += 2) store.delete(`key:${id}`);
    expect(store.count).toBe(35_000);
    expect(store.peek("key:1", 0)).toEqual({ id: 1 });
    expect(store.peek("key:2", 0)).toBeUndefined();
  });

  test("a bound of more than 131 072 entries works over many tables from the start", () => {
    const store = makeStore(140_000);
    for (let id = 0; id < 150_000; id += 1) store.set(`key:${id}`, { id }, always, 1, 0);
    expect(store.count).toBe(140_000);
    let there = 0;
    for (let id = 0; id < 150_000; id += 1) if (store.peek(`key:${id}`, 0)?.id === id) there += 1;
    expect(there).toBe(140_000);
  });

  test("takes no memory in advance, and no insert doubles two columns", () => {
    let made: number[] = [];
    for (const name of ["Uint8Array", "Int32Array", "Float64Array"] as const) {
      const construct = (column: object, given: [number]): object => {
        if (given[0] > 200) made.push(given[0]);
        return Reflect.construct(column as typeof Int32Array, given);
      };
      vi.stubGlobal(name, new Proxy(globalThis[name], { construct }));
    }
    const store = new AdaptiveStore<Item>({ maxEntries: 1_000_000, maxWeight: 1_000_000, seed: 1 });
    const atOnce: number[] = [made.length];
    for (let id = 0; id < 40_000; id += 1) {
      made = [];
      store.set(`key:${id}`, { id }, 1e15, 1, 0);
      atOnce.push(made.length);
    }
    expect(Math.max(...atOnce)).toBe(1);
    expect(atOnce.filter((columns) => columns === 1).length).toBeGreaterThan(40);
  });

  test("an expired entry goes before a live one when the hand meets it", () => {
    const causes: [string, RemovalCause][] = [];
    const store = new AdaptiveStore<Item>({
      maxEntries: 4,
      maxWeight: always,
      seed: 1,
      onRemoved: (key, _item, cause) => causes.push([key, cause]),
    });
    store.set("brief", { id: 0 }, 10, 1, 0);
    for (const id of [1, 2, 3]) store.set(`key:${id}`, { id }, always, 1, 0);
    for (const key of ["brief", "key:1", "key:2", "key:3"]) store.get(key, 5);
    store.set("key:4", { id: 4 }, always, 1, 11);
    expect(causes).toEqual([["brief", "expired"]]);
  });

  test.each([
    ["an hour", 3_600_000, 0],
    ["11 days", 11 * day, 0],
    ["60 days", 60 * day, 1024],
    ["10 years", 3653 * day, 1024],
    ["30 years", 10_958 * day, 1024],
  ])("a life of %s ends when it should, whenever it began", (_name, lifeMs, lateMs) => {
    for (const began of [0, 1_800_000_000_000]) {
      const store = makeStore(10);
      store.set("early", { id: 1 }, always, 1, began);
      // The epoch has moved several times when the second one is written, and once a day at most is looked at.
      const second = began + 20 * day;
      store.set("late", { id: 2 }, second + lifeMs, 1, second);
      expect(store.get("late", second + lifeMs)).toEqual({ id: 2 });
      expect(store.get("late", second + lifeMs + lateMs + 1)).toBeUndefined();
      expect(store.get("early", second + lifeMs + 1000 * day)).toEqual({ id: 1 });
    }
  });

  test("what would end in a thousand years stays", () => {
    const store = makeStore(10);
    store.set("a", { id: 1 }, 365_250 * day, 1, 0);
    expect(store.get("a", 365_249 * day)).toEqual({ id: 1 });
  });

  test("many small steps of the clock do not shorten or lengthen a long life", () => {
    const store = makeStore(10);
    const end = 400 * day;
    store.set("a", { id: 1 }, end, 1, 0);
    for (let now = 0; now < end; now += day) expect(store.get("a", now)).toEqual({ id: 1 });
    // Each of the epoch's moves may add a second.
    expect(store.peek("a", end + 70 * 1024)).toBeUndefined();
  });

  test("a listener may use the store", () => {
    const store: AdaptiveStore<Item> = new AdaptiveStore<Item>({
      maxEntries: 3,
      maxWeight: always,
      seed: 1,
      onRemoved: (key, item) => {
        if (item.id < 100) store.set(`again:${key}`, { id: item.id + 100 }, always, 1, 0);
      },
    });
    for (let id = 0; id < 50; id += 1) store.set(`key:${id}`, { id }, always, 1, 0);
    expect(store.count).toBe(3);
  });

  test("the same seed makes the same choices", () => {
    const kept = (seed: number) => {
      const store = makeStore(50, seed);
      for (let id = 0; id < 3000; id += 1) {
        const key = `key:${(id * 7919) % 173}`;
        if (store.get(key, 0) === undefined) store.set(key, { id }, always, 1, 0);
      }
      return Array.from({ length: 173 }, (_, id) => store.peek(`key:${id}`, 0) !== undefined);
    };
    expect(kept(7)).toEqual(kept(7));
  });
});
