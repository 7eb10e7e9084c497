import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { keepTable, type TableRow } from "../support/keep-table.ts";
import { describeWithServers } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { scaled } from "../support/scale.ts";
import { ChaosProcess } from "./support/chaos-process.ts";
import type { StampedeResult } from "./support/worker.ts";

const runs = scaled(10, 100);
const callers = 200;
const creatorMs = 100;
/** What a stampede's answers may take beyond the creator's own time. */
const slackMs = 50;

function row(key: string, count: number, calls: number | string, slowestMs: number): TableRow {
  return { key, runs: count, "creator calls a run": calls, "slowest answer ms": Math.round(slowestMs) };
}

describeWithServers(["redis-server"], "stampede: 3 processes, 200 callers each", () => {
  let redis: RedisServer;
  let workers: readonly ChaosProcess[];
  const rows: TableRow[] = [];

  beforeAll(async () => {
    redis = await startRedisServer();
    const settings = { redis: { url: redis.url }, region: { ttl: "300ms" } } as const;
    workers = await Promise.all([1, 2, 3].map(() => ChaosProcess.start(settings)));
    await Promise.all(workers.map((worker) => worker.live()));
    // The first run compiles everything.
    await rush("warm-up", false);
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
    await redis.stop();
    keepTable("chaos-stampede", `Stampedes: 3 processes, ${callers} callers each, a creator of ${creatorMs} ms`, rows);
  });

  async function rush(key: string, fails: boolean): Promise<readonly StampedeResult[]> {
    return Promise.all(
      workers.map((worker) => worker.call<StampedeResult>("stampede", key, callers, creatorMs, fails)),
    );
  }

  const prepare: Readonly<Record<string, (key: string) => Promise<void>>> = {
    cold: async () => undefined,
    expired: async (key) => {
      await Promise.all(workers.map((worker) => worker.call("getOrCreate", key, "old")));
      await pause(320);
    },
    invalidated: async (key) => {
      await Promise.all(workers.map((worker) => worker.call("getOrCreate", key, "old")));
      expect(await workers[0]?.call("delete", key)).toBe(true);
      // So long the others may still have the old value.
      await pause(slackMs);
    },
  };

  it.each(Object.keys(prepare))(
    "%s: one creator call in each run, one value for all",
    { timeout: 180_000 },
    async (how) => {
      let slowest = 0;
      const calls: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        const key = `${how}${run}`;
        await prepare[how]?.(key);
        const results = await rush(key, false);
        calls.push(results.reduce((sum, { created }) => sum + created, 0));
        expect(new Set(results.flatMap(({ outcomes }) => outcomes)).size).toBe(1);
        slowest = Math.max(slowest, ...results.map(({ lastMs }) => lastMs));
      }
      rows.push(row(how, runs, [...new Set(calls)].sort().join(" or "), slowest));
      expect(calls).toEqual(calls.map(() => 1));
    },
  );

  // Who waits for another process's creation shares its failure; a process that asks when it has failed calls its own creator.
  it("a creator that fails: at most one call a process, and one error to all who waited, when it has failed", {
    timeout: 180_000,
  }, async () => {
    let slowest = 0;
    let slowestCounted = 0;
    const calls: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const results = await rush(`failing${run}`, true);
      // What one process waits for another one does, so that one's stalls are its own.
      const withheld = Math.max(...results.map(({ withheldMs }) => withheldMs));
      for (const { created, outcomes, lastMs } of results) {
        slowestCounted = Math.max(slowestCounted, lastMs - withheld);
        expect(created).toBeLessThanOrEqual(1);
        expect(outcomes).toHaveLength(1);
        expect(outcomes[0]).toMatch(/^RangeError: process \d+ could not$/);
        slowest = Math.max(slowest, lastMs);
      }
      calls.push(results.reduce((sum, { created }) => sum + created, 0));
      // As many errors as calls: each was shared by all who waited for it.
      expect(new Set(results.flatMap(({ outcomes }) => outcomes)).size).toBe(calls.at(-1));
    }
    rows.push(row("failing", runs, calls.reduce((sum, count) => sum + count, 0) / runs, slowest));
    expect(slowestCounted).toBeLessThan(creatorMs + slackMs);
  });
});
