import { RedisBackend } from "@cascata/redis";
import { RecordingListener } from "@cascata/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { freshEntry, inShort, leaseRequest } from "../support/redis-entries.ts";
import { type RedisSentinels, startRedisSentinels } from "../support/redis-sentinel.ts";
import { until } from "../support/until.ts";

describeWithServers(["redis-server"], "redis: Sentinel", () => {
  let sentinels: RedisSentinels;

  beforeAll(async () => {
    sentinels = await startRedisSentinels();
  });
  afterAll(() => sentinels.stop());

  function open(): RedisBackend {
    const sentinelRootNodes = sentinels.sentinels.map(({ host, port }) => ({ host, port }));
    return new RedisBackend({ connect: { name: sentinels.name, sentinelRootNodes } });
  }

  it("stores, leases and tells through the primary, and goes on after a failover", async () => {
    const [one, other] = [open(), open()];
    const heard = new RecordingListener();
    one.changes?.subscribe(heard);
    await until("the feed is live", () => one.changes?.live === true);
    expect(await one.set("a", freshEntry(1))).toMatchObject({ status: "stored" });
    expect(inShort(await other.get("a"))).toBe(1);
    const lease = leaseRequest("t");
    await other.getMulti(["a", "b"], { lease });
    expect([...lease.answers.keys()]).toEqual(["b"]);
    await other.delete("a");
    await until("the delete is told", () => heard.changedKeys.includes("a"));
    const epoch = one.changes?.position?.epoch;

    const primary = await sentinels.primary();
    await primary.kill();
    const slow = performance.now();
    await one.get("a");
    expect(performance.now() - slow).toBeLessThan(400);
    await until(
      "stores go on",
      async () =>
        (await one.set("after", freshEntry(2))).status === "stored" && inShort(await other.get("after")) === 2,
      20_000,
    );
    await until("the feed says that it may have missed something", () => heard.uncertainties.length > 1, 20_000);
    await until("the feed goes on", async () => {
      await other.delete("later");
      return heard.changedKeys.includes("later");
    });
    expect(one.changes?.position?.epoch).not.toBe(epoch);
    await Promise.all([one.close(), other.close()]);
  }, 60_000);
});
