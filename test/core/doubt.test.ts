import { type CacheBackend, CachedValue, type Found, isNoValue, type Region } from "@cascata/core";
import { type ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Cluster, Road } from "./cluster.ts";
import { soon } from "./policy-scene.ts";

/** As a disk does, it keeps of an entry what can be written down. */
class ForgetfulBackend extends MapBackend {
  override get keepsResidence(): boolean {
    return false;
  }

  override get(key: string): Found {
    const found = super.get(key);
    return found instanceof CachedValue ? new CachedValue(found.payload, found.metadata) : found;
  }

  override getMulti(keys: readonly string[]): readonly Found[] {
    return keys.map((key) => this.get(key));
  }
}

interface Doubt {
  readonly clock: ManualClock;
  readonly region: Region;
  readonly memory: MapBackend;
  /** To the authority; what it has reached is told from now on. */
  readonly road: Road;
}

/** "k" is in memory, old; a gap in the feed has hidden that it was changed. "same" was not. */
async function afterGap({
  maxStaleness = 10_000,
  healthyMs = 50,
  silentMs = 40,
  disk,
  meanwhile = async () => undefined,
}: {
  readonly maxStaleness?: number;
  readonly healthyMs?: number;
  readonly silentMs?: number;
  /** A tier between memory and the authority. */
  readonly disk?: (clock: ManualClock) => CacheBackend;
  readonly meanwhile?: (other: Region) => Promise<unknown>;
} = {}): Promise<Doubt> {
  const cluster = new Cluster({ logLimit: 5 });
  const { clock } = cluster;
  const road = new Road(clock);
  const far = cluster.client({ transport: road.transport, heartbeatMs: 20, silenceMs: 100, retryMs: 20 });
  const memory = new MapBackend({ clock, name: "memory" });
  const near = disk === undefined ? [memory] : [memory, disk(clock)];
  const chain = { maxStaleness, protection: { timeout: 250, breaker: false } } as const;
  const region = cluster.open({ near, far, chain, ttl: "1h" });
  const other = cluster.open({ near: [], ttl: "1h" });
  await region.get("any");
  await clock.advance(50);
  await region.setMulti(
    new Map([
      ["k", "old"],
      ["same", "same"],
    ]),
  );
  await region.getMulti(["k", "same"]);
  await clock.advance(healthyMs);
  road.feed.cut();
  await meanwhile(other);
  await other.set("k", "new");
  for (let count = 0; count < 10; count += 1) await other.set(`filler${count}`, count);
  await clock.advance(silentMs);
  road.feed.mend();
  await clock.advance(60);
  // What an invalidation may have covered is looked up apart from this.
  await region.get("any");
  road.reached.length = 0;
  return { clock, region, memory, road };
}

const value = (found: unknown) => (isNoValue(found) ? undefined : found);

describe.each([
  { how: "alone", read: async (region: Region, key: string) => value(await region.get(key)) },
  { how: "in a batch", read: async (region: Region, key: string) => value((await region.getMulti([key]))[0]) },
  { how: "by getOrCreate", read: (region: Region, key: string) => region.getOrCreate(key, () => "made") },
])("a near hit that may have missed a change, $how", ({ read }) => {
  it("is confirmed before it is served, by an authority that answers", async () => {
    const { region, clock, road } = await afterGap();
    expect(region.peek("k")).not.toBe("old");
    road.lag.data = 2;
    const [changed, same] = [read(region, "k"), read(region, "same")];
    await clock.advance(6);
    expect([await soon(changed), await soon(same)]).toEqual(["new", "same"]);
  });

  it("waits some milliseconds for one that doesn't; the next ones wait for nothing, and its answer counts", async () => {
    // All was well for longer than what is known may be out of date.
    const { region, clock, road } = await afterGap({ healthyMs: 20_000 });
    road.lag.data = 112;
    const first = read(region, "k");
    await clock.advance(4);
    expect(await soon(first)).toBe("pending");
    // Five for the entry, five for what invalidations may have covered.
    await clock.advance(6);
    expect(await soon(first)).toBe("old");
    expect(await soon(read(region, "k"))).toBe("old");
    expect(await soon(read(region, "same"))).toBe("same");
    // The first one's, and one that looks whether it is back: not one for each caller.
    expect(road.reached).toEqual(["revisions", "marks.lookup", "revisions"]);
    road.lag.data = 0;
    await clock.advance(112);
    expect(await soon(read(region, "k"))).toBe("new");
  });

  it("is covered by an invalidation that was missed as soon as the authority has told of it", async () => {
    const { region, clock, road } = await afterGap({ meanwhile: (other) => other.invalidate() });
    road.lag.data = 112;
    const first = read(region, "same");
    await clock.advance(10);
    expect(await soon(first)).toBe("same");
    road.lag.data = 0;
    await clock.advance(112);
    expect(await soon(read(region, "same"))).not.toBe("same");
  });

  it("waits for what is known of a tag that was never heard of", async () => {
    const { region, clock, road } = await afterGap();
    await region.set("tagged", "tagged", { tags: ["never heard of"] });
    road.lag.data = 112;
    const first = read(region, "tagged");
    await clock.advance(111);
    expect(await soon(first)).toBe("pending");
    await clock.advance(1 + 5);
    expect(await soon(first)).toBe("tagged");
  });

  it("waits for both answers after a silence that was longer than what is bearable", async () => {
    const { region, clock, road } = await afterGap({ maxStaleness: 500, silentMs: 600 });
    road.lag.data = 112;
    const first = read(region, "same");
    await clock.advance(2 * 112 - 1);
    expect(await soon(first)).toBe("pending");
    await clock.advance(1);
    expect(await soon(first)).toBe("same");
  });

  it.each([
    { what: "remembers since when", disk: (clock: ManualClock) => new MapBackend({ clock, name: "disk" }) },
    { what: "does not", disk: (clock: ManualClock) => new ForgetfulBackend({ clock, name: "disk" }) },
  ])("is not believed by a nearer tier than the one that doubts it: a disk that $what", async ({ disk }) => {
    const { region, clock, road, memory } = await afterGap({ disk });
    memory.clear();
    road.lag.data = 112;
    const first = read(region, "k");
    await clock.advance(10);
    expect(await soon(first)).toBe("old");
    await clock.advance(112);
    road.lag.data = 0;
    expect(await soon(read(region, "k"))).toBe("new");
  });

  it("waits for the answer once it is not bearable any more", async () => {
    const { region, clock, road } = await afterGap({ maxStaleness: 500 });
    await clock.advance(600);
    road.lag.data = 112;
    const first = read(region, "same");
    await clock.advance(111);
    expect(await soon(first)).toBe("pending");
    // The entry is confirmed; what invalidations may have covered is looked up for as long as it takes too.
    await clock.advance(1 + 111);
    expect(await soon(first)).toBe("pending");
    await clock.advance(1);
    expect(await soon(first)).toBe("same");
  });
});
