import { type ChangeFeed, NO_VALUE, type Region, type RegionOptions } from "@cascata/core";
import { type AuthorityStore, deferred, type ManualClock, MapBackend, settled, type Transport } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Cluster, Road } from "./cluster.ts";

interface Scene {
  readonly clock: ManualClock;
  readonly store: AuthorityStore;
  /** The process whose link is cut. */
  readonly region: Region;
  /** One whose link is well. */
  readonly other: Region;
  readonly memory: MapBackend;
  /** Operations of the first that reached the store. */
  readonly sent: string[];
  cut(): void;
  /** Lets it reach the store again; `feedLater`: but hear of nothing yet. */
  mend(how?: { readonly feedLater?: boolean }): void;
  /** Called in the first's next operation of the name, before it reaches the store. */
  before(operation: string, run: () => Promise<unknown>): void;
  /** The feed is as it was, and nothing comes of it until what is answered is called. */
  holdFeed(): () => void;
  /** Until the delete has been confirmed and what follows is over. */
  settle(): Promise<void>;
}

async function scene(
  options: Partial<RegionOptions> = {},
  alter: (feed: ChangeFeed) => void = () => undefined,
): Promise<Scene> {
  const cluster = new Cluster({ logLimit: 50 });
  const { clock, store } = cluster;
  const road = new Road(clock);
  const before = new Map<string, () => Promise<unknown>>();
  let feedGate: Promise<void> | undefined;
  const transport: Transport = async (call) => {
    const first = before.get(call.operation);
    before.delete(call.operation);
    await first?.();
    const answer = await road.transport(call);
    if (call.operation === "changes.follow") await feedGate;
    return answer;
  };
  const memory = new MapBackend({ clock });
  const pace = { heartbeatMs: 50, silenceMs: 200, retryMs: 20 };
  const far = cluster.client({ transport, ...pace });
  alter(far.changes);
  const shared = { chain: { protection: { breaker: false } }, ttl: "1h" } as const;
  const region = cluster.open({ ...shared, near: [memory], far, ...options });
  const other = cluster.open({ ...shared, far: cluster.client(pace) });
  for (const one of [region, other]) await one.get("first");
  await clock.advance(100);
  return {
    clock,
    store,
    region,
    other,
    memory,
    sent: road.reached,
    cut: () => {
      road.data.cut();
      road.feed.cut();
    },
    mend: ({ feedLater = false } = {}) => {
      road.data.mend();
      if (!feedLater) road.feed.mend();
    },
    holdFeed: () => {
      const gate = deferred<void>();
      feedGate = gate.promise;
      return gate.resolve;
    },
    before: (operation, run) => void before.set(operation, run),
    settle: () => clock.advance(2000),
  };
}

/** What the store has, by way of the other process. */
const stored = ({ other }: Scene, key = "k") => other.get(key);

describe("a set that the authority missed", () => {
  it("is stored when it is back, with its own life, and known to the others", async () => {
    const one = await scene();
    one.cut();
    const report = await one.region.set("k", "missed", { ttl: "30m", tags: ["t"] });
    expect(report.confirmed).toBe(false);
    await one.clock.advance(300);
    one.mend();
    await one.settle();
    await report.settled;
    expect([await stored(one), await one.region.get("k")]).toEqual(["missed", "missed"]);
    expect(await one.other.getEntry("k")).toMatchObject({ tags: ["t"], ageMs: 2300, remainingMs: 1_797_700 });
  });

  it("is stored for each key of a batch, in one round trip each way", async () => {
    const one = await scene();
    one.cut();
    await one.region.setMulti(
      new Map([
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ]),
    );
    one.mend();
    one.sent.length = 0;
    await one.settle();
    expect(await one.other.getMulti(["a", "b", "c"])).toEqual([1, 2, 3]);
    expect(one.sent.filter((operation) => !operation.startsWith("marks"))).toEqual([
      "deleteMulti",
      "getMulti",
      "setMulti",
    ]);
  });

  it("is the last one of its key", async () => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "first");
    await one.region.set("k", "last");
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe("last");
  });

  it.each([
    ["set", (region: Region) => region.set("k", "newer"), "newer"],
    ["deleted", (region: Region) => region.delete("k"), NO_VALUE],
    ["invalidated with everything", (region: Region) => region.invalidate(), NO_VALUE],
    ["invalidated by its tag", (region: Region) => region.invalidateTags(["t"]), NO_VALUE],
    ["cleared", (region: Region) => region.clear(), NO_VALUE],
  ] as const)("is given up if the key was %s here since", async (_what, change, left) => {
    for (const when of ["while it is away", "when it is back"]) {
      const one = await scene();
      one.cut();
      await one.region.set("k", "missed", { tags: ["t"] });
      if (when === "when it is back") one.mend();
      await change(one.region);
      one.mend();
      await one.settle();
      expect([when, await stored(one)]).toEqual([when, left]);
    }
  });

  it("is given up if something was created here since", async () => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "missed");
    await one.region.getOrCreate("k", () => "created later");
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe(NO_VALUE);
  });

  it.each([
    ["set", (other: Region) => other.set("k", "newer")],
    ["deleted", (other: Region) => other.delete("k")],
    ["invalidated by its tag", (other: Region) => other.invalidateTags(["t"])],
    ["invalidated with everything", (other: Region) => other.invalidate()],
  ] as const)("is given up if the key was %s elsewhere while it was missed", async (_what, change) => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "missed", { tags: ["t"] });
    await change(one.other);
    one.mend();
    await one.settle();
    // The delete takes away what is newer too; the older one does not take its place.
    expect(await stored(one)).toBe(NO_VALUE);
    expect(one.sent).not.toContain("setMulti");
  });

  it("is given up if the key was changed elsewhere between its start and its failure", async () => {
    const one = await scene();
    one.before("set", async () => {
      await one.other.set("k", "newer");
      await settled();
      one.cut();
      throw new Error("the link is cut");
    });
    expect(await one.region.set("k", "missed")).toMatchObject({ confirmed: false });
    one.mend();
    await one.settle();
    expect(one.sent).not.toContain("setMulti");
    expect(await stored(one)).not.toBe("missed");
  });

  it.each([
    ["set", (other: Region) => other.set("k", "newer"), "newer"],
    ["deleted", (other: Region) => other.delete("k"), NO_VALUE],
  ] as const)("never takes the place of what is %s elsewhere at any moment of its way", async (_what, change, left) => {
    for (const operation of ["getMulti", "setMulti"]) {
      const one = await scene();
      one.cut();
      await one.region.set("k", "missed");
      one.mend();
      one.before(operation, () => change(one.other));
      await one.settle();
      expect([operation, await stored(one), await one.region.get("k")]).toEqual([operation, left, left]);
    }
  });

  it("waits until the feed has told of what happened meanwhile, and is given up if it doesn't", async () => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "missed");
    await one.other.delete("k");
    one.mend({ feedLater: true });
    await one.clock.advance(3000);
    expect(await stored(one)).toBe(NO_VALUE);
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe(NO_VALUE);
  });

  it.each([150, 1500])("is given up if the feed lags behind the lease, by %i ms", async (ms) => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "missed");
    one.mend();
    // It is live, and what is under way concerns the key.
    one.before("getMulti", async () => {
      const release = one.holdFeed();
      await one.other.delete("k");
      one.clock.schedule(release, ms);
    });
    await one.clock.advance(5000);
    expect(await stored(one)).toBe(NO_VALUE);
    expect(one.sent).not.toContain("setMulti");
    // Its lease was given back.
    expect(await one.other.getOrCreate("k", () => "made")).toBe("made");
  });

  it("is stored when the feed is back some time after the rest", async () => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "missed");
    one.mend({ feedLater: true });
    await one.clock.advance(3000);
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe("missed");
  });

  it("of one key is stored though another process creates another one", async () => {
    const one = await scene();
    one.cut();
    await one.region.setMulti(
      new Map([
        ["k", "missed"],
        ["j", "missed"],
      ]),
    );
    one.mend();
    const made = deferred<string>();
    let creation: Promise<string> | undefined;
    one.before("getMulti", async () => {
      creation = one.other.getOrCreate("j", () => made.promise);
      await settled();
    });
    await one.settle();
    made.resolve("made elsewhere");
    expect([await stored(one), await creation, await stored(one, "j")]).toEqual([
      "missed",
      "made elsewhere",
      "made elsewhere",
    ]);
  });

  it("is not stored where changes and their notices are two steps", async () => {
    const one = await scene({}, (feed) => Object.defineProperty(feed, "atomic", { value: false }));
    one.cut();
    await one.region.set("k", "missed");
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe(NO_VALUE);
  });

  it("is given up after a gap, and after another store has taken the place", async () => {
    for (const gap of ["trimmed", "emptied"]) {
      const one = await scene();
      one.cut();
      await one.region.set("k", "missed");
      if (gap === "emptied") one.store.restartEmpty();
      else for (let count = 0; count < 60; count += 1) await one.other.set(`filler${count}`, count);
      one.mend();
      await one.settle();
      expect([gap, await stored(one)]).toEqual([gap, NO_VALUE]);
    }
  });

  it("is given up when its life is over", async () => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "missed", { ttl: 100, grace: "1h" });
    await one.clock.advance(101);
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe(NO_VALUE);
    expect(one.sent).not.toContain("setMulti");
  });

  it("is bounded in bytes: the oldest are given up, and what is too much is not kept", async () => {
    const one = await scene({ replay: "1kb" });
    one.cut();
    for (const key of ["a", "b", "c"]) await one.region.set(key, new Uint8Array(400));
    await one.region.set("huge", "x".repeat(600));
    one.mend();
    await one.settle();
    expect(await one.other.getMulti(["huge", "a", "b", "c"])).toEqual([
      NO_VALUE,
      NO_VALUE,
      new Uint8Array(400),
      new Uint8Array(400),
    ]);
  });

  it("is bounded in keys: a thousand", async () => {
    const one = await scene();
    one.cut();
    for (let count = 0; count < 1001; count += 1) await one.region.set(`k${count}`, count);
    one.mend();
    await one.settle();
    expect(await one.other.getMulti(["k0", "k1", "k1000"])).toEqual([NO_VALUE, 1, 1000]);
  });

  it("is not stored where that is switched off", async () => {
    const one = await scene({ replay: 0 });
    one.cut();
    await one.region.set("k", "missed");
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe(NO_VALUE);
  });

  it("is not stored by a region that was closed, and holds up nothing", async () => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "missed");
    one.mend({ feedLater: true });
    await one.clock.advance(500);
    const closing = one.region.close();
    await one.clock.advance(50);
    expect(await closing).toMatchObject({ unconfirmedKeys: [] });
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe(NO_VALUE);
  });

  it("is tried once, and its lease given back when that fails", async () => {
    const one = await scene();
    one.cut();
    await one.region.set("k", "missed");
    one.mend();
    one.before("setMulti", async () => {
      one.cut();
      throw new Error("the link is cut");
    });
    await one.clock.advance(500);
    one.mend();
    await one.settle();
    expect(await stored(one)).toBe(NO_VALUE);
    expect(await one.other.getOrCreate("k", () => "made")).toBe("made");
  });

  it("that was refused is not tried again", async () => {
    const one = await scene();
    one.sent.length = 0;
    await one.region.set("k", "stored");
    await one.settle();
    expect(one.sent.filter((operation) => !operation.startsWith("marks"))).toEqual(["set"]);
  });
});

it.each([-1, "much", null, {}])("replay: %j is refused", async (replay) => {
  await expect(scene({ replay: replay as number })).rejects.toThrow(/region\.replay: expected bytes/);
});
