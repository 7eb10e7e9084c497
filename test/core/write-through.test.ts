import { CachedValue, type Clock, NO_VALUE, ReadThroughProxy } from "@cascata/core";
import {
  AsyncMapBackend,
  AuthorityStore,
  Link,
  type ManualClock,
  MapBackend,
  ReferenceAuthority,
} from "@cascata/testing";
import { expect, it } from "vitest";
import { Cluster, Road } from "./cluster.ts";

/** Two processes over one authority; the first one's calls and notices can be held. */
async function chains(near = (clock: ManualClock): MapBackend | AsyncMapBackend => new MapBackend({ clock })) {
  const cluster = new Cluster();
  const { clock } = cluster;
  const road = new Road(clock);
  const nearTier = near(clock);
  const own = new ReadThroughProxy(cluster.client({ transport: road.transport }), nearTier, { clock, sender: "own" });
  const other = new ReadThroughProxy(cluster.client(), new MapBackend({ clock }), { clock, sender: "other" });
  own.changes?.subscribe({
    changed: () => undefined,
    marked: () => undefined,
    filled: () => undefined,
    silent: () => undefined,
    resumed: () => undefined,
    uncertain: () => undefined,
  });
  await cluster.connected();
  return { ...road, clock, own, other, near: nearTier, entry: entriesOf(clock) };
}

function entriesOf(clock: Clock): (payload: string) => CachedValue {
  return (payload) => new CachedValue(payload, { createdAt: clock.now(), startedAt: clock.now(), formatVersion: 1 });
}

async function payloadIn(chain: ReadThroughProxy, key: string): Promise<unknown> {
  const found = await chain.get(key);
  return found instanceof CachedValue ? found.payload : found;
}

it("a notice that comes late, while a set is under way, leaves nothing older than the set", async () => {
  const { clock, data, feed, own, other, entry } = await chains();
  // The notice of the other one's first set is under way, when its second value is read here: near has more than the feed.
  feed.hold();
  await other.set("k", entry("first"));
  await clock.advance(1000);
  await other.set("k", entry("second"));
  expect(await payloadIn(own, "k")).toBe("second");
  data.hold(({ operation }) => operation === "set");
  const set = own.set("k", entry("own"));
  await clock.advance(0);
  for (const held of data.held) held.deliver();
  feed.flow();
  await clock.advance(0);
  await set;
  expect(await payloadIn(own, "k")).toBe("own");
});

it("a fill is not overwritten by a read that left before it", async () => {
  const { clock, lag, own, entry } = await chains();
  await own.set("k", entry("old"));
  await own.near.delete("k");
  lag.data = 50;
  const reading = own.get("k");
  await clock.advance(1);
  lag.data = 0;
  const lease = { token: "t", ms: 1000, rejects: new Map([["k", "any" as const]]), answer: () => undefined };
  await own.get("k", { judge: () => "absent", lease });
  lag.data = 100;
  const filling = own.set("k", entry("new"), { ticket: "t", fill: true, sender: "own" });
  await clock.advance(60);
  await reading;
  expect(await payloadIn(own, "k")).toBe("new");
  await clock.advance(60);
  await filling;
  expect(await payloadIn(own, "k")).toBe("new");
});

/** Answers reads at once, and keeps what it is given some time later. */
class LateMap extends AsyncMapBackend {
  readonly #clock: ManualClock;
  readonly #read: MapBackend;

  constructor(clock: ManualClock) {
    const map = new MapBackend({ clock });
    super({ clock });
    this.#clock = clock;
    this.#read = map;
  }

  override get(key: string): never {
    return this.#read.get(key) as never;
  }

  override async set(key: string, value: CachedValue): Promise<void> {
    await new Promise<void>((resolve) => void this.#clock.schedule(resolve, 20));
    this.#read.set(key, value);
  }

  override async delete(key: string): Promise<void> {
    await new Promise<void>((resolve) => void this.#clock.schedule(resolve, 20));
    this.#read.delete(key);
  }
}

const tiers = {
  "answers later": (clock: ManualClock) => new AsyncMapBackend({ clock }),
  "stores later": (clock: ManualClock) => new LateMap(clock),
};

it.each(Object.keys(tiers) as (keyof typeof tiers)[])(
  "a fill that the authority refuses stays in no near tier: one that %s",
  async (kind) => {
    const { clock, own, other, near, entry } = await chains(tiers[kind]);
    const lease = { token: "t", ms: 1000, answer: () => undefined };
    await own.get("k", { lease });
    await other.delete("k");
    await clock.advance(100);
    const filling = own.set("k", entry("late"), { ticket: "t", fill: true, sender: "own" });
    await clock.advance(100);
    expect(await filling).toMatchObject({ status: "refused", why: "ticket" });
    expect(await near.get("k")).toBe(NO_VALUE);
  },
);

/** Two processes of one host: a tier that both share, with tickets, before one authority. */
async function neighbours() {
  const cluster = new Cluster();
  const { clock } = cluster;
  const middle = new AuthorityStore({ clock });
  const chain = (sender: string) => {
    const link = new Link();
    const road = new Road(clock);
    // No notice comes: what a process hears is another guard.
    road.feed.hold();
    const near = new ReferenceAuthority(middle, { transport: link.transport });
    const far = cluster.client({ transport: road.transport });
    return { chain: new ReadThroughProxy(far, near, { clock, sender }), link, lag: road.lag };
  };
  await cluster.connected();
  return { clock, middle, one: chain("one"), two: chain("two"), entry: entriesOf(clock) };
}

const lease = { token: "t", ms: 1000, rejects: new Map([["k", "any" as const]]), answer: () => undefined };
const asFill = { ticket: "t", fill: true, sender: "one" };

it.each([
  ["set", undefined],
  ["fill", asFill],
])("a %s brings back nothing into a tier that processes share: another one has deleted it", async (_, context) => {
  const { clock, middle, one, two, entry } = await neighbours();
  if (context !== undefined) await one.chain.get("k", { judge: () => "absent", lease });
  one.lag.data = 50;
  const writing = one.chain.set("k", entry("old"), context);
  await clock.advance(0);
  await two.chain.delete("k");
  await clock.advance(50);
  await writing;
  expect(middle.read(["k"])[0]?.found).toBe(NO_VALUE);
  expect(await two.chain.get("k")).toBe(NO_VALUE);
});

it.each([
  ["set", undefined],
  ["fill", asFill],
])("a %s that nobody disturbs is kept in a tier that processes share", async (_, context) => {
  const { clock, middle, one, two, entry } = await neighbours();
  if (context !== undefined) await one.chain.get("k", { judge: () => "absent", lease });
  await one.chain.set("k", entry("new"), context);
  await clock.advance(0);
  expect(middle.read(["k"])[0]?.found).toMatchObject({ payload: "new" });
  expect(await payloadIn(two.chain, "k")).toBe("new");
});

it("a set over what another process has put back meanwhile leaves neither in a tier that processes share", async () => {
  const { clock, middle, one, two, entry } = await neighbours();
  await two.chain.set("k", entry("old"));
  await clock.advance(0);
  one.lag.data = 50;
  const writing = one.chain.set("k", entry("new"));
  await clock.advance(0);
  middle.write(new Map([["k", entry("old")]]));
  await clock.advance(50);
  await writing;
  expect(middle.read(["k"])[0]?.found).toBe(NO_VALUE);
  expect(await payloadIn(two.chain, "k")).toBe("new");
});

it("a shared tier that can't give tickets keeps nobody from the farther one", async () => {
  const { clock, middle, one, entry } = await neighbours();
  await one.chain.set("k", entry("first"));
  await clock.advance(0);
  one.link.hold(({ operation }) => operation === "guards.tickets");
  const writing = one.chain.set("k", entry("second"));
  expect(one.link.held).toHaveLength(1);
  one.link.held[0]?.lose();
  await writing;
  one.link.flow();
  await clock.advance(0);
  expect(middle.read(["k"])[0]?.found).toBe(NO_VALUE);
  expect(await payloadIn(one.chain, "k")).toBe("second");
});
