import { CachedValue, createRegion, GatherProxy, NO_VALUE, ReadFailure, stackWith } from "@cascata/core";
import {
  AsyncMapBackend,
  CountingProxy,
  describeConformance,
  ManualClock,
  MapBackend,
  proxyCases,
} from "@cascata/testing";
import { describe, expect, it } from "vitest";

describeConformance(
  proxyCases,
  { wrap: (backend) => new GatherProxy(backend) },
  { describe, it, title: "a gathering proxy" },
);

class Broken extends AsyncMapBackend {
  override async getMulti(): Promise<never> {
    throw new Error("no batch today");
  }
}

function entry(payload: unknown): CachedValue {
  return new CachedValue(payload, { createdAt: 0, startedAt: 0, formatVersion: 1 });
}

describe("GatherProxy", () => {
  it("makes one batch of the reads of a turn, each key once, each answer its own", async () => {
    const counted = new CountingProxy(new AsyncMapBackend());
    const gathering = new GatherProxy(counted);
    await gathering.set("a", entry(1));
    await gathering.set("b", entry(2));
    const found = await Promise.all([
      gathering.get("a"),
      gathering.get("missing"),
      gathering.get("b"),
      gathering.get("a"),
    ]);
    expect(found.map((one) => (one instanceof CachedValue ? one.payload : one))).toEqual([1, NO_VALUE, 2, 1]);
    expect(counted.count("getMulti")).toEqual({ calls: 1, keys: 3 });
    expect(counted.count("get").calls).toBe(0);
  });

  it("sends a read that is alone as it is, and the next turn's in a batch of its own", async () => {
    const counted = new CountingProxy(new AsyncMapBackend());
    const gathering = new GatherProxy(counted);
    await gathering.get("a");
    expect(counted.count("get").calls).toBe(1);
    await Promise.all([gathering.get("b"), gathering.get("c")]);
    expect(counted.count("getMulti")).toEqual({ calls: 1, keys: 2 });
  });

  it("lets a read with a lease or a listener pass by", async () => {
    const counted = new CountingProxy(new AsyncMapBackend());
    const gathering = new GatherProxy(counted);
    const observe = (): void => undefined;
    await Promise.all([gathering.get("a", { observe }), gathering.get("b", { observe })]);
    expect(counted.count("get").calls).toBe(2);
  });

  it("gives each key the failure of its batch", async () => {
    const found = await Promise.all(["a", "b"].map(async (key) => new GatherProxy(new Broken()).get(key)));
    expect(found).toEqual([NO_VALUE, NO_VALUE]);
    const gathering = new GatherProxy(new Broken());
    const together = await Promise.all(["a", "b"].map(async (key) => gathering.get(key)));
    expect(together.every((one) => one instanceof ReadFailure)).toBe(true);
  });

  it("is what `batch: true` of a tier makes: a region's reads of one turn reach it as one", async () => {
    const clock = new ManualClock();
    const far = new CountingProxy(new AsyncMapBackend({ clock }));
    const tiers = [{ backend: new MapBackend({ clock }) }, { backend: far, batch: true }];
    const region = createRegion({ name: "r", backend: stackWith({ clock }, ...tiers), ttl: "1m", clock });
    await region.setMulti(new Map([["a", 1]]));
    far.reset();
    expect(await Promise.all([region.get("b"), region.get("c"), region.get("a")])).toEqual([NO_VALUE, NO_VALUE, 1]);
    expect(far.count("getMulti")).toEqual({ calls: 1, keys: 2 });
    expect(far.count("get").calls).toBe(0);
  });
});
