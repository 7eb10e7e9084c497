import { type BatchContext, createRegion, stackWith } from "@cascata/core";
import { deferred, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { scaled } from "../support/scale.ts";

const keyCount = scaled(20_000, 200_000);
const keys = Array.from({ length: keyCount }, (_, index) => `key:${index}`);

describe("very many keys in flight", () => {
  it("are created once each, joined, broken by a change alone, and leave nothing behind", async () => {
    const near = new MapBackend({ name: "near" });
    const far = new MapBackend({ name: "far" });
    const region = createRegion<number>({ name: "r", backend: stackWith({ protection: false }, near, far), ttl: "1h" });
    const made = deferred<number[]>();
    let created = 0;
    const create = (wanted: readonly string[], _context: BatchContext<number>): Promise<number[]> => {
      created += wanted.length;
      return made.promise;
    };
    const first = region.getOrCreateMulti(keys, create);
    const joined = region.getOrCreateMulti(keys, create);
    expect(await region.keyIsLocked("key:7")).toBe(true);
    // One key changes while all are under way: its creation is stored nowhere, the others are.
    await region.set("key:7", -7);
    made.resolve(keys.map((_, index) => index));
    const [values, others] = await Promise.all([first, joined]);
    expect(created).toBe(keyCount);
    expect(values.size).toBe(keyCount);
    expect(others.get(`key:${keyCount - 1}`)).toBe(keyCount - 1);
    expect(region.peek("key:7")).toBe(-7);
    expect(region.peek("key:8")).toBe(8);
    expect(await region.keyIsLocked("key:8")).toBe(false);
    await region.close();
  }, 120_000);
});
