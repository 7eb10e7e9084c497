import { isNoValue } from "@cascata/core";
import { seededRandom } from "@cascata/testing";
import { type Fault, faults, inflict } from "./faults.ts";
import { type Bounds, type ChangeRecord, History, type Versioned, type Violation } from "./history.ts";
import { type SimProcess, World } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  /** @default chosen by the seed */
  readonly fault?: Fault;
  readonly operations?: number;
}

export interface RunReport {
  readonly seed: number;
  readonly fault: Fault;
  readonly violations: readonly Violation[];
  readonly history: History;
  readonly reads: number;
  /** Calls that failed since they waited for another process's creation, which failed. */
  readonly sharedErrors: number;
}

const callMs = 1500;

/** What changes are made by: everything, or one mechanism alone, so that no other one hides what it lacks. */
const mixes = [
  ["delete", "delete", "deleteMulti", "invalidateTags", "invalidate", "clear"],
  ["delete", "deleteMulti"],
  ["delete", "invalidateTags"],
  ["invalidateTags", "invalidateTags", "invalidate"],
];

/** One run of the real library in a simulated cluster; the same seed gives the same run. */
export async function simulate({ seed, fault: given, operations = 70 }: RunOptions): Promise<RunReport> {
  // Whatever nobody has handled is told of in a turn of its own.
  await new Promise((resolve) => void setImmediate(resolve));
  const random = seededRandom(seed);
  const fault = given ?? faults[seed % faults.length] ?? "none";
  const maxStalenessMs = 400;
  const world = new World(random, {
    processes: 2 + random.below(2),
    keys: 1 + random.below(3),
    maxStalenessMs,
    leaseMs: 1000,
    ttlMs: random.pick([300, 2000, 60_000]),
    graceMs: random.pick([0, 0, 1000, 60_000]),
    threeTiers: random.chance(0.3),
    skewMs: random.pick([0, 0, 5000]),
    logLimit: fault === "trim" ? 20 : 10_000,
  });
  const run = new Run(world, fault);
  await world.clock.runUntil(50);
  const span = 5000;
  inflict(world, fault, 200, span);
  for (let count = 0; count < operations; count += 1) {
    const at = 50 + random.next() * span;
    world.clock.schedule(() => run.act(), at - world.clock.elapsed);
  }
  await world.clock.runUntil(span + 100);
  // Everything heals; then the bound passes, and everybody must see the truth.
  for (const process of world.processes) {
    process.data.mend();
    process.feed.mend();
    if (process.clock.paused && !process.crashed) process.clock.resume();
  }
  await world.clock.runUntil(span + 100 + maxStalenessMs + 2500);
  await run.checkConvergence();
  const violations = run.history.violations(run.bounds());
  const { reads, sharedErrors } = run.history;
  return { seed, fault, violations, history: run.history, reads: reads.length, sharedErrors };
}

class Run {
  readonly history = new History();
  readonly #world: World;
  readonly #fault: Fault;
  readonly #mixes: readonly string[];
  /** The share of changes. With few of them what is stale stays so for long. */
  readonly #changes: number;
  /** The share of slow creators. */
  readonly #slow: number;

  constructor(world: World, fault: Fault) {
    this.#world = world;
    this.#fault = fault;
    this.#changes = world.random.pick([0.25, 0.1, 0.04]);
    this.#slow = world.random.pick([0.05, 0.2, 0.35]);
    this.#mixes = world.random.pick(mixes);
  }

  bounds(): Bounds {
    // An outage's end, a lost answer's deadline and the feed's silence add up before a process knows what it missed.
    const calm = this.#fault === "none";
    const { maxStalenessMs, graceMs } = this.#world.options;
    const staleMs = calm ? this.#world.calmMs : maxStalenessMs + graceMs + this.#world.calmMs + 700;
    // An asynchronous replica may lack what was confirmed; it is sent again as soon as the failover is noticed.
    const ownMs = this.#fault === "lagging-failover" || this.#fault === "storm" ? staleMs : 0;
    return { staleMs, ownMs, callMs, oneCreator: calm };
  }

  act(): void {
    const { random, processes } = this.#world;
    const process = random.pick(processes);
    if (process.crashed) return;
    process.clock.whenRunning(() => {
      if (process.crashed) return;
      const dice = random.next();
      if (dice < this.#changes) this.#change(process);
      else if (dice < 0.35) this.#getOrCreateMulti(process);
      else if (dice < 0.45) this.#get(process);
      else if (dice < 0.5) this.#peek(process);
      else this.#getOrCreate(process);
    });
  }

  async checkConvergence(): Promise<void> {
    const { clock, processes, keys, origin } = this.#world;
    const seen = new Map<string, unknown>();
    for (const process of processes) {
      for (const key of keys) {
        const place = `process ${process.label}, ${key}`;
        process.region
          .getOrCreate(key, () => this.#made(key))
          .then(
            ({ version }) => void seen.set(place, version),
            (error: unknown) => void seen.set(place, error),
          );
      }
    }
    // Creators that are still under way come first.
    await clock.runUntil(clock.elapsed + 4 * callMs);
    for (const process of processes) {
      for (const key of keys) {
        const version = seen.get(`process ${process.label}, ${key}`);
        if (version === origin.get(key)) continue;
        const text = `process ${process.label} sees ${String(version)} of ${key} long after everything healed; the truth is ${origin.get(key)}`;
        this.history.slowCalls.push({ rule: "convergence", text });
      }
    }
    for (const change of this.history.changes) {
      if (change.to === undefined && !this.#lost()) {
        this.history.slowCalls.push({
          rule: "I6 liveness",
          text: `process ${change.process}'s ${change.how} at ${change.from.toFixed(1)} never settled`,
        });
      }
    }
  }

  #lost(): boolean {
    return this.#fault === "crash" || this.#fault === "storm";
  }

  #made(key: string): Versioned {
    return { key, version: this.#world.origin.get(key) ?? 0 };
  }

  /** Reads the origin at once, and hands out what it read some time later. */
  #create(process: SimProcess, key: string): Promise<Versioned> {
    const { clock, random } = this.#world;
    const record = { process: process.label, key, from: clock.elapsed, to: Number.POSITIVE_INFINITY };
    this.history.creations.push(record);
    const value = this.#made(key);
    const ms = random.chance(this.#slow) ? 300 + random.next() * 1500 : random.next() * 40;
    return new Promise((resolve) => {
      process.clock.schedule(() => {
        record.to = clock.elapsed;
        resolve(value);
      }, ms);
    });
  }

  #getOrCreate(process: SimProcess): void {
    const key = this.#world.random.pick(this.#world.keys);
    const options = this.#world.random.chance(0.3) ? { tags: [`tag-${key}`] } : { tags: [`tag-${key}`, "all"] };
    this.#read(
      process,
      "getOrCreate",
      key,
      () => process.region.getOrCreate(key, () => this.#create(process, key), options),
      5000,
    );
  }

  #getOrCreateMulti(process: SimProcess): void {
    const { keys, random } = this.#world;
    const asked = keys.filter(() => random.chance(0.7));
    if (asked.length === 0) return;
    const answer = process.region.getOrCreateMulti(
      asked,
      (wanted) => Promise.all(wanted.map((key) => this.#create(process, key))),
      { tags: (_value, key) => [`tag-${key}`, "all"] },
    );
    for (const key of asked) {
      this.#read(process, "getOrCreateMulti", key, async () => (await answer).get(key) as Versioned, 5000);
    }
  }

  #get(process: SimProcess): void {
    const key = this.#world.random.pick(this.#world.keys);
    this.#read(
      process,
      "get",
      key,
      async () => {
        const value = await process.region.get(key);
        return isNoValue(value) ? undefined : value;
      },
      0,
    );
  }

  #peek(process: SimProcess): void {
    const key = this.#world.random.pick(this.#world.keys);
    const value = process.region.peek(key);
    const { elapsed } = this.#world.clock;
    this.history.reads.push({
      process: process.label,
      key,
      how: "peek",
      from: elapsed,
      to: elapsed,
      value: isNoValue(value) ? undefined : value,
      error: undefined,
    });
  }

  #read(
    process: SimProcess,
    how: string,
    key: string,
    run: () => Promise<Versioned | undefined>,
    creatorMs: number,
  ): void {
    const { clock } = this.#world;
    const from = clock.elapsed;
    const record = (value: Versioned | undefined, error: unknown) => {
      const to = clock.elapsed;
      this.history.reads.push({ process: process.label, key, how, from, to, value, error });
      if (to - from > creatorMs + callMs && this.#fault !== "pause" && this.#fault !== "storm") {
        this.history.slowCalls.push({
          rule: "I6 liveness",
          text: `process ${process.label} waited ${(to - from).toFixed(0)} ms for ${how}(${key})`,
        });
      }
    };
    void run().then(
      (value) => record(value, undefined),
      (error: unknown) => record(undefined, error),
    );
  }

  #change(process: SimProcess): void {
    const { random, origin, keys, clock } = this.#world;
    const how = random.pick(this.#mixes);
    const all = how === "invalidate" || how === "clear";
    const changed = all || how === "deleteMulti" ? keys : [random.pick(keys)];
    for (const key of changed) origin.set(key, (origin.get(key) ?? 0) + 1);
    const versions = new Map(changed.map((key) => [key, origin.get(key) ?? 0]));
    const record: ChangeRecord = {
      process: process.label,
      keys: changed,
      how,
      versions,
      from: clock.elapsed,
      confirmedAt: undefined,
      to: undefined,
    };
    this.history.changes.push(record);
    const [first] = changed as [string];
    const { region } = process;
    const work =
      how === "delete"
        ? region.delete(first)
        : how === "deleteMulti"
          ? region.deleteMulti(changed)
          : how === "invalidateTags"
            ? region.invalidateTags([`tag-${first}`])
            : how === "clear"
              ? region.clear()
              : region.invalidate();
    void work.then(async (report) => {
      record.to = clock.elapsed;
      if (!report.confirmed) await report.settled;
      record.confirmedAt = clock.elapsed;
    });
  }
}
