import { UnavailableError } from "@cascata/core";
import { CountingProxy, type FaultRule, FaultyProxy } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Cluster } from "./cluster.ts";

/** Two processes over one authority; the first one's link can be made to fail. */
async function twoProcesses() {
  const cluster = new Cluster();
  const counted = new CountingProxy(cluster.client());
  const link = new FaultyProxy(counted);
  const [a, b] = [cluster.open({ far: link }), cluster.open()];
  await cluster.connected();
  return { clock: cluster.clock, link, counted, a, b };
}

const lostAnswer: FaultRule = { operation: "get", when: "after" };
const noRelease: FaultRule = { operation: "leases.release" };

describe("leases that may be held and are not used", () => {
  it("are given back once the store can be reached again", async () => {
    const { clock, link, a, b } = await twoProcesses();
    link.fail(lostAnswer);
    link.fail(noRelease);
    expect(await Promise.all([a.getOrCreate("k", () => 1), a.getOrCreate("l", () => 1)])).toEqual([1, 1]);
    await clock.advance(1000);
    const made: unknown[] = [];
    for (const key of ["k", "l"]) void b.getOrCreate(key, () => 2).then((value) => made.push(value));
    await clock.advance(1000);
    expect(made).toEqual([]);
    link.heal();
    await clock.advance(500);
    expect(made).toEqual([2, 2]);
  });

  it("are not asked about after they have ended, nor after the region has", async () => {
    const { clock, link, counted, a } = await twoProcesses();
    link.fail(lostAnswer);
    link.fail(noRelease);
    await a.getOrCreate("k", () => 1);
    await clock.advance(11_000);
    link.heal();
    await clock.advance(1000);
    expect(counted.count("leases.release").calls).toBe(0);
    link.fail(lostAnswer);
    link.fail(noRelease);
    await a.getOrCreate("l", () => 1);
    await clock.advance(300);
    const before = clock.pending;
    await a.close();
    expect(clock.pending).toBeLessThan(before);
    link.heal();
    await clock.advance(1000);
    expect(counted.count("leases.release").calls).toBe(0);
  });

  it("are not thought of where the store was never asked", async () => {
    const { clock, link, a } = await twoProcesses();
    let released = 0;
    link.fail({ operation: "get", error: () => new UnavailableError("far", "its circuit is open") });
    link.fail({
      operation: "leases.release",
      error: () => {
        released += 1;
        return new Error("away");
      },
    });
    await a.getOrCreate("k", () => 1);
    await clock.advance(1000);
    expect(released).toBe(0);
  });
});
