import { ManualClock } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { RecentChanges } from "../../packages/core/src/recent-changes.ts";

describe("the changes of the last seconds", () => {
  it("are kept for ten seconds at least, and forgotten when they are taken", async () => {
    const clock = new ManualClock(1_000_000);
    const recent = new RecentChanges(clock);
    recent.add("old", "given-old");
    await clock.advance(10_001);
    for (let at = 0; at < 100; at += 1) {
      recent.add(`k${at}`, `given-${at}`);
      await clock.advance(99);
    }
    const { keys } = recent.take();
    expect(keys.has("old")).toBe(false);
    expect(keys.size).toBe(100);
    expect(keys.get("k0")).toBe("given-0");
    expect(recent.take().keys.size).toBe(0);
  });

  it("are the latest ten thousand at least, and never more than twice as many", () => {
    const recent = new RecentChanges(new ManualClock(1_000_000));
    for (let at = 0; at < 35_000; at += 1) recent.add(`k${at}`, "given");
    const { keys } = recent.take();
    expect(keys.size).toBeLessThanOrEqual(20_000);
    for (let at = 25_000; at < 35_000; at += 1) expect(keys.has(`k${at}`)).toBe(true);
  });
});
