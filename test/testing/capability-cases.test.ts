import {
  AuthorityStore,
  type BackendHarness,
  type ConformanceCase,
  referenceHarness,
  runConformance,
} from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { brokenAuthorities, type SpoilStore } from "./broken-authorities.ts";

type Kit = readonly [readonly ConformanceCase<BackendHarness>[], Readonly<Record<string, SpoilStore>>];

for (const [kit, [cases, spoils]] of Object.entries<Kit>(brokenAuthorities)) {
  describe(`the kit of ${kit}`, () => {
    it("passes for an authority that is not broken", async () => {
      const { failed, skipped } = await runConformance(cases, referenceHarness());
      expect([[...failed.keys()], skipped.size]).toEqual([[], 0]);
    });

    for (const [name, spoil] of Object.entries(spoils)) {
      it(`catches one that is broken: ${name}`, async () => {
        const harness = referenceHarness(undefined, (clock) => {
          const store = new AuthorityStore({ clock });
          spoil(store);
          return store;
        });
        const { failed } = await runConformance(cases, harness);
        expect(failed.size).toBeGreaterThan(0);
      });
    }
  });
}
