import { ConfigurationError } from "@cascata/core";
import { MemoryBackend, type MemoryBackendOptions, MemoryBudget, type MemoryBudgetOptions } from "@cascata/memory";
import { describe, expect, expectTypeOf, test } from "vitest";

function mistakesOf(options: unknown): string[] {
  try {
    new MemoryBackend(options as MemoryBackendOptions);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe("an unbounded tier", () => {
  test("does not compile", () => {
    expectTypeOf<object>().not.toExtend<MemoryBackendOptions>();
    expectTypeOf<{ name: string }>().not.toExtend<MemoryBackendOptions>();
    expectTypeOf<{ weigh: () => number }>().not.toExtend<MemoryBackendOptions>();
    expectTypeOf<{ maxEntrySize: "1kb" }>().not.toExtend<MemoryBackendOptions>();
    expectTypeOf<object>().not.toExtend<MemoryBudgetOptions>();
    expectTypeOf<{ maxEntries: 1; budget: MemoryBudget }>().not.toExtend<MemoryBackendOptions>();
    expectTypeOf<{ maxEntries: 1 }>().toExtend<MemoryBackendOptions>();
    expectTypeOf<{ maxSize: "64mb" }>().toExtend<MemoryBackendOptions>();
    expectTypeOf<{ budget: MemoryBudget }>().toExtend<MemoryBackendOptions>();
    // @ts-expect-error: no bound
    expect(() => new MemoryBackend({})).toThrow(ConfigurationError);
    // @ts-expect-error: no bound
    expect(() => new MemoryBudget({})).toThrow(/a bound: maxEntries or maxSize/);
  });

  test.each([
    [{ maxEntries: Number.POSITIVE_INFINITY }, ["maxEntries"]],
    [{ maxSize: Number.POSITIVE_INFINITY }, ["maxSize"]],
    [{ maxEntries: 1, clock: {} }, ["clock"]],
    [{ maxEntries: 0 }, ["maxEntries"]],
    [{ maxEntries: -1 }, ["maxEntries"]],
    [{ maxEntries: 1.5 }, ["maxEntries"]],
    [{ maxEntries: "many" }, ["maxEntries"]],
    [{ maxSize: 0 }, ["maxSize"]],
    [{ maxSize: "64 megs" }, ["maxSize"]],
    [{ budget: {} }, ["budget"]],
    [{ budget: new MemoryBudget({ maxEntries: 1 }), maxEntries: 1 }, ["budget"]],
  ])("%o is refused", (options, paths) => {
    expect(mistakesOf(options)).toEqual(paths);
  });
});

test.each([
  [{ maxEntries: 1, policy: "fifo" }, ["policy"]],
  [{ maxEntries: 1, name: "" }, ["name"]],
  [{ maxEntries: 1, maxEntry: 3 }, ["maxEntry"]],
  [{ maxEntries: 1, weigh: () => 1 }, ["weigh"]],
  [{ maxSize: 1, weigh: 1 }, ["weigh"]],
  [{ maxEntries: 1, onRemoved: {} }, ["onRemoved"]],
  [{ maxEntries: 1, maxEntrySize: "-1kb" }, ["maxEntrySize"]],
  [{ maxSize: "x", maxEntries: 0, policy: "", maxEntrySize: "y" }, ["policy", "maxEntries", "maxSize", "maxEntrySize"]],
  [null, ["options"]],
])("%o: the mistakes are named, all at once", (options, paths) => {
  expect(mistakesOf(options)).toEqual(paths);
});
