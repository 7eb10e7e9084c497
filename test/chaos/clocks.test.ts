import { setTimeout as pause } from "node:timers/promises";
import { type Clock, isNoValue, systemClock } from "@cascata/core";
import { afterAll, expect, it } from "vitest";
import { keepTable, type TableRow } from "../support/keep-table.ts";
import { describeWithServers } from "../support/needs.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { scaled } from "../support/scale.ts";
import { until } from "../support/until.ts";
import { openRegion, type ProcessRegion } from "./support/process-region.ts";

const minutes = 60_000;
const ttlMs = scaled(4000, 20_000);

function skewed(offsetMs: number): Clock {
  return {
    now: () => systemClock.now() + offsetMs,
    coarse: () => systemClock.coarse() + offsetMs,
    schedule: (run, ms) => systemClock.schedule(run, ms),
  };
}

/** How long a value that was stored at `from` is there for this process, in milliseconds. */
async function lifetime({ region }: ProcessRegion<string>, key: string, from: number): Promise<number> {
  let seen = 0;
  for (const end = from + ttlMs * 1.2; performance.now() < end; ) {
    if (isNoValue(await region.get(key))) {
      if (seen > 0) break;
    } else seen = performance.now() - from;
    await pause(4);
  }
  return seen;
}

describeWithServers(["redis-server"], "clocks that are ten minutes off", () => {
  const rows: TableRow[] = [];
  afterAll(() => keepTable("chaos-clocks", `Clocks ten minutes off: lifetimes of a ttl of ${ttlMs} ms`, rows));

  it("no live entry is lost, none lives for ever, lifetimes are right to 1 %", { timeout: 60_000 }, async () => {
    await using server = await startRedisServer();
    const offsets = [0, 10 * minutes, -10 * minutes];
    const settings = { redis: { url: server.url }, region: { ttl: ttlMs } } as const;
    const all = offsets.map((offset) => openRegion<string>(settings, skewed(offset)));
    try {
      await until("all hear the feed", () => all.every(({ redis }) => redis.changes?.live === true));
      await Promise.all(
        all.map(async (writer, by) => {
          const key = `by${by}`;
          const from = performance.now();
          expect((await writer.region.set(key, "there")).confirmed).toBe(true);
          const lives = await Promise.all(all.map((reader) => lifetime(reader, key, from)));
          for (const [reader, ms] of lives.entries()) {
            const [written, read] = [offsets[by] ?? 0, offsets[reader] ?? 0].map((offset) => `${offset / minutes} min`);
            rows.push({ "writer's clock": written ?? "", "reader's clock": read ?? "", "lifetime ms": Math.round(ms) });
            expect
              .soft(Math.abs(ms - ttlMs), `written at ${written}, read at ${read}`)
              .toBeLessThanOrEqual(ttlMs / 100);
          }
        }),
      );
    } finally {
      await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
    }
    await until("Redis has forgotten them too", async () => {
      const left = (await server.command("KEYS", "cascata:{*by*")) as string[];
      return left.length === 0;
    });
  });
});
