// A process with a cache of its own, told what to do over IPC: { id, method, args } in, { id, answer | error } out.
import { isNoValue } from "@cascata/core";
import { hostNow, type Versioned } from "./history-record.ts";
import { Origin } from "./origin.ts";
import { openRegion, type ProcessSettings } from "./process-region.ts";
import { StallWatch } from "./stall-watch.ts";
import { Workload, type WorkloadSettings } from "./workload.ts";

const settings = JSON.parse(process.argv[2] ?? "{}") as ProcessSettings;
const opened = openRegion<unknown>(settings);
const { region } = opened;
const origin = settings.originUrl === undefined ? undefined : await Origin.connect(settings.originUrl);
let flooded = 0;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What a stretch of misses did to the process. */
export interface FloodResult {
  readonly asked: number;
  readonly answered: number;
  /** The most that was seen, in bytes. */
  readonly peakRss: number;
  readonly slowestMs: number;
}

/** What a process holds, after a collection of garbage. */
export interface Vitals {
  readonly rss: number;
  readonly heap: number;
  /** Timers, sockets and the like that Node knows of, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

const warnings: string[] = [];
process.on("warning", ({ name, message }) => void warnings.push(`${name}: ${message}`));
const collect = (globalThis as { gc?: () => void }).gc;

/** One process's part of a stampede. */
export interface StampedeResult {
  readonly created: number;
  /** Distinct values and errors, as text. */
  readonly outcomes: readonly string[];
  /** From the first call to the last answer. */
  readonly lastMs: number;
  /** For how much of that the machine did not let this process run. */
  readonly withheldMs: number;
}

const methods = {
  async get(key: string): Promise<unknown> {
    const found = await region.get(key);
    return isNoValue(found) ? null : found;
  },
  async getOrCreate(key: string, value: unknown): Promise<unknown> {
    return region.getOrCreate(key, () => value);
  },
  async set(key: string, value: unknown): Promise<boolean> {
    return (await region.set(key, value)).confirmed;
  },
  async delete(key: string): Promise<boolean> {
    return (await region.delete(key)).confirmed;
  },
  async live(): Promise<boolean> {
    return opened.redis.changes?.live === true && opened.redis.health().state === "up";
  },
  async workload(part: WorkloadSettings): Promise<unknown> {
    if (origin === undefined) throw new Error("a workload needs an origin");
    return new Workload(region as never, origin, part).run();
  },
  /** What a fresh look at each key gives, the origin being asked where nothing is cached. */
  async versions(count: number, prefix = ""): Promise<number[]> {
    const keys = Array.from({ length: count }, (_, index) => `${prefix}k${index}`);
    const create = async (key: string): Promise<Versioned> => ({ key, version: (await origin?.version(key)) ?? -1 });
    const all = await Promise.all(keys.map((key) => region.getOrCreate(key, () => create(key))));
    return all.map((value) => (value as Versioned).version);
  },
  async stampede(key: string, callers: number, creatorMs: number, fails: boolean): Promise<StampedeResult> {
    let created = 0;
    const creator = async (): Promise<unknown> => {
      created += 1;
      await pause(creatorMs);
      if (fails) throw new RangeError(`process ${process.pid} could not`);
      return `made by ${process.pid}`;
    };
    const stalls = new StallWatch();
    const from = hostNow();
    const all = await Promise.allSettled(Array.from({ length: callers }, () => region.getOrCreate(key, creator)));
    const to = hostNow();
    const withheldMs = stalls.during(from, to);
    stalls.stop();
    const texts = all.map((one) => (one.status === "fulfilled" ? String(one.value) : String(one.reason)));
    return { created, outcomes: [...new Set(texts)], lastMs: to - from, withheldMs };
  },
  /** Misses at an even rate, each with a creator of 20 ms and a key of its own. */
  async flood(forMs: number, perSecond: number): Promise<FloodResult> {
    let [asked, answered, peakRss, slowestMs] = [0, 0, 0, 0];
    const pending: Promise<void>[] = [];
    const ask = async (): Promise<void> => {
      const from = hostNow();
      flooded += 1;
      await region.getOrCreate(`flood${flooded}`, () => pause(20).then(() => "made"));
      answered += 1;
      slowestMs = Math.max(slowestMs, hostNow() - from);
    };
    const start = hostNow();
    for (let now = start; now < start + forMs; now = hostNow()) {
      for (; asked < ((now - start) * perSecond) / 1000; asked += 1) pending.push(ask());
      peakRss = Math.max(peakRss, process.memoryUsage.rss());
      await pause(10);
      if (pending.length > 5000) await Promise.all(pending.splice(0, 4000));
    }
    await Promise.all(pending);
    return { asked, answered, peakRss, slowestMs };
  },
  async vitals(): Promise<Vitals> {
    for (let count = 0; count < 3; count += 1) {
      collect?.();
      await pause(50);
    }
    const resources: Record<string, number> = {};
    for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
    const { rss, heapUsed } = process.memoryUsage();
    return { rss, heap: heapUsed, resources, warnings };
  },
  async close(): Promise<void> {
    await opened[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
    process.disconnect();
  },
};

process.on("message", ({ id, method, args }: { id: number; method: keyof typeof methods; args: never[] }) => {
  const reply = (message: object): void => void (process.connected && process.send?.(message));
  (methods[method] as (...all: never[]) => Promise<unknown>)(...args).then(
    (answer) => reply({ id, answer }),
    (error: unknown) => reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.send?.({ ready: true });
