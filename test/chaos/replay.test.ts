import { NO_VALUE } from "@cascata/core";
import { expect, it } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import { openRegion, type ProcessRegion } from "./support/process-region.ts";

const live = ({ redis }: ProcessRegion<unknown>): boolean => redis.changes?.live === true;

describeWithServers(["redis-server"], "sets that Redis missed", () => {
  it.each([
    [
      "unreachable",
      async (proxy: TcpProxy) => {
        await proxy.refuse();
        proxy.cut();
      },
      (proxy: TcpProxy) => proxy.accept(),
    ],
    ["silent", async (proxy: TcpProxy) => proxy.blackHole(), async (proxy: TcpProxy) => proxy.heal()],
  ] as const)(
    "are stored when it is back, unless somebody has changed the key: %s",
    { timeout: 60_000 },
    async (_how, begin, end) => {
      await using server = await startRedisServer();
      await using proxy = await TcpProxy.start(server);
      await using own = openRegion({ redis: { url: proxy.url } });
      await using other = openRegion({ redis: { url: server.url } });
      for (const one of [own, other]) await one.region.get("first").catch(() => undefined);
      await until("both hear the feed", () => live(own) && live(other), 20_000);
      const before = new Map(["kept", "changed", "deleted"].map((key) => [key, "old"]));
      await until("they are stored", async () => (await own.region.setMulti(before)).confirmed);

      await begin(proxy);
      const report = await own.region.setMulti(
        new Map([
          ["kept", "missed"],
          ["changed", "missed"],
          ["deleted", "missed"],
        ]),
      );
      expect(report.confirmed).toBe(false);
      await other.region.set("changed", "newer");
      await other.region.delete("deleted");
      await end(proxy);
      await report.settled;
      // A machine with other work to do may not answer in time.
      const reads = async ({ region }: ProcessRegion<unknown>): Promise<boolean> =>
        (await region.get("kept").catch(() => undefined)) === "missed";
      await until("the missed value is there", () => reads(other), 5000);
      await until("it is there for its writer", () => reads(own), 5000);
      for (const key of ["changed", "deleted"]) {
        let found: unknown;
        await until("it can be read", async () => {
          found = await other.region.get(key).catch(() => undefined);
          return found !== undefined;
        });
        expect([key, found]).toEqual([key, NO_VALUE]);
      }
    },
  );
});
