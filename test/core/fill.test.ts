import { FaultyProxy } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Cluster } from "./cluster.ts";

/** Two processes over one authority; the first one's link can be made to fail. */
async function twoProcesses() {
  const cluster = new Cluster();
  const link = new FaultyProxy(cluster.client());
  const [a, b] = [cluster.open({ far: link }), cluster.open()];
  await cluster.connected();
  return { clock: cluster.clock, link, a, b };
}

describe("a fill that fails", () => {
  it.each(["before", "after"] as const)("gives its lease back, so that nobody waits for its end (%s)", async (when) => {
    const { clock, link, a, b } = await twoProcesses();
    link.fail({ operation: "set", when });
    expect(await a.getOrCreate("k", () => 1)).toBe(1);
    await clock.advance(1);
    let made: unknown;
    void b
      .getOrCreate("k", () => 2)
      .then((value) => {
        made = value;
      });
    await clock.advance(500);
    expect(made).toBe(when === "before" ? 2 : 1);
  });

  it("gives back those of a batch that failed", async () => {
    const { clock, link, a, b } = await twoProcesses();
    link.fail({ operation: "setMulti" });
    await a.getOrCreateMulti(["k", "l"], (keys) => keys.map(() => 1));
    await clock.advance(1);
    let made: unknown;
    void b
      .getOrCreateMulti(["k", "l"], (keys) => keys.map(() => 2))
      .then((all) => {
        made = [...all.values()];
      });
    await clock.advance(500);
    expect(made).toEqual([2, 2]);
  });
});
