import { seededRandom } from "@cascata/testing";
import { Callers, callMs } from "./callers.ts";
import { type Fault, faults, inflict } from "./faults.ts";
import { type Bounds, History, type Violation } from "./history.ts";
import { Origin } from "./origin.ts";
import { World, type WorldOptions } from "./world.ts";
import { type How, Writers } from "./writers.ts";

export interface RunOptions {
  readonly seed: number;
  /** @default chosen by the seed */
  readonly fault?: Fault;
  readonly operations?: number;
  /** What the seed doesn't choose. */
  readonly focus?: Focus;
}

/** Of what a run is made more often than by chance. */
export interface Focus extends Partial<WorldOptions> {
  readonly writes?: readonly How[];
  readonly operations?: number;
}

export interface RunReport {
  readonly seed: number;
  readonly fault: Fault;
  /** What the seed has made of the world. */
  readonly world: string;
  readonly violations: readonly Violation[];
  readonly history: History;
  readonly reads: number;
  /** Calls that failed since they waited for another process's creation, which failed. */
  readonly sharedErrors: number;
}

const maxStalenessMs = 400;
const spanMs = 5000;

/** One run of the real library in a simulated cluster; the same seed gives the same run. */
export async function simulate({
  seed,
  fault: given,
  focus = {},
  operations = focus.operations ?? 70,
}: RunOptions): Promise<RunReport> {
  // Whatever nobody has handled is told of in a turn of its own.
  await new Promise((resolve) => void setImmediate(resolve));
  const random = seededRandom(seed);
  const fault = given ?? faults[seed % faults.length] ?? "none";
  const world = new World(random, {
    processes: 2 + random.below(2),
    keys: 1 + random.below(3),
    maxStalenessMs,
    leaseMs: 1000,
    ttlMs: random.pick([300, 2000, 60_000]),
    graceMs: random.pick([0, 0, 1000, 60_000]),
    softTimeoutMs: random.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 50]),
    refreshAhead: random.pick([undefined, undefined, undefined, 0.5]),
    middle: random.pick(["none", "none", "memory", "host"]),
    regions: random.pick([1, 1, 1, 2]),
    skewMs: random.pick([0, 0, 5000]),
    logLimit: fault === "trim" ? 20 : 10_000,
    ...focus,
  });
  const run = new Run(world, fault, focus.writes);
  await world.clock.runUntil(50);
  inflict(world, fault, 200, spanMs, (text) => run.history.faults.push([world.clock.elapsed, text]));
  for (let count = 0; count < operations; count += 1) {
    const at = 50 + random.next() * spanMs;
    world.clock.schedule(() => run.act(), at - world.clock.elapsed);
  }
  await world.clock.runUntil(spanMs + 100);
  // Everything heals; then the bound passes, and everybody must see the truth.
  for (const process of world.processes) {
    process.data.mend();
    process.feed.mend();
    if (process.clock.paused && !process.crashed) process.clock.resume();
  }
  await world.clock.runUntil(spanMs + 100 + maxStalenessMs + 2500);
  await run.checkConvergence();
  const violations = run.history.violations(run.bounds());
  const { reads, sharedErrors } = run.history;
  return { seed, fault, world: world.description, violations, history: run.history, reads: reads.length, sharedErrors };
}

class Run {
  readonly history = new History();
  readonly #world: World;
  readonly #fault: Fault;
  readonly #origin: Origin;
  readonly #callers: Callers;
  readonly #writers: Writers;
  /** The share of changes. With few of them what is stale stays so for long. */
  readonly #changes: number;

  constructor(world: World, fault: Fault, writes: readonly How[] | undefined) {
    this.#world = world;
    this.#fault = fault;
    this.#changes = world.random.pick([0.25, 0.1, 0.04]);
    this.#origin = new Origin(world, this.history.creations);
    this.#callers = new Callers(world, this.history, this.#origin, fault !== "pause" && fault !== "storm");
    this.#writers = new Writers(world, this.history, writes);
  }

  bounds(): Bounds {
    // An outage's end, a lost answer's deadline and the feed's silence add up before a process knows what it missed.
    const isCalm = this.#fault === "none";
    const { calmMs, options } = this.#world;
    const staleMs = isCalm ? calmMs : maxStalenessMs + options.graceMs + calmMs + 700;
    // An asynchronous replica may lack what was confirmed; it is sent again as soon as the failover is noticed.
    const ownMs = this.#fault === "lagging-failover" || this.#fault === "storm" ? staleMs : 0;
    const isStopped = this.#fault === "pause" || this.#fault === "storm";
    const sharedMs = isStopped ? Number.POSITIVE_INFINITY : isCalm ? calmMs : callMs;
    const lost = this.#fault === "storm" ? this.#world.lost : [];
    return { staleMs, ownMs, callMs, sharedMs, lost, oneCreator: isCalm };
  }

  act(): void {
    const { random, processes } = this.#world;
    const process = random.pick(processes);
    if (process.crashed) return;
    process.clock.whenRunning(() => {
      if (process.crashed) return;
      const region = random.pick(process.regions);
      const dice = random.next();
      if (dice < this.#changes) this.#writers.act(process, region);
      else this.#callers.act(process, region, (dice - this.#changes) / (1 - this.#changes));
    });
  }

  async checkConvergence(): Promise<void> {
    this.#origin.heal();
    // Who gets something stale, within its grace, has it renewed: what everybody sees then is the truth.
    await this.#look();
    const seen = await this.#look();
    for (const { place, key, value } of seen) {
      const truth = this.#world.origin.get(key);
      if (value === truth || this.#wasForgotten(key)) continue;
      const text = `${place} sees ${String(value)} of ${key} long after everything healed; the truth is ${truth}`;
      this.history.others.push({ rule: "convergence", text });
    }
    if (this.#fault === "crash" || this.#fault === "storm") return;
    for (const change of this.history.changes) {
      if (change.to !== undefined) continue;
      const text = `process ${change.process}'s ${change.how} at ${change.from.toFixed(1)} never settled`;
      this.history.others.push({ rule: "I6 liveness", text });
    }
  }

  /** Whether somebody crashed who had a change of the key still to tell. */
  #wasForgotten(key: string): boolean {
    const { processes } = this.#world;
    return this.history.changes.some(
      (change) =>
        change.confirmedAt === undefined &&
        change.keys.includes(key) &&
        processes.every(({ label }) => label !== change.process),
    );
  }

  /** What each process sees of each key; what never comes is missing in it. */
  async #look(): Promise<readonly Sight[]> {
    const { clock, processes, keys } = this.#world;
    const all: { -readonly [K in keyof Sight]: Sight[K] }[] = [];
    for (const process of processes) {
      for (const region of process.regions) {
        for (const inner of keys) {
          const key = region.keyOf(inner);
          const sight: (typeof all)[number] = { place: `process ${process.label}`, key, value: "nothing" };
          all.push(sight);
          region.region
            .getOrCreate(inner, () => this.#origin.now(key))
            .then(
              ({ version }) => {
                sight.value = version;
              },
              (error: unknown) => {
                sight.value = error;
              },
            );
        }
      }
    }
    // Creators that are still under way come first.
    await clock.runUntil(clock.elapsed + 4 * callMs);
    return all;
  }
}

interface Sight {
  readonly place: string;
  readonly key: string;
  readonly value: unknown;
}
