import type { Region } from "@cascata/core";
import type { Random } from "@cascata/testing";

export const creatorMs = 20;
export const create = (): Promise<string> => new Promise((resolve) => setTimeout(() => resolve("made"), creatorMs));

/** Every public call of a region that may go to a far tier, by name; each with keys of its own choice. */
export function everyCall(region: Region, random: Random): ReadonlyMap<string, () => unknown> {
  const key = (): string => `call${random.below(2000)}`;
  const some = (): string[] => Array.from({ length: 5 }, key);
  const tags = ["even", "odd"];
  const many = (wanted: readonly string[]): Promise<string[]> => create().then((made) => wanted.map(() => made));
  return new Map<string, () => unknown>([
    ["get", () => region.get(key())],
    ["getMulti", () => region.getMulti(some())],
    ["getEntry", () => region.getEntry(key())],
    ["has", () => region.has(key())],
    ["peek", () => region.peek(key())],
    ["getOrCreate", () => region.getOrCreate(key(), create, { tags })],
    ["getOrCreate, awaitFill", () => region.getOrCreate(key(), create, { awaitFill: true })],
    ["getOrCreate, forceRefresh", () => region.getOrCreate(key(), create, { forceRefresh: true })],
    ["getOrCreateMulti", () => region.getOrCreateMulti(some(), many)],
    ["getOrCreateEntry", () => region.getOrCreateEntry(key(), create)],
    ["set", () => region.set(key(), "set")],
    ["setMulti", () => region.setMulti(new Map(some().map((one) => [one, "set"])))],
    ["delete", () => region.delete(key())],
    ["deleteMulti", () => region.deleteMulti(some())],
    ["touch", () => region.touch(key())],
    ["invalidateTags", () => region.invalidateTags([random.pick(tags)], { hard: random.chance(0.5) })],
    ["invalidate", () => region.invalidate({ hard: random.chance(0.5) })],
    ["clear", () => region.clear()],
    [
      "deferInvalidation",
      () =>
        region
          .deferInvalidation()
          .delete(...some())
          .apply(),
    ],
    ["keyIsLocked", () => region.keyIsLocked(key())],
    ["explain", () => region.explain(key())],
    ["health", () => region.health()],
  ]);
}
