import { isNoValue, PartialFailureError, type Region, type WriteReport } from "@cascata/core";
import { type Random, seededRandom } from "@cascata/testing";
import {
  absent,
  type ChangeTuple,
  type CreationTuple,
  failed,
  hostNow,
  type ProcessHistory,
  type ReadTuple,
  type Versioned,
} from "./history-record.ts";
import type { Origin } from "./origin.ts";
import { StallWatch } from "./stall-watch.ts";

/** One process's part of a cell. */
export interface WorkloadSettings {
  readonly process: number;
  readonly seed: number;
  readonly keys: number;
  /** Before each key's name: histories with different ones don't know of each other. @default "" */
  readonly prefix?: string;
  /** Reads of keys, about. */
  readonly reads: number;
  readonly durationMs: number;
  /** Share of creations that take half a second. */
  readonly slowCreators: number;
}

const loops = 24;
/** A creation follows on the failed read that it is for. */
const atOnceMs = 20;
const settleMs = 8000;
/** How long a process that did not get round to its reads goes on, at the least. */
const leastExtraMs = 30_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Random reads and invalidations by all of the region's ways, each recorded as its caller saw it. */
export class Workload {
  readonly #region: Region<Versioned>;
  readonly #origin: Origin;
  readonly #settings: WorkloadSettings;
  readonly #random: Random;
  readonly #keys: readonly string[];
  readonly #reads: ReadTuple[] = [];
  readonly #changes: ChangeTuple[] = [];
  readonly #creations: CreationTuple[] = [];
  readonly #errors = new Set<string>();
  readonly #settling = new Set<Promise<void>>();
  /** When Redis last could not be asked for a key. */
  readonly #unasked = new Map<string, number>();
  #slowestMs = 0;

  constructor(region: Region<Versioned>, origin: Origin, settings: WorkloadSettings) {
    this.#region = region;
    this.#origin = origin;
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
    this.#keys = Array.from({ length: settings.keys }, (_, index) => `${settings.prefix ?? ""}k${index}`);
  }

  async run(): Promise<ProcessHistory> {
    const stalls = new StallWatch();
    const quiet = this.#region.on("miss", ({ key, reason }) => {
      if (reason === "failed") this.#unasked.set(key, hostNow());
    });
    const end = hostNow() + this.#settings.durationMs;
    await Promise.all(Array.from({ length: loops }, () => this.#loop(end)));
    for (const until = hostNow() + settleMs; this.#settling.size > 0 && hostNow() < until; ) await pause(20);
    quiet();
    return {
      process: this.#settings.process,
      reads: this.#reads,
      changes: this.#changes,
      creations: this.#creations,
      stalls: stalls.stop(),
      errors: [...this.#errors],
      slowestMs: this.#slowestMs,
    };
  }

  /** Spread evenly over the time; what was missed while nothing could be read is made up for. */
  async #loop(end: number): Promise<void> {
    const { reads, durationMs } = this.#settings;
    const last = end + Math.max(leastExtraMs, 2 * durationMs);
    for (;;) {
      const now = hostNow();
      const left = reads - this.#reads.length;
      if ((now >= end && left <= 0) || now >= last) return;
      await this.#turn();
      // About 1.5 keys are read by each turn.
      const meanMs = (loops * 1.5 * Math.max(end - now, 500)) / Math.max(left, 1);
      await pause(this.#random.next() * 2 * Math.min(meanMs, 200));
    }
  }

  async #turn(): Promise<void> {
    const dice = this.#random.next();
    const key = this.#random.pick(this.#keys);
    if (dice < 0.6) {
      const tags = [`tag-${key}`, "all"];
      await this.#read("getOrCreate", [key], async () => [
        await this.#region.getOrCreate(key, () => this.#create(key), { tags }),
      ]);
    } else if (dice < 0.75) await this.#read("get", [key], async () => [await this.#region.get(key)]);
    else if (dice < 0.85) {
      const some = this.#some();
      await this.#read("getMulti", some, () => this.#region.getMulti(some));
    } else if (dice < 0.95) {
      const some = this.#some();
      await this.#read("getOrCreateMulti", some, async () => {
        const found = await this.#region.getOrCreateMulti(
          some,
          (wanted) => Promise.all(wanted.map((one) => this.#create(one))),
          { tags: (_value, one) => [`tag-${one}`, "all"] },
        );
        return some.map((one) => found.get(one));
      });
    } else await this.#change();
  }

  #some(): readonly string[] {
    return [...new Set([0, 1, 2, 3].map(() => this.#random.pick(this.#keys)))];
  }

  async #read(how: string, keys: readonly string[], run: () => Promise<readonly unknown[]>): Promise<void> {
    const from = hostNow();
    let found: readonly unknown[];
    try {
      found = await run();
    } catch (error) {
      this.#errors.add(`${how}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
      const results = error instanceof PartialFailureError ? error.results : new Map<string, unknown>();
      found = keys.map((key) => results.get(key) ?? failed);
    }
    const to = hostNow();
    this.#slowestMs = Math.max(this.#slowestMs, to - from);
    for (const [index, key] of keys.entries()) this.#reads.push([from, to, key, versionOf(key, found[index]), how]);
  }

  /** Asks the origin at once and hands out what it said some time later. */
  async #create(key: string): Promise<Versioned> {
    const from = hostNow();
    const unasked = from - (this.#unasked.get(key) ?? 0) < atOnceMs;
    const record: CreationTuple = { key, from, to: Number.POSITIVE_INFINITY, unasked };
    this.#creations.push(record);
    const version = await this.#origin.version(key);
    const slow = this.#random.chance(this.#settings.slowCreators);
    await pause(slow ? 500 : this.#random.next() * 30);
    record.to = hostNow();
    return { key, version };
  }

  async #change(): Promise<void> {
    const dice = this.#random.next();
    const one = this.#random.pick(this.#keys);
    if (dice < 0.55) await this.#invalidate("delete", [one], () => this.#region.delete(one));
    else if (dice < 0.75) {
      const some = this.#some();
      await this.#invalidate("deleteMulti", some, () => this.#region.deleteMulti(some));
    } else if (dice < 0.95)
      await this.#invalidate("invalidateTags", [one], () => this.#region.invalidateTags([`tag-${one}`]));
    else if (dice < 0.98) await this.#invalidate("invalidate", this.#keys, () => this.#region.invalidate());
    else await this.#invalidate("clear", this.#keys, () => this.#region.clear());
  }

  async #invalidate(how: string, keys: readonly string[], run: () => Promise<WriteReport>): Promise<void> {
    const askedAt = hostNow();
    const versions = await this.#origin.change(keys);
    const change: ChangeTuple = { how, versions, askedAt, from: hostNow(), confirmedAt: absent };
    this.#changes.push(change);
    const report = await run();
    const settle = report.settled.then(() => {
      change.confirmedAt = hostNow();
      this.#settling.delete(settle);
    });
    if (report.confirmed) await settle;
    else this.#settling.add(settle);
    this.#slowestMs = Math.max(this.#slowestMs, report.confirmed ? 0 : hostNow() - change.from);
  }
}

/** NaN: a value that was made for another key, or that nobody made. */
function versionOf(key: string, value: unknown): number {
  if (value === failed) return failed;
  if (value === undefined || isNoValue(value)) return absent;
  const { key: madeFor, version } = (value ?? {}) as Partial<Versioned>;
  return madeFor === key && Number.isSafeInteger(version) ? (version as number) : Number.NaN;
}
