import { deferred } from "@cascata/testing";
import { expect, it } from "vitest";
import { Cluster, Road } from "./cluster.ts";

it("what another process has renewed, and is invalid again when that is read, is created under a lease", async () => {
  const cluster = new Cluster();
  const { clock } = cluster;
  const road = new Road(clock);
  road.lags = (operation) => operation === "get";
  const life = { ttl: 100, grace: "1m" } as const;
  const [a, b] = [cluster.open({ far: cluster.client({ transport: road.transport }), ...life }), cluster.open(life)];
  await cluster.connected();
  await b.getOrCreate("k", () => 1);
  await clock.advance(200);
  road.lag.data = 50;
  road.lag.feed = 70;
  const made = deferred<number>();
  const first = a.getOrCreate("k", () => made.promise);
  await clock.advance(1);
  // b renews what a is told of as stale; a, which has not heard of it, asks again with that revision rejected.
  expect(await b.getOrCreate("k", () => 2)).toBe(2);
  road.lag.data = 100;
  await clock.advance(60);
  await b.invalidate();
  await clock.advance(200);
  Object.assign(road.lag, { data: 0, feed: 0 });
  await clock.advance(300);
  let calls = 0;
  const second = b.getOrCreate("k", () => {
    calls += 1;
    return 4;
  });
  await clock.advance(1);
  made.resolve(3);
  await clock.advance(10);
  expect([await first, await second, calls]).toEqual([3, 3, 0]);
});
