import { LruStore, type RemovalCause } from "@cascata/memory";
import { describe, expect, test } from "vitest";
import { checkAgainstModel, type Item } from "./store-model.ts";

describe("LruStore", () => {
  test("agrees with a Map about what it holds, its bounds, lives and causes", () => {
    checkAgainstModel((options) => new LruStore(options));
  });

  test("the least recently used entry gives way", () => {
    const store = new LruStore<Item>({ maxEntries: 2, maxWeight: Number.POSITIVE_INFINITY });
    store.set("a", { id: 1 }, Number.POSITIVE_INFINITY, 1, 0);
    store.set("b", { id: 2 }, Number.POSITIVE_INFINITY, 1, 0);
    store.get("a", 0);
    store.set("c", { id: 3 }, Number.POSITIVE_INFINITY, 1, 0);
    expect(store.peek("a", 0)).toEqual({ id: 1 });
    expect(store.peek("b", 0)).toBeUndefined();
  });

  test("an entry ends after its last instant, whatever number that is", () => {
    const store = new LruStore<Item>({ maxEntries: 2, maxWeight: Number.POSITIVE_INFINITY });
    for (const end of [-1, 0, 1, 2, 1_764_322_000_000]) {
      store.set("a", { id: 1 }, end, 1, end);
      expect(store.get("a", end)).toEqual({ id: 1 });
      expect(store.peek("a", end + 1)).toBeUndefined();
      expect(store.get("a", end + 1)).toBeUndefined();
      expect(store.count).toBe(0);
    }
  });

  test("the same object again is replaced, and counts with its new weight", () => {
    const causes: RemovalCause[] = [];
    const onRemoved = (_key: string, _item: Item, cause: RemovalCause) => void causes.push(cause);
    const store = new LruStore<Item>({ maxEntries: 9, maxWeight: 9, onRemoved });
    const item = { id: 1 };
    store.set("a", item, Number.POSITIVE_INFINITY, 2, 0);
    store.set("a", item, Number.POSITIVE_INFINITY, 5, 0);
    expect(store.weight).toBe(5);
    expect(store.get("a", 0)).toBe(item);
    store.set("a", item, 9, 1, 0);
    store.set("a", item, Number.POSITIVE_INFINITY, 3, 10);
    expect(store.weight).toBe(3);
    expect(causes).toEqual(["replaced", "replaced", "expired"]);
  });

  test("the listener may use the store: it sees what came, and what it does is told in turn", () => {
    const told: [string, RemovalCause][] = [];
    const store = new LruStore<Item>({
      maxEntries: 1,
      maxWeight: Number.POSITIVE_INFINITY,
      onRemoved: (key, _item, cause) => {
        told.push([key, cause]);
        if (key !== "a") return;
        expect(store.peek("b", 0)).toEqual({ id: 2 });
        store.set("c", { id: 3 }, Number.POSITIVE_INFINITY, 1, 0);
      },
    });
    store.set("a", { id: 1 }, Number.POSITIVE_INFINITY, 1, 0);
    store.set("b", { id: 2 }, Number.POSITIVE_INFINITY, 1, 0);
    expect(told).toEqual([
      ["a", "evicted"],
      ["b", "evicted"],
    ]);
    expect(store.peek("c", 0)).toEqual({ id: 3 });
  });
});
