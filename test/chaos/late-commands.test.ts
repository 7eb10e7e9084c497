import { setTimeout as pause } from "node:timers/promises";
import { isNoValue } from "@cascata/core";
import { expect, it } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { RedisMonitor } from "../support/redis-monitor.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import { outages } from "./support/outages.ts";
import { openRegion } from "./support/process-region.ts";

const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);

describeWithServers(["redis-server"], "nothing reaches Redis after its deadline", () => {
  // Those after which the values from before are still there to be overwritten.
  const lasting = outages.filter(({ name }) => ["paused", "black-holed", "slow (500 ms)", "flapping"].includes(name));

  it.each(lasting)("$name: what was written into the outage never overwrites what came after it", async (outage) => {
    await using scene = await outage.open();
    await using own = openRegion<string>({ redis: scene.redis });
    await own.region.setMulti(new Map(keys.map((key) => [key, "before"])));
    await scene.begin();
    const lost = [
      ...keys.slice(0, 25).map((key) => own.region.set(key, "lost")),
      own.region.setMulti(new Map(keys.slice(25, 50).map((key) => [key, "lost"]))),
      ...keys.slice(50, 75).map((key) => own.region.delete(key)),
      ...keys.slice(75).map((key) => own.region.getOrCreate(key, () => "lost", { forceRefresh: true })),
    ];
    await Promise.all(lost);
    await pause(300);
    await scene.end();
    await using other = openRegion<string>({ redis: scene.redis });
    const written = new Map(keys.map((key) => [key, "new"]));
    await until("the new values are stored", async () => (await other.region.setMulti(written)).confirmed);
    // What waits in sockets and what is still owed has come by then; the late deletes may have taken new values away.
    for (let count = 0; count < 10; count += 1) {
      await using third = openRegion<string>({ redis: scene.redis });
      let found: readonly unknown[] = [];
      await until("all keys can be read", async () => {
        found = await third.region.getMulti(keys);
        return true;
      });
      const old = keys.filter((_, index) => !isNoValue(found[index]) && found[index] !== "new");
      expect(old, "keys with an older value").toEqual([]);
      await pause(100);
    }
  });

  it("a link that was refused: no command of that time is sent when it is back", async () => {
    await using server = await startRedisServer();
    await using proxy = await TcpProxy.start(server);
    await using own = openRegion<string>({ redis: { url: proxy.url } });
    await until("it is connected", () => own.redis.changes?.live === true);
    await using monitor = await RedisMonitor.start(server.port);
    await proxy.refuse();
    proxy.cut();
    await until("it is noticed", () => own.redis.health().state === "down");
    await Promise.allSettled(keys.map((key) => own.region.getOrCreate(`lost-${key}`, () => "made")));
    await Promise.allSettled(keys.map((key) => own.region.get(`lost-${key}-too`)));
    await proxy.accept();
    await until("it is connected again", async () => {
      await own.region.get("probe").catch(() => undefined);
      return own.redis.health().state === "up" && own.redis.changes?.live === true;
    });
    await pause(300);
    const seen = await monitor.take();
    expect(seen.filter((command) => command.some((part) => part.includes("lost-")))).toEqual([]);
  });
});
