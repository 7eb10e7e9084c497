import type { AnyRedisLike, RedisArgument } from "@cascata/redis";
import { ManualClock, settled } from "@cascata/testing";
import { expect, it } from "vitest";
import { Greeting } from "../../packages/redis/src/greeting.ts";
import { KeySpace } from "../../packages/redis/src/key-space.ts";
import type { Topology } from "../../packages/redis/src/redis-like.ts";
import { ServerClock } from "../../packages/redis/src/server-clock.ts";
import { FakeClient } from "./fake-client.ts";

const place = { epoch: "e", base: "17-", seq: 3, notices: 2 };

function setUp(topology: Topology) {
  const clock = new ManualClock();
  const serverClock = new ServerClock(clock);
  const greeting = new Greeting(topology, clock, serverClock, new KeySpace("cascata"));
  /** What the script for the place gives on a server whose clock shows `ms`. */
  const placeAt = (ms: number) => ["e", "17-", 3, 2, String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)];
  return { clock, serverClock, greeting, placeAt };
}

const commandOf = ([name, sub]: readonly RedisArgument[]) => (name === "SCRIPT" ? `${name} ${sub}` : name);

it("a single server is given the scripts and asked for the place in one turn: one round trip", async () => {
  const { clock, greeting, placeAt } = setUp("single");
  const client = new FakeClient();
  const greeted = greeting.greet(client);
  const sent = client.sent.map(commandOf);
  expect(sent).toEqual(["EVAL", ...Array.from({ length: 6 }, () => "SCRIPT LOAD")]);
  client.reply(placeAt(clock.now()));
  for (const _ of sent.slice(1)) client.reply("digest");
  expect(await greeted).toEqual(place);
  expect(client.sent).toHaveLength(sent.length);
});

it("the time is measured when the place is told, not when all scripts are loaded", async () => {
  const { clock, serverClock, greeting, placeAt } = setUp("single");
  const client = new FakeClient();
  const asked = clock.now();
  const greeted = greeting.greet(client);
  await clock.advance(10);
  client.reply(placeAt(asked + 60_005));
  await settled();
  await clock.advance(1000);
  for (const _ of client.sent.slice(1)) client.reply("digest");
  await greeted;
  expect(serverClock.offsetMs).toBe(60_000);
});

it("a server that may not be given scripts tells the place all the same", async () => {
  const { clock, greeting, placeAt } = setUp("single");
  const client = new FakeClient();
  const greeted = greeting.greet(client);
  client.reply(placeAt(clock.now()));
  for (const _ of client.sent.slice(1)) client.refuse(new Error("NOPERM no permission to run 'script|load'"));
  expect(await greeted).toEqual(place);
});

it("a connection that is lost while it is greeted is not taken for a greeted one", async () => {
  const { clock, greeting, placeAt } = setUp("single");
  const client = new FakeClient();
  const greeted = greeting.greet(client);
  client.reply(placeAt(clock.now()));
  client.lose(new Error("reset"));
  await expect(greeted).rejects.toThrow("reset");
});

it("a Cluster is asked for the place alone", async () => {
  const { clock, greeting, placeAt } = setUp("cluster");
  const sent: (readonly RedisArgument[])[] = [];
  const cluster = {
    sendCommand: (_key: string, _isReadonly: boolean, args: readonly RedisArgument[]) => {
      sent.push(args);
      return Promise.resolve(placeAt(clock.now()));
    },
  };
  expect(await greeting.greet(cluster as unknown as AnyRedisLike)).toEqual(place);
  expect(sent.map(commandOf)).toEqual(["EVAL"]);
});
