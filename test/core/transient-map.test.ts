import { memoryUsage } from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { TransientMap } from "../../packages/core/src/transient-map.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void;

/** Bytes of the heap after 20 000 values of a kilobyte have passed through, 40 at a time, and only young ones were collected. */
function heldAfterPassing(map: TransientMap<string, unknown>): number {
  for (let id = 0; id < 40; id += 1) map.set(`key:${id}`, 0);
  // What is there now gets into the old generation.
  collect();
  const before = memoryUsage().heapUsed;
  for (let id = 40; id < 20_000; id += 1) {
    map.set(`key:${id}`, new Array(125).fill(id));
    map.delete(`key:${id - 40}`);
    if (id % 500 === 0) collect({ type: "minor" });
  }
  collect({ type: "minor" });
  collect({ type: "minor" });
  return memoryUsage().heapUsed - before;
}

describe("TransientMap", () => {
  it("is a Map", () => {
    const map = new TransientMap<string, number>();
    const model = new Map<string, number>();
    for (let step = 0; step < 5000; step += 1) {
      const key = `key:${(step * 7919) % 97}`;
      if (step % 3 === 0) expect(map.delete(key)).toBe(model.delete(key));
      else {
        map.set(key, step);
        model.set(key, step);
      }
      expect([map.size, map.get(key), map.has(key)]).toEqual([model.size, model.get(key), model.has(key)]);
    }
    expect(map.values().toSorted()).toEqual([...model.values()].toSorted());
    map.clear();
    expect([map.size, map.values(), map.get("key:1")]).toEqual([0, [], undefined]);
  });

  it("lets go of what has passed through it, which a Map does not before a full collection", () => {
    // A Map holds ten times as much in Node 20.
    expect(heldAfterPassing(new TransientMap())).toBeLessThan(3 * 2 ** 20);
  });
});
