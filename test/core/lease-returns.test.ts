import { UnavailableError } from "@cascata/core";
import { CountingProxy, deferred, type FaultRule, FaultyProxy } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Cluster, Road } from "./cluster.ts";

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

  it("are given back soon after, so that others wait no longer than for a deadline", async () => {
    const { clock, link, a, b } = await twoProcesses();
    link.fail(lostAnswer);
    link.fail(noRelease);
    await a.getOrCreate("k", () => 1);
    await clock.advance(1000);
    let got: unknown;
    void b
      .getOrCreate("k", () => 2)
      .then((value) => {
        got = value;
      });
    await clock.advance(1);
    link.heal();
    await clock.advance(120);
    expect(got).toBe(2);
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

describe("the end of a lease that a creation of the same process waits for", () => {
  /** A region whose notices take a second, though its feed lives. */
  async function scene() {
    const cluster = new Cluster();
    const road = new Road(cluster.clock);
    const region = cluster.open({ far: cluster.client({ transport: road.transport }) });
    await cluster.connected();
    road.lag.feed = 1000;
    return { clock: cluster.clock, region };
  }

  it.each([
    ["its value is stored", 1],
    ["its creator has failed", new Error("no")],
  ])("is known at once when %s", async (_name, outcome) => {
    const { clock, region } = await scene();
    const slow = deferred<number>();
    const first = region.getOrCreate("k", () => slow.promise);
    first.catch(() => undefined);
    await clock.advance(5);
    // Nobody joins what began before, which holds the lease.
    await region.invalidate();
    let got: unknown;
    void region
      .getOrCreate("k", () => 2)
      .then((value) => {
        got = value;
      });
    await clock.advance(20);
    expect(got).toBeUndefined();
    if (outcome instanceof Error) slow.reject(outcome);
    else slow.resolve(outcome);
    await clock.advance(10);
    expect(got).toBe(2);
  });

  it("is known at once of a batch", async () => {
    const { clock, region } = await scene();
    const slow = deferred<void>();
    const keys = ["a", "b"];
    void region.getOrCreateMulti<number>(keys, async () => {
      await slow.promise;
      return [1, 1];
    });
    await clock.advance(5);
    await region.invalidate();
    let got: unknown;
    void region
      .getOrCreate("b", () => 2)
      .then((value) => {
        got = value;
      });
    await clock.advance(20);
    slow.resolve();
    await clock.advance(10);
    expect(got).toBe(2);
  });
});
