import { describe, expect, it } from "vitest";
import { scaled } from "../support/scale.ts";
import { busFaults, simulatePublished } from "./published.ts";

const seeds = scaled(300, 3000);

describe("processes over a plain store and a bus that loses", () => {
  it(`see what the store holds, within the bound: ${seeds} seeds`, { timeout: 600_000 }, async () => {
    let reads = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const { violations, fault, reads: count } = await simulatePublished(seed);
      reads += count;
      if (violations.length > 0) throw new Error(`seed ${seed} (${fault}): ${violations[0]}`);
    }
    // A run that reads next to nothing proves nothing.
    expect(reads).toBeGreaterThan(seeds * 50);
  });

  it("is the same again for the same seed", async () => {
    for (const fault of busFaults) expect(await simulatePublished(7, fault)).toEqual(await simulatePublished(7, fault));
  });
});
