import { type CacheBackend, CachedValue, type LeaseAnswer, NO_VALUE } from "@cascata/core";
import { AuthorityStore, Link, ManualClock, RecordingListener, ReferenceAuthority } from "@cascata/testing";
import { beforeEach, describe, expect, it } from "vitest";

describe("ReferenceAuthority over a network that fails", () => {
  let clock: ManualClock;
  let store: AuthorityStore;
  let link: Link;
  let far: ReferenceAuthority;

  const entry = (payload: unknown) =>
    new CachedValue(payload, { createdAt: clock.now(), startedAt: clock.now(), formatVersion: 1 });
  const payloadOf = (key: string) => store.read([key])[0]?.found.payload;

  beforeEach(() => {
    clock = new ManualClock();
    store = new AuthorityStore({ clock });
    link = new Link();
    far = new ReferenceAuthority(store, { transport: link.transport });
  });

  it("a write whose request was lost is unknown and has not happened", async () => {
    link.hold();
    const writing = far.set("a", entry(1));
    link.held[0]?.lose();
    expect(await writing).toMatchObject({ status: "unknown" });
    expect(payloadOf("a")).toBe(NO_VALUE);
  });

  it("a write whose answer was lost is unknown and has happened", async () => {
    link.hold();
    const writing = far.deleteMulti(["a", "b"]);
    const before = store.order.seq;
    link.held[0]?.loseAnswer();
    const outcomes = await writing;
    expect([...outcomes.values()].map((one) => one.status)).toEqual(["unknown", "unknown"]);
    expect(store.order.seq).toBe(before + 2);
  });

  it("calls can overtake one another", async () => {
    link.hold((call) => call.operation === "set");
    const writes = [far.set("a", entry("first")), far.set("a", entry("second"))];
    expect(link.held.map((call) => [call.operation, call.keys])).toEqual([
      ["set", ["a"]],
      ["set", ["a"]],
    ]);
    link.held[1]?.deliver();
    link.held[0]?.deliver();
    await Promise.all(writes);
    expect(payloadOf("a")).toBe("first");
  });

  it("a lease whose answer was lost can be taken again by its token", async () => {
    const answers: LeaseAnswer[] = [];
    const lease = { token: "t", ms: 1000, answer: (_: string, answer: LeaseAnswer) => void answers.push(answer) };
    link.hold();
    const reading = far.get("a", { lease });
    link.held[0]?.loseAnswer();
    await expect(reading).rejects.toMatchObject({ code: "BACKEND" });
    expect(answers).toEqual([]);
    link.flow();
    await far.get("a", { lease });
    expect(answers).toMatchObject([{ granted: true }]);
  });

  it("a call is not sent after its deadline, and not waited for beyond it", async () => {
    link.hold();
    expect(await far.set("a", entry(1), { deadline: clock.now() })).toMatchObject({
      status: "failed",
      error: { code: "TIMEOUT" },
    });
    expect(link.held).toEqual([]);
    const reading = far.get("a", { deadline: clock.now() + 50 });
    const failure = expect(reading).rejects.toMatchObject({ code: "TIMEOUT" });
    const writing = far.set("a", entry(1), { deadline: clock.now() + 50 });
    await clock.advance(50);
    await failure;
    expect(await writing).toMatchObject({ status: "unknown", error: { code: "TIMEOUT" } });
    expect(clock.pending).toBe(0);
  });

  it("a stopped store fails every call at once; with its data it goes on, and its feed is told nothing is missing", async () => {
    const heard = new RecordingListener();
    far.changes.subscribe(heard);
    await clock.advance(0);
    await far.set("a", entry(1));
    const waiting = new ReferenceAuthority(store).getMutex("m");
    await far.getMutex("m").acquire();
    const acquired = Promise.resolve(waiting.acquire());
    const failure = expect(acquired).rejects.toMatchObject({ code: "UNAVAILABLE" });
    store.stop();
    await failure;
    expect(await far.set("a", entry(2))).toMatchObject({ status: "failed", error: { code: "UNAVAILABLE" } });
    await expect(far.get("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(far.health().state).toBe("degraded");
    await clock.advance(200);
    store.start();
    await clock.advance(200);
    expect(payloadOf("a")).toBe(1);
    expect(far.health().state).toBe("up");
    expect(heard.events).toEqual(["uncertain started", "changed a", "silent", "resumed"]);
  });

  it("a failover loses what the replica had not seen, in a new epoch, and says so", async () => {
    const heard = new RecordingListener();
    far.changes.subscribe(heard);
    await far.set("a", entry("kept"));
    await far.marks.put(["tag"], "hard", 0);
    const { epoch } = store.order;
    const replica = store.snapshot();
    await far.set("a", entry("lost"));
    store.promote(replica);
    await clock.advance(500);
    expect(payloadOf("a")).toBe("kept");
    expect(await far.marks.lookup(["tag"])).toMatchObject([[{ name: "tag" }]]);
    expect(store.order.epoch).not.toBe(epoch);
    expect(heard.uncertainties).toEqual(["started", "another epoch"]);
    expect(far.changes.position?.epoch).toBe(store.order.epoch);
  });

  it("a link that swallows everything makes the feed silent after its bound", async () => {
    const heard = new RecordingListener();
    far.changes.subscribe(heard);
    await clock.advance(10);
    link.hold();
    await clock.advance(10_000);
    expect(heard.events).toEqual(["uncertain started", "silent"]);
    expect(far.changes.live).toBe(false);
    await new ReferenceAuthority(store).delete("missed");
    link.flow();
    await clock.advance(3000);
    expect(heard.events).toEqual(["uncertain started", "silent", "changed missed", "resumed"]);
  });

  it("a near store keeps the revision that a farther authority gave", async () => {
    const near: CacheBackend = new ReferenceAuthority(new AuthorityStore({ clock, near: true }));
    const revision = { epoch: "far", seq: 5 };
    await near.set("a", new CachedValue(1, { createdAt: 0, startedAt: 0, formatVersion: 1, revision }));
    expect(((await near.get("a")) as CachedValue).metadata.revision).toEqual(revision);
    await near.set("b", entry(1));
    expect(((await near.get("b")) as CachedValue).metadata.revision?.epoch).not.toBe("far");
  });

  it("a lock that nobody releases ends by itself and goes to who waits", async () => {
    const holder = far.getMutex("m");
    const next = far.getMutex("m");
    await holder.acquire();
    let acquired = false;
    const waiting = Promise.resolve(next.acquire()).then(() => {
      acquired = true;
    });
    await clock.advance(29_999);
    expect(acquired).toBe(false);
    await clock.advance(1);
    await waiting;
    await expect(holder.release()).rejects.toMatchObject({ code: "LOCK" });
    await next.release();
    expect(await next.locked()).toBe(false);
  });
});
