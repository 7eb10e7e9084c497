import { type CachesConfig, createCaches, type RegionReport } from "@cascata/config";
import { AsyncMapBackend, MapBackend } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { load } from "./support.ts";

type Config = CachesConfig<"near" | "far", "users">;

/** What the doctor says of a region over a memory tier and a store elsewhere without feed, leases or marks. */
async function examined(region: Config["regions"]["users"], more: object = {}): Promise<RegionReport> {
  const backends = { near: new MapBackend({ name: "near" }), far: new AsyncMapBackend({ name: "far" }), ...more };
  await using caches = await createCaches({ backends, regions: { users: region } } as Config, { load });
  return caches.doctor().regions[0] as RegionReport;
}

const sound = { tiers: ["near", "far"], ttl: { near: "5s", far: "1m" }, hardTimeout: "1s" } as const;

describe("the doctor", () => {
  test("says which promises hold on a chain, and why the others do not", async () => {
    const { region, tiers, guarantees } = await examined(sound);
    expect([region, tiers]).toEqual(["users", ["near", "far"]]);
    expect(guarantees.filter(({ holds }) => holds)).toEqual([]);
    expect(guarantees.find(({ name }) => name.includes("staleness"))?.why).toContain("does not tell what changes");
    const alone = await examined({ ...sound, tiers: ["near"], ttl: "1m" });
    expect(alone.guarantees.filter(({ holds }) => !holds)).toEqual([]);
  });

  test("has nothing to say of a sound region", async () => {
    expect((await examined(sound)).hints).toEqual([]);
  });

  test.each<[string, Config["regions"]["users"], RegExp]>([
    ["no ttl", { tiers: ["near"] }, /^no ttl/],
    ["a grace without end", { ...sound, grace: Number.POSITIVE_INFINITY, softTimeout: 0 }, /^the grace has no end/],
    ["a grace that nobody profits from", { ...sound, grace: "1h" }, /^a grace without softTimeout/],
    ["no hardTimeout", { tiers: ["near", "far"], ttl: { near: "5s", far: "1m" } }, /^no hardTimeout/],
    [
      "a tier's ttl above the region's",
      { ...sound, tiers: [{ backend: "near", ttl: "1h" }, "far"], ttl: "1m" },
      /near's ttl is longer/,
    ],
    ["a far tier without feed", { ...sound, ttl: "1m" }, /^far has no change feed and near no ttl/],
    [
      "a remote tier before another",
      { ...sound, tiers: ["far", "near"], ttl: "1m" },
      /^far is remote and stands before/,
    ],
    [
      "a private farthest tier",
      { ...sound, tiers: ["far", "near"], ttl: "1m" },
      /^the farthest tier, near, is private/,
    ],
  ])("hints at %s", async (_what, region, hint) => {
    expect((await examined(region)).hints).toContainEqual(expect.stringMatching(hint));
  });

  test("names what is made for nothing, and reads as a page", async () => {
    const backends = { near: new MapBackend({ name: "near" }), idle: new MapBackend({ name: "idle" }) };
    const regions = { users: { tiers: ["near"], ttl: "1m" } } as const;
    await using caches = await createCaches({ backends, regions }, { load });
    const report = caches.doctor();
    expect(report.hints).toEqual([expect.stringContaining('"idle" is no region\'s tier')]);
    const lines = String(report).split("\n");
    expect(lines[0]).toBe('region "users": near');
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}yes one creator in the cluster: /));
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}hint: no hardTimeout/));
    expect(lines.at(-1)).toMatch(/^hint: backend "idle"/);
  });
});
