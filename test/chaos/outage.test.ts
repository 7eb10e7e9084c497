import { setTimeout as pause } from "node:timers/promises";
import type { Region } from "@cascata/core";
import { seededRandom } from "@cascata/testing";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { keepTable, type TableRow } from "../support/keep-table.ts";
import { describeWithServers } from "../support/needs.ts";
import { scaled } from "../support/scale.ts";
import { until } from "../support/until.ts";
import { create, creatorMs, everyCall } from "./support/every-call.ts";
import { outages } from "./support/outages.ts";
import { openRegion, type ProcessRegion } from "./support/process-region.ts";
import { counted, Stopwatch, type Timing } from "./support/stopwatch.ts";

const deadlineMs = 250;
/** A miss before anybody knows: the deadline, the creator, and what timers may be off. */
const firstMissMs = deadlineMs + creatorMs + 20;
/** A miss once it is known. */
const openMissMs = creatorMs + 10;
const callCount = scaled(1000, 10_000);
const backMs = 1500;
/** A client of sentinels looks for the primary every half second, beside the circuit's own second. */
const backThroughSentinelsMs = 2000;

describeWithServers(["redis-server"], "outages", () => {
  const rows: TableRow[] = [];
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeEach(() => void process.on("unhandledRejection", note));
  afterEach(() => {
    process.off("unhandledRejection", note);
    expect(unhandled.splice(0)).toEqual([]);
  });
  afterAll(() =>
    keepTable("chaos-outages", `Redis away: a creator of ${creatorMs} ms, all options at their defaults`, rows),
  );

  it.each(outages)("$name", { timeout: 120_000 }, async (outage) => {
    await using scene = await outage.open();
    await using own = openRegion({ redis: scene.redis });
    await using other = openRegion({ redis: scene.redis });
    using watch = new Stopwatch();
    const { region } = own;
    if (outage.fromTheStart !== true) await warmUp(own, other);
    else await region.getOrCreate("hot", () => "hot");
    const healthy = await hits(region, watch, 300);

    await scene.begin();
    const first = await watch.time(() => region.getOrCreate("first", create));
    const parallel = await parallelMisses(region, watch, "early");
    // Long enough for the feed's silence to be noticed; within maxStaleness.
    const soon = hits(region, watch, 1800);
    for (let count = 0; count < 3; count += 1) await region.getOrCreate(`then${count}`, create);
    const open: Timing[] = [];
    for (let count = 0; count < 30; count += 1)
      open.push(await watch.time(() => region.getOrCreate(`open${count}`, create)));
    const openParallel = await parallelMisses(region, watch, "late");
    const during = await soon;
    const late = await lateCalls(region, watch);
    await scene.end();
    const back = await sharing(own, other);
    const left = await watch.time(() => parallelMisses(other.region, watch, "early"));

    const openMs = open.map(counted).sort((a, b) => a - b);
    rows.push({
      outage: outage.name,
      "memory hit, healthy µs (median)": Math.round(healthy.medianMs * 1000),
      "memory hit, outage µs (median)": Math.round(during.medianMs * 1000),
      "memory hit, slowest ms": round(during.slowestMs),
      "first miss ms": round(counted(first)),
      "miss later ms (median)": round(openMs[15] ?? 0),
      "miss later ms (slowest)": round(openMs.at(-1) ?? 0),
      "100 parallel misses ms": `${round(counted(parallel))}, then ${round(counted(openParallel))}`,
      [`late of ${callCount} calls`]: late.length,
      "shared again after ms": Math.round(back),
      "then the other's 100 misses ms": round(counted(left)),
    });
    // Where values can be asked for and changes can't be heard, each hit is confirmed, if that takes no longer than milliseconds.
    const asks = outage.answersWithoutFeed === true;
    const slowestHitMs = outage.emptied === true ? creatorMs + 25 : 25;
    expect.soft(during.slowestMs, "a memory hit").toBeLessThan(slowestHitMs);
    expect.soft(during.medianMs, "a memory hit").toBeLessThan(asks ? 2 : healthy.medianMs * 3 + 0.1);
    expect.soft(counted(first), "the first miss").toBeLessThanOrEqual(firstMissMs);
    expect.soft(counted(parallel), "100 misses at first").toBeLessThanOrEqual(firstMissMs + 20);
    const limit = outage.comesAndGoes === true ? firstMissMs : openMissMs;
    expect.soft(openMs.at(-2), "misses once it is known").toBeLessThanOrEqual(limit);
    expect.soft(openMs[15], "a miss once it is known").toBeLessThanOrEqual(openMissMs);
    expect.soft(late, "calls that did not settle in time").toEqual([]);
    expect.soft(counted(left), "leases left behind").toBeLessThanOrEqual(firstMissMs);
    expect
      .soft(back, "sharing between processes")
      .toBeLessThanOrEqual(outage.throughSentinels === true ? backThroughSentinelsMs : backMs);
  });
});

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

async function warmUp(own: ProcessRegion<unknown>, other: ProcessRegion<unknown>): Promise<void> {
  const live = ({ redis }: ProcessRegion<unknown>): boolean => redis.changes?.live === true;
  await until("both hear the feed", () => live(own) && live(other), 20_000);
  await own.region.getOrCreate("hot", () => "hot", { awaitFill: true });
  for (let count = 0; count < 20; count += 1) {
    await Promise.allSettled([...everyCall(own.region, seededRandom(count)).values()].map(async (call) => call()));
  }
  await own.region.getOrCreate("hot", () => "hot", { awaitFill: true });
}

/** Memory hits for a while, a hundred at a time. */
async function hits(
  region: Region,
  watch: Stopwatch,
  forMs: number,
): Promise<{ readonly medianMs: number; readonly slowestMs: number }> {
  const timings: number[] = [];
  for (const end = performance.now() + forMs; performance.now() < end; ) {
    for (let count = 0; count < 20; count += 1)
      timings.push(counted(await watch.time(() => region.getOrCreate("hot", create))));
    await pause(5);
  }
  timings.sort((a, b) => a - b);
  return { medianMs: timings[timings.length >> 1] ?? 0, slowestMs: timings.at(-1) ?? 0 };
}

async function parallelMisses(region: Region, watch: Stopwatch, name: string): Promise<Timing> {
  return watch.time(async () => {
    const all = Array.from({ length: 100 }, (_, index) => region.getOrCreate(`${name}${index}`, create));
    expect(new Set(await Promise.all(all))).toEqual(new Set(["made"]));
  });
}

/** Random calls, a few at a time; those that took longer than a creator and a deadline, or never settled. */
async function lateCalls(region: Region, watch: Stopwatch): Promise<readonly string[]> {
  const late: string[] = [];
  const random = seededRandom(11);
  const calls = [...everyCall(region, random)];
  let left = callCount;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const [name, call] = random.pick(calls);
      const settled = Promise.resolve()
        .then(call)
        .then(
          () => undefined,
          () => undefined,
        );
      const timing = await watch.time(() => Promise.race([settled, pause(5000)]));
      if (counted(timing) > firstMissMs + 20) late.push(`${name} took ${Math.round(timing.ms)} ms`);
    }
  };
  await Promise.all(Array.from({ length: 20 }, one));
  return late;
}

/** How long until a value that one process stores reaches the other through Redis. */
async function sharing(own: ProcessRegion<unknown>, other: ProcessRegion<unknown>): Promise<number> {
  const from = performance.now();
  let count = 0;
  await until("values are shared again", async () => {
    count += 1;
    const value = `shared${count}`;
    const report = await own.region.set("shared", value);
    return report.confirmed && (await other.region.get("shared").catch(() => undefined)) === value;
  });
  return performance.now() - from;
}
