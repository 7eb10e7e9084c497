import { applyProxy, createRegion, isNoValue, type Region, stackWith } from "@cascata/core";
import { publish } from "@cascata/proxies";
import { MapBackend, type Random, seededRandom } from "@cascata/testing";
import { type BusWay, LossyBus } from "./lossy-bus.ts";
import { Connection } from "./network.ts";
import { PlainClient, PlainStore } from "./plain-store.ts";
import { SimClock } from "./sim-clock.ts";
import { PausableClock } from "./world.ts";

/** What a run over a bus is plagued by. */
export const busFaults = [
  "none",
  "loss",
  "bus-cut-silent",
  "bus-cut-loud",
  "partition",
  "slow-bus",
  "slow-store",
  "crash",
  "pause",
  "restart",
] as const;
export type BusFault = (typeof busFaults)[number];

const heartbeatMs = 300;
const maxStalenessMs = 400;
const spanMs = 4000;
const callMs = 1500;

/** One process: memory above a client of the plain store, whose changes travel over the bus. */
interface BusProcess {
  readonly label: number;
  readonly clock: PausableClock;
  readonly data: Connection;
  readonly port: BusWay;
  readonly region: Region<number>;
  crashed: boolean;
}

/** What was wrong in a run, if anything was. */
export interface BusReport {
  readonly seed: number;
  readonly fault: BusFault;
  readonly violations: readonly string[];
  readonly reads: number;
}

/**
 * One run of the real library: processes that set, delete and read one plain store, with no leases, orders or feed of its
 * own, and hear of each other over a bus that loses. What holds there, and is checked:
 *
 *  - a read gives what the store held not longer ago than the bound, whatever the bus does to those who can't reach it;
 *  - the process that has changed a key, and was told so, sees nothing older afterwards;
 *  - every call ends in time, whatever the bus does; and in the end all see what the store holds.
 *
 * What is created elsewhere meanwhile is not part of it: a store without leases can't refuse a late fill.
 */
export async function simulatePublished(seed: number, given?: BusFault): Promise<BusReport> {
  const random = seededRandom(seed);
  const fault = given ?? busFaults[seed % busFaults.length] ?? "none";
  const run = new PublishedRun(random, fault);
  return { seed, fault, ...(await run.go()) };
}

class PublishedRun {
  readonly #random: Random;
  readonly #fault: BusFault;
  readonly #clock = new SimClock();
  readonly #store = new PlainStore(this.#clock);
  readonly #bus: LossyBus;
  readonly #processes: BusProcess[];
  readonly #keys: readonly string[];
  readonly #violations: string[] = [];
  /** By process and key: when its last change that it was told of began. */
  readonly #own = new Map<string, number>();
  #reads = 0;
  #versions = 0;
  #labels = 0;

  constructor(random: Random, fault: BusFault) {
    this.#random = random;
    this.#fault = fault;
    this.#bus = new LossyBus(this.#clock, random);
    this.#keys = Array.from({ length: 1 + random.below(3) }, (_, index) => `k${index}`);
    this.#processes = Array.from({ length: 2 + random.below(2) }, () => this.#start());
  }

  async go(): Promise<{ readonly violations: readonly string[]; readonly reads: number }> {
    const clock = this.#clock;
    await clock.runUntil(100);
    this.#inflict(300, spanMs - 500);
    for (let count = 0; count < 150; count += 1)
      clock.schedule(() => this.#act(), 100 + this.#random.next() * spanMs - clock.elapsed);
    await clock.runUntil(spanMs + 100);
    this.#heal();
    await clock.runUntil(clock.elapsed + 4 * heartbeatMs + maxStalenessMs + callMs);
    for (const process of this.#processes) {
      if (process.crashed) continue;
      for (const key of this.#keys) this.#read(process, key, 50);
    }
    await clock.runUntil(clock.elapsed + callMs);
    return { violations: this.#violations, reads: this.#reads };
  }

  /**
   * How long ago what is read may have been replaced. A message and its reading, the heartbeats until a gap is noticed, and what
   * may be served while the store can't be asked.
   */
  get #boundMs(): number {
    const wayMs = this.#fault === "slow-bus" ? 700 : 60;
    if (this.#fault === "none") return wayMs;
    return wayMs + 8 * heartbeatMs + maxStalenessMs;
  }

  #start(): BusProcess {
    const random = this.#random;
    const clock = new PausableClock(this.#clock, (random.next() * 2 - 1) * random.pick([0, 5000]));
    const data = new Connection(this.#clock, random);
    const port = this.#bus.port(clock);
    const spread = random.pick([1, 5, 20]);
    data.latency = { base: 0.3, spread };
    port.latency = { base: 0.3, spread: random.pick([1, 5, 20]) };
    const client = new PlainClient(this.#store, data, clock);
    const shared = applyProxy(publish({ bus: port, heartbeat: heartbeatMs, deadline: 50, clock }), client, "wrap[0]");
    const protection = { random: () => random.next() };
    const near = new MapBackend({ clock });
    const backend = stackWith({ clock, maxStaleness: maxStalenessMs, protection }, near, shared);
    const region = createRegion<number>({
      name: "sim",
      backend,
      clock,
      ttl: "1h",
      random: () => random.next(),
      detectReentry: false,
    });
    this.#labels += 1;
    return { label: this.#labels, clock, data, port, region, crashed: false };
  }

  #act(): void {
    const random = this.#random;
    const process = random.pick(this.#processes);
    if (process.crashed) return;
    process.clock.whenRunning(() => {
      if (process.crashed) return;
      const key = random.pick(this.#keys);
      const dice = random.next();
      if (dice < 0.12) this.#change(process, key, "set");
      else if (dice < 0.2) this.#change(process, key, "delete");
      else this.#read(process, key, this.#boundMs);
    });
  }

  #change(process: BusProcess, key: string, how: "set" | "delete"): void {
    const from = this.#clock.elapsed;
    this.#versions += 1;
    const work = how === "set" ? process.region.set(key, this.#versions) : process.region.delete(key);
    void work.then(({ confirmed }) => {
      const tookMs = this.#clock.elapsed - from;
      if (confirmed) this.#own.set(`${process.label} ${key}`, from);
      if (tookMs > callMs && this.#fault !== "pause")
        this.#violations.push(`process ${process.label} waited ${tookMs.toFixed(0)} ms for ${how}(${key})`);
    });
  }

  #read(process: BusProcess, key: string, boundMs: number): void {
    const from = this.#clock.elapsed;
    const ownFrom = this.#own.get(`${process.label} ${key}`) ?? 0;
    void process.region.get(key).then(
      (value) =>
        this.#check(process, key, isNoValue(value) ? undefined : value, from, Math.max(from - boundMs, ownFrom)),
      () => undefined,
    );
  }

  #check(process: BusProcess, key: string, version: number | undefined, from: number, since: number): void {
    const to = this.#clock.elapsed;
    this.#reads += 1;
    if (to - from > callMs && this.#fault !== "pause")
      this.#violations.push(`process ${process.label} waited ${(to - from).toFixed(0)} ms for get(${key})`);
    const inner = `sim:${key}`;
    // To have nothing is never old: a process hides what it has not been able to delete.
    if (version === undefined || this.#store.held(inner, version, since, to)) return;
    const history = this.#store
      .historyOf(inner)
      .map((one) => `${one.version ?? "nothing"} from ${one.from.toFixed(1)}`);
    this.#violations.push(
      `process ${process.label} read ${version} of ${key} from ${from.toFixed(1)} to ${to.toFixed(1)}, which the store did not hold since ${since.toFixed(1)}: ${history.join(", ")}`,
    );
  }

  #inflict(fromMs: number, toMs: number): void {
    const random = this.#random;
    const start = fromMs + random.next() * (toMs - fromMs) * 0.5;
    const end = start + 200 + random.next() * (toMs - start - 200);
    const victim = random.pick(this.#processes);
    const at = (ms: number, run: () => void) => void this.#clock.schedule(run, ms - this.#clock.elapsed);
    const all = (run: (process: BusProcess) => void) => () => this.#processes.forEach(run);
    switch (this.#fault) {
      case "loss":
        at(
          start,
          all(({ port }) => (port.loss = 0.2)),
        );
        at(
          end,
          all(({ port }) => (port.loss = 0)),
        );
        break;
      case "bus-cut-silent":
      case "bus-cut-loud":
        // All of them: who reaches the store and not the bus, alone, is unheard, which no bound covers.
        at(
          start,
          all(({ port }) => (port.cut = this.#fault === "bus-cut-loud" ? "loudly" : "silently")),
        );
        at(
          end,
          all(({ port }) => (port.cut = "not")),
        );
        break;
      case "partition":
        at(start, () => {
          victim.port.cut = "silently";
          victim.data.blackHole = true;
        });
        at(end, () => this.#heal());
        break;
      case "slow-bus":
        at(start, () => (victim.port.latency = { base: 20, spread: 300 }));
        break;
      case "slow-store":
        at(start, () => (victim.data.latency = { base: 20, spread: 150 }));
        break;
      case "crash":
      case "restart":
        at(start, () => {
          victim.crashed = true;
          victim.clock.pause();
          victim.data.cut();
          victim.port.crash();
          if (this.#fault === "restart") this.#processes[this.#processes.indexOf(victim)] = this.#start();
        });
        break;
      case "pause":
        at(start, () => victim.clock.pause());
        at(end, () => victim.clock.resume());
        break;
      default:
    }
  }

  #heal(): void {
    for (const { port, data, clock, crashed } of this.#processes) {
      if (crashed) continue;
      port.cut = "not";
      port.loss = 0;
      data.mend();
      if (clock.paused) clock.resume();
    }
  }
}
