import { CachedValue } from "@cascata/core";
import { estimateBytes } from "@cascata/memory";
import { describe, expect, test } from "vitest";

const empty = weightOf(0);

function weightOf(payload: unknown, key = "", tags?: readonly string[]): number {
  return estimateBytes(
    key,
    new CachedValue(payload, { createdAt: 0, startedAt: 0, formatVersion: 1, ...(tags && { tags }) }),
  );
}

describe("the estimate", () => {
  test.each([
    ["a text", "x".repeat(10_000), 10_000],
    ["a text of wide characters", "ж".repeat(10_000), 20_000],
    ["bytes", new Uint8Array(10_000), 10_000],
    ["a buffer", new ArrayBuffer(10_000), 10_000],
    ["a view of wider items", new Float64Array(1250), 10_000],
    ["a list of texts", Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(100)), 12_000],
    ["a long list of texts", Array.from({ length: 10_000 }, (_, i) => `${i}`.padEnd(100)), 1_280_000],
    ["a Map", new Map(Array.from({ length: 1000 }, (_, i) => [i, "y".repeat(100)])), 170_000],
    ["a Set", new Set(Array.from({ length: 1000 }, (_, i) => `${i}`.padEnd(100))), 150_000],
    ["nested records", { a: { b: { c: { d: "x".repeat(5000) } } } }, 5000],
  ])("of %s grows with it", (_, payload, bytes) => {
    expect(weightOf(payload) - empty).toBeGreaterThan(bytes * 0.9);
    expect(weightOf(payload) - empty).toBeLessThan(bytes * 1.1 + 200);
  });

  test("counts key and tags", () => {
    expect(weightOf(0, "k".repeat(1000)) - empty).toBe(1000);
    expect(weightOf(0, "", ["t".repeat(1000)]) - empty).toBeGreaterThan(1000);
  });

  test("ends for a cycle and for depth", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle, cycle);
    let deep: unknown = "end";
    for (let i = 0; i < 100_000; i++) deep = { deep };
    expect(Number.isFinite(weightOf(cycle))).toBe(true);
    expect(Number.isFinite(weightOf(deep))).toBe(true);
  });

  test.each([undefined, null, 0, 1.5, true, "", 10n, Symbol("s"), () => 1])(
    "is a positive number for %o",
    (payload) => {
      expect(weightOf(payload)).toBeGreaterThan(0);
    },
  );
});
