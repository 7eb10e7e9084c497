import { setTimeout as pause } from "node:timers/promises";
import { RedisBackend } from "@cascata/redis";
import { RecordingListener } from "@cascata/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { freshEntry, inShort, leaseRequest } from "../support/redis-entries.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";

describeWithServers(["redis-server"], "redis: the feed through faults", () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  /** Behind the proxy. */
  let one: RedisBackend;
  let other: RedisBackend;
  let heard: RecordingListener;

  beforeEach(async () => {
    server = await startRedisServer();
    proxy = await TcpProxy.start(server);
    one = new RedisBackend({ url: proxy.url });
    other = new RedisBackend({ url: server.url });
    heard = new RecordingListener();
    one.changes?.subscribe(heard);
    await until("the feed is live", () => one.changes?.live === true);
  });
  afterEach(async () => {
    await Promise.all([one.close(), other.close()]);
    await proxy.stop();
    await server.stop();
  });

  it("a cut of a second loses none of 500 deletes, and keeps their order", async () => {
    await proxy.refuse();
    proxy.cut();
    const keys = Array.from({ length: 500 }, (_, index) => `k${index}`);
    for (const key of keys) await other.delete(key);
    await pause(500);
    await proxy.accept();
    await until("it has resumed", () => heard.resumptions === 1);
    expect(heard.changedKeys).toEqual(keys);
    expect(heard.uncertainties).toEqual(["started"]);
  });

  it("a dead link that reports no error is silent within the bound, and loses nothing", async () => {
    proxy.blackHole();
    const start = performance.now();
    await until("it is silent", () => heard.silences.length === 1, 3000);
    expect(performance.now() - start).toBeLessThan(1500);
    expect(one.changes?.live).toBe(false);
    await other.delete("missed");
    proxy.heal();
    await until("it has resumed", () => heard.resumptions === 1);
    expect(heard.changedKeys).toEqual(["missed"]);
  });

  it("a place that was trimmed away in part: uncertain first, then what is left", async () => {
    await proxy.refuse();
    proxy.cut();
    for (let index = 0; index < 5; index++) await other.delete(`k${index}`);
    await server.command("XTRIM", "{cascata}:feed", "MAXLEN", "2");
    await proxy.accept();
    await until("it is uncertain", () => heard.uncertainties.length === 2);
    await until("the rest is told", () => heard.changedKeys.length === 2);
    expect(heard.events.slice(-3)).toEqual([expect.stringMatching(/^uncertain/), "changed k3", "changed k4"]);
    expect([heard.resumptions, one.changes?.live]).toEqual([0, true]);
  });

  it("a server that came back from an older snapshot begins a new epoch", async () => {
    await other.set("a", freshEntry("snapshot"));
    await server.command("SAVE");
    await other.set("a", freshEntry("after"));
    const before = one.changes?.position;
    await server.kill();
    await server.restart();
    await until("it is uncertain", () => heard.uncertainties.length === 2);
    await until("it answers", async () => inShort(await one.get("a")) === "snapshot");
    expect(one.changes?.position?.epoch).not.toBe(before?.epoch);
    await until("deletes are told", async () => {
      await other.delete("told");
      return heard.changedKeys.includes("told");
    });
  });

  it("an emptied server that nobody restarted is noticed with the next change", async () => {
    await server.command("FLUSHALL");
    await other.delete("a");
    await until("it is uncertain", () => heard.uncertainties.length === 2);
    await until("the change is told", () => heard.changedKeys.includes("a"));
  });

  it("only a fill that somebody waits for is told, and a lease that was given back", async () => {
    await other.get("a", { lease: leaseRequest("t1") });
    await other.set("a", freshEntry(1), { ticket: "t1" });
    await other.get("b", { lease: leaseRequest("t2") });
    await one.get("b", { lease: leaseRequest("waits") });
    await other.set("b", freshEntry(1), { ticket: "t2" });
    await other.get("c", { lease: leaseRequest("t3") });
    await one.get("c", { lease: leaseRequest("waits") });
    await other.leases?.release(["c"], "t3");
    await other.delete("end");
    await until("the end is told", () => heard.changedKeys.includes("end"));
    expect([heard.changedKeys, heard.filledKeys]).toEqual([["end"], ["b", "c"]]);
  });

  it("a feed of bounded length is trimmed, and a reader that keeps up misses nothing", async () => {
    const short = new RedisBackend({ url: server.url, namespace: "short", feed: { length: 100 } });
    const kept = new RecordingListener();
    short.changes?.subscribe(kept);
    await until("the feed is live", () => short.changes?.live === true);
    for (let index = 0; index < 500; index++) await short.delete(`k${index}`);
    await until("all is told", () => kept.changedKeys.length === 500);
    expect(kept.uncertainties).toEqual(["started"]);
    expect(Number(await server.command("XLEN", "{short}:feed"))).toBeLessThan(300);
    await short.close();
  });
});
