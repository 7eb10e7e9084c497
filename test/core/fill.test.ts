import { createRegion, stackWith } from "@cascata/core";
import { AuthorityStore, FaultyProxy, ManualClock, MapBackend, ReferenceAuthority } from "@cascata/testing";
import { describe, expect, it } from "vitest";

/** Two processes over one authority; the first one's link can be made to fail. */
async function twoProcesses() {
  const clock = new ManualClock();
  const store = new AuthorityStore({ clock });
  const link = new FaultyProxy(new ReferenceAuthority(store));
  const over = (sender: string, far: FaultyProxy | ReferenceAuthority) =>
    createRegion({
      name: "r",
      clock,
      backend: stackWith({ clock, sender }, new MapBackend({ clock }), far),
      ttl: "1m",
      lease: "10s",
    });
  const [a, b] = [over("a", link), over("b", new ReferenceAuthority(store))];
  await clock.advance(10);
  return { clock, link, a, b };
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
