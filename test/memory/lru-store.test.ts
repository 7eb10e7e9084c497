import { LruStore } from "@cascata/memory";
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
});
