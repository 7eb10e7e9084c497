import { deferred, SlowProxy } from "@cascata/testing";
import { expect, it } from "vitest";
import { Cluster } from "./cluster.ts";

it("a lease that ended before its answer was read is asked for anew: another process may be creating", async () => {
  const cluster = new Cluster();
  const { clock } = cluster;
  const slow = new SlowProxy(cluster.client(), { clock, delayMs: 0, when: "after" });
  const [a, b] = [cluster.open({ far: slow, lease: "100ms" }), cluster.open({ lease: "100ms" })];
  await cluster.connected();
  const made = deferred<string>();
  let calls = 0;
  slow.delay(200);
  const late = a.getOrCreate("k", () => {
    calls += 1;
    return "a";
  });
  await clock.advance(150);
  const creating = b.getOrCreate("k", () => made.promise);
  slow.delay(0);
  await clock.advance(60);
  expect(calls).toBe(0);
  made.resolve("b");
  await clock.advance(2000);
  expect([await creating, await late, calls]).toEqual(["b", "b", 0]);
});
