import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { keepTable, type TableRow } from "../support/keep-table.ts";
import { describeWithServers } from "../support/needs.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { scaled } from "../support/scale.ts";
import { until } from "../support/until.ts";
import { ChaosProcess } from "./support/chaos-process.ts";
import type { FloodResult, Vitals } from "./support/worker.ts";

const mebi = 1024 * 1024;
const perSecond = 2000;
const pausedMs = scaled(10_000, 60_000);
const warmUpMs = scaled(6000, 15_000);

describeWithServers(["redis-server"], "a paused Redis under load", () => {
  const rows: TableRow[] = [];
  afterAll(() =>
    keepTable("chaos-flood", `Redis paused for ${pausedMs / 1000} s at ${perSecond} misses a second`, rows),
  );

  it("memory grows by less than 20 MiB and comes back; every call is answered", { timeout: 180_000 }, async () => {
    await using server = await startRedisServer();
    // A small memory tier, so that what grows is not what was asked to be kept.
    await using worker = await ChaosProcess.start({ redis: { url: server.url }, maxEntries: 1000 });
    await worker.live();
    const healthy = await worker.call<FloodResult>("flood", warmUpMs, perSecond);
    const before = await worker.call<Vitals>("vitals");
    const reach = Math.max(healthy.peakRss, before.rss);
    server.pause();
    const paused = await worker.call<FloodResult>("flood", pausedMs, perSecond);
    server.resume();
    await until("Redis is back for the worker", () => worker.call<boolean>("set", "back", 1));
    await pause(1500);
    const again = await worker.call<FloodResult>("flood", 2000, perSecond);
    const after = await worker.call<Vitals>("vitals");
    const row = (when: string, { asked, answered, slowestMs }: FloodResult, rss: number, heap: number | string) => ({
      when,
      misses: asked,
      answered,
      "slowest ms": Math.round(slowestMs),
      "RSS MiB": Math.round(rss / mebi),
      "heap MiB": heap,
    });
    const heapOf = ({ heap }: Vitals): number => Math.round((heap / mebi) * 10) / 10;
    rows.push(row("healthy, before", healthy, reach, heapOf(before)));
    rows.push(row("paused", paused, paused.peakRss, ""));
    rows.push(row("healthy, after", again, after.rss, heapOf(after)));
    expect.soft(paused.answered).toBe(paused.asked);
    expect.soft((paused.peakRss - reach) / mebi, "growth while paused, MiB").toBeLessThan(20);
    expect.soft((after.rss - reach) / mebi, "what is left of it, MiB").toBeLessThan(10);
    expect.soft((after.heap - before.heap) / mebi, "heap, MiB").toBeLessThan(5);
    expect.soft(after.warnings).toEqual([]);
  });
});
