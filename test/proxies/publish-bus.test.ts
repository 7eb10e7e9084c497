import { RecordingListener, settled } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { Published, unknown } from "./published.ts";
import { entryOf } from "./support.ts";

const whats = (incidents: readonly { readonly what: string }[]) => incidents.map(({ what }) => what);

describe("a bus that does not take what is said", () => {
  test("fails no write; it is told once, and the feed is silent until it works again", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    one.port.refuses = new Error("the bus is down");
    expect((await one.region.set("a", 1)).confirmed).toBe(true);
    expect((await one.region.delete("b")).confirmed).toBe(true);
    expect([one.feed.live, one.coherence]).toEqual([false, ["uncertain", "silent"]]);
    expect(whats(one.incidents)).toEqual(["the bus can't be reached"]);
    one.port.mend();
    await world.clock.advance(1200);
    expect([one.feed.live, one.coherence]).toEqual([true, ["uncertain", "silent", "resumed"]]);
    // What could not be said is missed by the others, and they know it.
    expect(two.coherence).toEqual(["uncertain", "uncertain"]);
  });

  test("or hangs, keeps a write for its deadline and the next ones not at all", async () => {
    const world = new Published();
    const one = await world.start();
    one.port.cut();
    one.port.hangs = true;
    let done = 0;
    const write = () => void Promise.resolve(one.backend.delete("a")).then(() => (done += 1));
    write();
    await world.clock.advance(99);
    expect([done, one.view.calls]).toEqual([0, []]);
    await world.clock.advance(1);
    expect(done).toBe(1);
    write();
    await settled();
    expect(done).toBe(2);
    expect(whats(one.incidents)).toEqual(["the bus is slow"]);
  });

  test("is waited for again as soon as it answers", async () => {
    const world = new Published();
    const one = await world.start();
    one.port.hangs = true;
    one.port.cut();
    const first = one.backend.delete("a");
    await world.clock.advance(100);
    await first;
    one.port.mend();
    await world.clock.advance(1000);
    one.port.hangs = true;
    let done = false;
    const second = Promise.resolve(one.backend.delete("a")).then(() => {
      done = true;
    });
    await settled();
    expect(done).toBe(false);
    await world.clock.advance(100);
    await second;
  });

  test("or can't be joined, is joined as soon as it can", async () => {
    const world = new Published();
    let broken = true;
    const port = world.bus.port();
    const bus = {
      name: "late",
      join: (listener: Parameters<typeof port.join>[0]) => {
        if (broken) throw new Error("not yet");
        return port.join(listener);
      },
    };
    const one = await world.start({ bus });
    await one.backend.delete("a");
    expect(one.feed.live).toBe(false);
    broken = false;
    await world.clock.advance(2000);
    expect(one.feed.live).toBe(true);
    expect(one.heard.uncertainties).toEqual(["started"]);
  });
});

describe("a bus that loses", () => {
  test("a notice: it is missed with the next heartbeat, and near entries are confirmed before they are served", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.region.setMulti(
      new Map([
        ["a", "old"],
        ["b", "same"],
      ]),
    );
    await two.region.getMulti(["a", "b"]);
    two.port.losesHeard = () => true;
    await one.region.set("a", "new");
    await settled();
    two.port.mend();
    await world.clock.advance(1000);
    expect(two.heard.uncertainties).toEqual(["started", "messages were lost"]);
    two.view.calls.length = 0;
    expect(await two.region.getMulti(["a", "b"])).toEqual(["new", "same"]);
    expect(await two.region.getMulti(["a", "b"])).toEqual(["new", "same"]);
    // A plain store has no revisions: what is there is read and compared, once.
    expect(two.view.calls.filter((call) => call.includes("r:b"))).toEqual(["getMulti r:a,r:b"]);
  });

  test("everything, without a word: silence within the bound, and what was missed is known when it ends", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    two.port.cut();
    await world.clock.advance(4000);
    expect([two.feed.live, two.heard.silences.length]).toEqual([false, 1]);
    await one.region.delete("a");
    two.port.mend();
    await world.clock.advance(1200);
    expect([two.feed.live, two.heard.events.at(-1)]).toEqual([true, "uncertain messages were lost"]);
    expect(two.heard.resumptions).toBe(0);
  });

  test("nothing that mattered: the feed goes on", async () => {
    const world = new Published();
    const [, two] = [await world.start(), await world.start()];
    two.port.cut();
    await world.clock.advance(4000);
    two.port.mend();
    await world.clock.advance(1200);
    expect(two.heard.events).toEqual(["uncertain started", "silent", "resumed"]);
  });

  test("what is said to a deaf process: it does not go on before it has heard of everybody", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await world.clock.advance(1000);
    two.port.cut();
    await world.clock.advance(4000);
    await one.region.delete("a");
    two.port.mend();
    // Its own words come back, the other's do not yet.
    two.port.losesHeard = (text) => !text.includes('"hello"');
    await world.clock.advance(2200);
    expect(two.feed.live).toBe(false);
    two.port.mend();
    await world.clock.advance(1200);
    expect([two.feed.live, two.heard.uncertainties]).toEqual([true, ["started", "messages were lost"]]);
  });

  test("the first words of a process: whoever speaks unknown may have told anything", async () => {
    const world = new Published();
    const one = await world.start();
    one.port.losesHeard = () => true;
    const two = await world.start();
    await two.backend.delete("a");
    await settled();
    one.port.mend();
    await world.clock.advance(1000);
    expect(one.heard.uncertainties).toEqual(["started", "messages were lost"]);
  });
});

describe("a process", () => {
  test("that joins begins uncertain, and hears nothing of what was before", async () => {
    const world = new Published();
    const one = await world.start();
    await one.region.delete("a");
    const two = await world.start();
    expect(two.heard.events).toEqual(["uncertain started"]);
  });

  test("that vanishes without a word is doubted once, and forgotten", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    two.port.cut();
    await world.clock.advance(20_000);
    expect(one.heard.uncertainties).toEqual(["started", "a process is gone without a word"]);
    expect(one.feed.live).toBe(true);
  });

  test("that says good-bye is not doubted", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await two.region.delete("a");
    await two.backend.close();
    await world.clock.advance(20_000);
    expect(one.heard.uncertainties).toEqual(["started"]);
  });

  test("that comes back after it was taken for gone is a stranger who may have told anything", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await two.backend.delete("a");
    two.port.cut();
    await world.clock.advance(5000);
    await two.backend.delete("b");
    two.port.mend();
    await world.clock.advance(1200);
    expect(one.heard.uncertainties).toEqual(["started", "a process is gone without a word", "messages were lost"]);
  });

  test("that is deaf itself takes nobody for gone", async () => {
    const world = new Published();
    const [, two] = [await world.start(), await world.start()];
    two.port.cut();
    await world.clock.advance(20_000);
    two.port.mend();
    await world.clock.advance(1200);
    expect(two.heard.uncertainties).toEqual(["started"]);
  });

  test("whose bus says that it can't be heard is silent at once", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.backend.delete("a");
    one.port.hold();
    one.port.tellSilent("the link is down");
    expect([one.feed.live, one.heard.silences]).toEqual([false, ["the link is down"]]);
    // Neither what it has said before nor what others say proves that everything is heard again.
    await two.backend.delete("b");
    one.port.flow();
    await settled();
    expect(one.feed.live).toBe(false);
    await world.clock.advance(1200);
    expect([one.feed.live, one.heard.resumptions]).toEqual([true, 1]);
  });

  test("whose bus says that something was lost is uncertain: at once, or when it is heard again", async () => {
    const world = new Published();
    const one = await world.start();
    one.port.tellLost("trimmed");
    expect(one.heard.uncertainties).toEqual(["started", "trimmed"]);
    one.port.tellSilent("the link is down");
    one.port.tellLost("trimmed again");
    await world.clock.advance(1200);
    expect(one.heard.uncertainties).toEqual(["started", "trimmed", "trimmed again"]);
    expect(one.heard.resumptions).toBe(0);
  });

  test("whose words come back goes on at once, in the same instant", async () => {
    const world = new Published();
    const one = await world.start();
    one.port.tellSilent("the link is down");
    await one.backend.delete("a");
    await settled();
    expect([one.feed.live, one.heard.resumptions]).toEqual([true, 1]);
  });

  test("that hears again asks who is there, and does not wait for their heartbeats", async () => {
    const world = new Published();
    const [, two] = [await world.start(), await world.start()];
    await world.clock.advance(500);
    two.port.tellSilent("the link is down");
    await world.clock.advance(490);
    expect(two.feed.live).toBe(false);
    // Its next heartbeat asks, after that of the other one, whose next comes a second later.
    two.port.losesHeard = (text) => text.includes('"beat"') && world.clock.now() - 1_700_000_000_000 < 1001;
    await world.clock.advance(130);
    expect(two.feed.live).toBe(true);
  });

  test("that hears a message twice tells it once", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    await one.backend.set("a", entryOf(1), { fill: true });
    await settled();
    two.port.arrives(world.bus.said.find((text) => text.includes("notice")) as string);
    await settled();
    expect(two.heard.events).toEqual(["uncertain started", "changed a", "filled a"]);
  });

  test("gets a new subscriber: what that one holds is from before, whether the feed is live or silent", async () => {
    const world = new Published();
    const one = await world.start();
    const live = new RecordingListener();
    one.feed.subscribe(live);
    await settled();
    expect(live.events).toEqual(["uncertain started"]);
    one.port.tellSilent("the link is down");
    const silent = new RecordingListener();
    one.feed.subscribe(silent);
    await world.clock.advance(1200);
    expect(silent.events).toEqual(["uncertain started"]);
  });

  test("whose change ends can't end another one that is of a later membership", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    const first = two.view.hold((operation) => operation === "delete");
    const deletedA = two.backend.delete("a");
    await settled();
    await two.region.close();
    two.leave();
    await settled();
    const second = two.view.hold((operation) => operation === "delete");
    const deletedB = two.backend.delete("b");
    await settled();
    let isOver = false;
    void one.heard.notices.at(-1)?.settled?.then(() => {
      isOver = true;
    });
    first();
    await deletedA;
    await settled();
    expect([one.heard.changedKeys, isOver]).toEqual([["a", "b"], false]);
    second();
    await deletedB;
    await settled();
    expect(isOver).toBe(true);
  });

  test("leaves no timer of what was announced or asked", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    one.view.outcome = unknown;
    await one.backend.delete("a");
    await settled();
    for (const { region, backend } of [one, two]) {
      await region.close();
      await backend.close();
    }
    expect(world.clock.pending).toBe(0);
  });

  test("leaves nothing behind: no timer, no link, no word", async () => {
    const world = new Published();
    const one = await world.start();
    await one.region.set("a", 1);
    await one.region.close();
    await one.backend.close();
    expect([one.port.joined, world.clock.pending, one.feed.live]).toEqual([0, 0, false]);
    const { length } = world.bus.said;
    await world.clock.advance(10_000);
    expect(world.bus.said).toHaveLength(length);
  });

  test("whose last subscriber has left, leaves; its next change comes from a new one", async () => {
    const world = new Published();
    const [one, two] = [await world.start(), await world.start()];
    const go = two.view.hold((operation) => operation === "delete");
    const deleted = two.backend.delete("a");
    await settled();
    await two.region.close();
    expect(two.port.joined).toBe(1);
    two.leave();
    await settled();
    expect(two.port.joined).toBe(0);
    go();
    await deleted;
    await settled();
    expect(one.heard.changedKeys).toEqual(["a"]);
    await two.backend.close();
    expect(two.port.joined).toBe(0);
  });
});

test("what is no message is reported, and harms nobody", async () => {
  const world = new Published();
  const one = await world.start();
  const texts = [
    "",
    "[]",
    "null",
    '{"cascata":2,"kind":"hello","from":"x","number":0,"at":1}',
    '{"cascata":1,"kind":"notice","from":"x","number":1,"at":1}',
    '{"cascata":1,"kind":"notice","from":"x","number":1,"at":1,"notice":{"keys":[1]}}',
    '{"cascata":1,"kind":"notice","from":"x","number":1,"at":1,"notice":{"marks":[{"name":"a"}]}}',
    '{"cascata":1,"kind":"beat","from":"x","number":-1,"at":1}',
  ];
  const link = world.bus.port().join({ message: () => undefined, silent: () => undefined, lost: () => undefined });
  for (const text of texts) await link.send(text);
  await settled();
  expect(whats(one.incidents)).toEqual(texts.map(() => "unreadable message on the bus"));
  expect(one.heard.events).toEqual(["uncertain started"]);
});
