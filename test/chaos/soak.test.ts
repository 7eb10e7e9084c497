import { setTimeout as pause } from "node:timers/promises";
import { type Random, seededRandom } from "@cascata/testing";
import { afterAll, expect, it } from "vitest";
import { keepTable, type TableRow } from "../support/keep-table.ts";
import { describeWithServers } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { scaled } from "../support/scale.ts";
import { until } from "../support/until.ts";
import { cutOff, openWays, type Ways } from "./support/cells.ts";
import { ChaosProcess } from "./support/chaos-process.ts";
import type { ProcessHistory } from "./support/history-record.ts";
import { judge } from "./support/judge.ts";
import type { Vitals } from "./support/worker.ts";

const seconds = Number(process.env["CASCATA_SOAK_SECONDS"] ?? scaled(10, 60));
const sliceMs = 5000;
const maxStalenessMs = 2000;
/** See the histories: staleness, and the deadline of the look that ends it. */
const promises = { staleMs: maxStalenessMs + 300, ownStaleMs: 0, excuseStalls: true, leaseMs: 0 };
const mebi = 1024 * 1024;
const keys = 40;

interface Scene {
  readonly redis: RedisServer;
  readonly workers: readonly ChaosProcess[];
  readonly ways: readonly Ways[];
}

type Fault = (scene: Scene, random: Random, forMs: number) => Promise<void>;

const onOneWay =
  (which: keyof Ways, begin: (way: Ways[keyof Ways]) => unknown, end: (way: Ways[keyof Ways]) => unknown): Fault =>
  async ({ ways }, random, forMs) => {
    const way = random.pick(ways)[which];
    await begin(way);
    await pause(forMs);
    await end(way);
  };

const faults: Readonly<Record<string, Fault>> = {
  "feed cut": onOneWay("feed", cutOff, (way) => way.accept()),
  "feed black-holed": onOneWay(
    "feed",
    (way) => way.blackHole(),
    (way) => way.heal(),
  ),
  "feed reset": onOneWay(
    "feed",
    (way) => way.reset(),
    () => undefined,
  ),
  "data cut": onOneWay("data", cutOff, (way) => way.accept()),
  "data black-holed": onOneWay(
    "data",
    (way) => way.blackHole(),
    (way) => way.heal(),
  ),
  "data black-holed one way": onOneWay(
    "data",
    (way) => way.blackHole("toClient"),
    (way) => way.heal(),
  ),
  "data slow": onOneWay(
    "data",
    (way) => way.setLatency(150),
    (way) => way.setLatency(0),
  ),
  "Redis killed": async ({ redis }, _random, forMs) => {
    await redis.kill();
    await pause(forMs);
    await redis.restart();
  },
  "Redis paused": async ({ redis }, _random, forMs) => {
    redis.pause();
    await pause(forMs);
    redis.resume();
  },
  "Redis emptied": async ({ redis }) => void (await redis.command("FLUSHALL")),
  "Redis out of memory": async ({ redis }, _random, forMs) => {
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    await pause(forMs);
    await redis.command("CONFIG", "SET", "maxmemory", "0");
  },
  "worker stopped": async ({ workers }, random, forMs) => {
    const worker = random.pick(workers);
    worker.pause();
    await pause(forMs);
    worker.resume();
  },
};

async function disposeAll(opened: readonly AsyncDisposable[]): Promise<void> {
  for (const one of [...opened].reverse()) await one[Symbol.asyncDispose]();
}

describeWithServers(["redis-server"], "soak", () => {
  const rows: TableRow[] = [];
  afterAll(() => keepTable("chaos-soak", `${seconds} s of random faults over three processes`, rows));

  it("no violation, no growth, nothing left behind", { timeout: seconds * 2000 + 120_000 }, async () => {
    await using origin = await startRedisServer();
    await using redis = await startRedisServer();
    const opened: AsyncDisposable[] = [];
    await using _all = { [Symbol.asyncDispose]: () => disposeAll(opened) };
    const [ways, workers]: [Ways[], ChaosProcess[]] = [[], []];
    for (let id = 0; id < 3; id += 1) {
      const way = await openWays(redis);
      opened.push(way.data, way.feed);
      ways.push(way);
      const place = { url: way.data.url, feed: { url: way.feed.url } };
      const region = { ttl: "2s", lease: "2s" } as const;
      const common = { originUrl: origin.url, maxStalenessMs, maxEntries: 200 };
      workers.push(await ChaosProcess.start({ ...common, redis: place, region }));
      opened.push(...workers.slice(-1));
    }
    await Promise.all(workers.map((worker) => worker.live()));
    const random = seededRandom(Number(process.env["CASCATA_SOAK_SEED"] ?? 1));
    const scene = { redis, workers, ways };
    const run = async (slice: number): Promise<string> => {
      const shared = { keys, prefix: `s${slice}-`, reads: 1500, durationMs: sliceMs, slowCreators: 0.02 };
      const histories = workers.map((worker, id) =>
        worker.call<ProcessHistory>("workload", { ...shared, process: id, seed: random.below(1e9) }),
      );
      const name = random.pick(Object.keys(faults));
      await pause(700);
      await faults[name]?.(scene, random, 300 + random.next() * 2500);
      const { violations, reads, changes, creations, stale } = judge(await Promise.all(histories), promises);
      rows.push({
        slice,
        fault: name,
        reads,
        changes,
        creations,
        "stale within the bound": stale,
        violations: violations.length,
      });
      expect.soft(violations.slice(0, 3), `${name}, slice ${slice}`).toEqual([]);
      await until("all processes agree", async () => {
        const seen = await Promise.all(workers.map((worker) => worker.call<number[]>("versions", keys, shared.prefix)));
        return seen.every((one) => one.every((version, index) => version === seen[0]?.[index]));
      });
      return name;
    };
    // The first slices compile and fill everything.
    for (let slice = 0; slice < 2; slice += 1) await run(slice);
    const vitals = (): Promise<Vitals[]> => Promise.all(workers.map((worker) => worker.call<Vitals>("vitals")));
    const before = await vitals();
    const slices = Math.max(1, Math.round((seconds * 1000) / sliceMs) - 2);
    for (let slice = 2; slice < slices + 2; slice += 1) await run(slice);
    await Promise.all(workers.map((worker) => worker.live()));
    await pause(1500);
    for (const [id, after] of (await vitals()).entries()) {
      const first = before[id] as Vitals;
      const grown = (after.heap - first.heap) / mebi;
      expect.soft(grown, `worker ${id}: heap, MiB`).toBeLessThan(6);
      expect.soft(after.warnings, `worker ${id}`).toEqual([]);
      const sockets = ({ resources }: Vitals): number => resources["TCPSocketWrap"] ?? 0;
      expect.soft(sockets(after), `worker ${id}: sockets`).toBeLessThanOrEqual(sockets(first) + 1);
    }
  });
});
