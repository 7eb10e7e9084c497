import { TimeoutError, UnavailableError } from "@cascata/core";
import { ManualClock } from "@cascata/testing";
import { expect, it } from "vitest";
import { Failed } from "../../packages/redis/src/answer.ts";
import { Line } from "../../packages/redis/src/line.ts";
import { Link, type LinkState } from "../../packages/redis/src/link.ts";
import { FakeClient } from "./fake-client.ts";

function setUp(): { clock: ManualClock; clients: FakeClient[]; link: Link; line: Line; states: LinkState[] } {
  const clock = new ManualClock();
  const clients: FakeClient[] = [];
  const states: LinkState[] = [];
  const link = new Link({
    what: "test",
    topology: "single",
    borrowed: false,
    clock,
    attemptMs: 1000,
    source: () => {
      const client = new FakeClient();
      clients.push(client);
      return client;
    },
    greet: async () => {},
    changed: (state) => void states.push(state),
    noticed: () => {},
  });
  link.start();
  return { clock, clients, link, line: new Line("redis", link, "single", clock, 250), states };
}

const get = { what: "get", keyCount: 1, args: ["GET", "a"] };

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

it("a request waits for the first attempt, and is sent when it succeeds", async () => {
  const { clients, line } = setUp();
  const answer = line.ask(get);
  expect(clients[0]?.sent).toEqual([]);
  clients[0]?.up();
  await turns();
  expect(clients[0]?.sent).toEqual([["GET", "a"]]);
  clients[0]?.reply("value");
  expect(await answer).toBe("value");
});

it("a request that still waits at its deadline is never sent", async () => {
  const { clock, clients, line } = setUp();
  const answer = line.ask(get);
  await clock.advance(260);
  const failed = (await answer) as Failed;
  expect(failed.error).toBeInstanceOf(TimeoutError);
  expect(failed.sent).toBe(false);
  clients[0]?.up();
  await turns();
  expect(clients[0]?.sent).toEqual([]);
});

it("a passed deadline and a lost connection fail at once", async () => {
  const { clock, clients, line } = setUp();
  clients[0]?.up();
  await turns();
  const late = (await line.ask({ ...get, deadline: clock.now() })) as Failed;
  expect([late.error instanceof TimeoutError, late.sent]).toEqual([true, false]);
  clients[0]?.lose(new Error("ECONNRESET"));
  const down = (await line.ask(get)) as Failed;
  expect([down.error instanceof UnavailableError, down.sent]).toEqual([true, false]);
  expect(clients[0]?.sent).toEqual([]);
});

it("an answer that comes after the deadline harms nobody", async () => {
  const { clock, clients, line } = setUp();
  clients[0]?.up();
  await turns();
  const answer = line.ask(get);
  await clock.advance(260);
  const failed = (await answer) as Failed;
  expect([failed.error instanceof TimeoutError, failed.sent, failed.answered]).toEqual([true, true, false]);
  clients[0]?.reply("late");
  await turns();
  expect(line.missing).toBe(false);
});

it("a mute connection is given up after three misses and made anew; one that answers is kept", async () => {
  const { clock, clients, line, states } = setUp();
  clients[0]?.up();
  await turns();
  for (let miss = 0; miss < 3; miss++) {
    const answer = line.ask(get);
    await clock.advance(260);
    expect(await answer).toBeInstanceOf(Failed);
  }
  expect([clients[0]?.destroyed, states]).toEqual([true, ["up", "down"]]);
  await clock.advance(60);
  clients[1]?.up();
  await turns();
  for (let miss = 0; miss < 6; miss++) {
    const answer = line.ask(get);
    await clock.advance(260);
    await answer;
    clients[1]?.reply("late");
    await turns();
  }
  expect(clients[1]?.destroyed).toBe(false);
});

it("server errors are answers: surely not done, and no miss", async () => {
  const { clients, line } = setUp();
  clients[0]?.up();
  await turns();
  const answer = line.ask(get);
  clients[0]?.refuse(new Error("OOM command not allowed"));
  const failed = (await answer) as Failed;
  expect([failed.code, failed.sent, failed.answered]).toEqual(["OOM", true, true]);
});

it("what the client must hold back behind a full socket is taken back at the deadline", async () => {
  const { clock, clients, line } = setUp();
  clients[0]?.up();
  await turns();
  const answer = line.ask({ ...get, args: ["SET", "a", "x".repeat(20_000)] });
  expect(clients[0]?.signals[0]?.aborted).toBe(false);
  await clock.advance(260);
  const failed = (await answer) as Failed;
  expect([failed.error instanceof TimeoutError, failed.sent]).toEqual([true, false]);
});

it("an attempt that hangs is given up, and the next one has a client of its own", async () => {
  const { clock, clients, states } = setUp();
  await clock.advance(1001);
  expect([clients[0]?.destroyed, states]).toEqual([true, ["down"]]);
  await clock.advance(60);
  expect(clients).toHaveLength(2);
  clients[0]?.up();
  await turns();
  expect(states).toEqual(["down"]);
});

it("an open connection keeps the process alive only while somebody waits", async () => {
  const { clients, line } = setUp();
  clients[0]?.up();
  await turns();
  expect(clients[0]?.refs).toBe(false);
  const answer = line.ask(get);
  expect(clients[0]?.refs).toBe(true);
  clients[0]?.reply(null);
  await answer;
  expect(clients[0]?.refs).toBe(false);
});

it("after close nothing is tried again", async () => {
  const { clock, clients, link } = setUp();
  link.close();
  await clock.advance(10_000);
  expect([clients.length, clients[0]?.destroyed, link.state]).toEqual([1, true, "closed"]);
});
