import { describe, expect, it } from "vitest";
import { scaled } from "../support/scale.ts";
import { faults } from "./faults.ts";
import { simulate } from "./simulate.ts";

const blocks = 10;
const seedsPerBlock = scaled(100, 1000);

describe("a simulated cluster keeps its promises", () => {
  for (let block = 0; block < blocks; block += 1) {
    const from = block * seedsPerBlock + 1;
    const to = from + seedsPerBlock - 1;
    it(`seeds ${from} to ${to}`, { timeout: 600_000 }, async () => {
      let reads = 0;
      for (let seed = from; seed <= to; seed += 1) {
        const { violations, fault, history, reads: count } = await simulate({ seed });
        reads += count;
        if (violations.length === 0) continue;
        const [first] = violations;
        const key = /k\d+/.exec(first?.text ?? "")?.[0] ?? "k0";
        throw new Error(`seed ${seed} (${fault}): ${first?.rule}: ${first?.text}\n${history.excerpt(key)}`);
      }
      // A run that reads next to nothing proves nothing.
      expect(reads).toBeGreaterThan(seedsPerBlock * 20);
    });
  }

  it("is the same again for the same seed", async () => {
    for (const fault of faults) {
      const [first, second] = [await simulate({ seed: 7, fault }), await simulate({ seed: 7, fault })];
      expect(first.history.reads).toEqual(second.history.reads);
      expect(first.history.changes).toEqual(second.history.changes);
    }
  });
});

describe("the checker", () => {
  it("finds an older value after a confirmed change", async () => {
    const { history } = await simulate({ seed: 1, fault: "none" });
    const change = history.changes.find(({ confirmedAt }) => confirmedAt !== undefined);
    const key = change?.keys[0] ?? "";
    const version = (change?.versions.get(key) ?? 1) - 1;
    const from = (change?.confirmedAt ?? 0) + 1000;
    const process = (change?.process ?? 0) + 1;
    history.reads.push({ process, key, how: "get", from, to: from, value: { key, version }, error: undefined });
    const found = history.violations({
      staleMs: 100,
      ownMs: 0,
      callMs: 1000,
      sharedMs: 100,
      lost: [],
      oneCreator: false,
    });
    expect(found.some(({ rule }) => rule.startsWith("I3"))).toBe(true);
  });

  it("finds another key's value", async () => {
    const { history } = await simulate({ seed: 2, fault: "none" });
    const value = { key: "other", version: 99 };
    history.reads.push({ process: 0, key: "k0", how: "get", from: 1, to: 2, value, error: undefined });
    expect(
      history.violations({ staleMs: 100, ownMs: 0, callMs: 1000, sharedMs: 100, lost: [], oneCreator: false }),
    ).toContainEqual(expect.objectContaining({ rule: "I8" }));
  });

  it("finds two creators at once", async () => {
    const { history } = await simulate({ seed: 3, fault: "none" });
    history.creations.push(
      { id: 100, process: 0, key: "lone", from: 10, to: 30, ended: "made", givenUpAt: 1000 },
      { id: 101, process: 1, key: "lone", from: 20, to: 40, ended: "made", givenUpAt: 1000 },
    );
    expect(
      history.violations({ staleMs: 100, ownMs: 0, callMs: 1000, sharedMs: 100, lost: [], oneCreator: true }),
    ).toContainEqual(expect.objectContaining({ rule: "I4 one creator" }));
  });
});
