import { type Clock, createRegion, type Region, stackWith } from "@cascata/core";
import { AuthorityStore, MapBackend, type Random, ReferenceAuthority } from "@cascata/testing";
import type { Versioned } from "./history.ts";
import { HostTier } from "./host-tier.ts";
import { Connection } from "./network.ts";
import { SimClock } from "./sim-clock.ts";

export interface WorldOptions {
  readonly processes: number;
  readonly keys: number;
  readonly maxStalenessMs: number;
  readonly leaseMs: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly softTimeoutMs: number;
  readonly refreshAhead: number | undefined;
  /** Between memory and the authority: nothing, a second tier of each process, or one that the processes of a host share. */
  readonly middle: "none" | "memory" | "host";
  /** How many regions there are on each process's one chain. */
  readonly regions: number;
  /** How far each process's clock is off, at most. */
  readonly skewMs: number;
  readonly logLimit: number;
}

const spreads = [1, 1, 10, 40];

/** A region of a process. In histories its keys carry its name. */
export interface SimRegion {
  readonly region: Region<Versioned>;
  readonly keyOf: (inner: string) => string;
}

/** One simulated process: its own regions, near tiers, connection and clock, over the authority that all share. */
export class SimProcess {
  readonly id: number;
  /** Names this incarnation: a process that takes a crashed one's place knows nothing of what that one did. */
  readonly label: number;
  readonly regions: readonly SimRegion[];
  readonly data: Connection;
  readonly feed: Connection;
  readonly clock: PausableClock;
  readonly #authority: ReferenceAuthority;
  crashed = false;

  constructor(id: number, world: World, options: WorldOptions) {
    this.id = id;
    this.label = world.nextLabel();
    this.clock = new PausableClock(world.clock, (world.random.next() * 2 - 1) * options.skewMs);
    this.data = new Connection(world.clock, world.random);
    this.feed = new Connection(world.clock, world.random);
    this.#authority = new ReferenceAuthority(world.store, {
      transport: (call) =>
        this.clock.gated((call.operation === "changes.follow" ? this.feed : this.data).transport(call)),
      clock: this.clock,
      heartbeatMs: 100,
      silenceMs: 250,
      retryMs: 50,
    });
    // Answers may be slower than notices or the other way round: each order of events has its runs.
    this.data.latency = { base: 0.3, spread: world.random.pick(spreads) };
    this.feed.latency = { base: 0.3, spread: world.random.pick(spreads) };
    const sender = `p${id}.${world.processes.length}`;
    const { clock } = this;
    const near = () => new MapBackend({ clock });
    const random = () => world.random.next();
    const middle = {
      none: [],
      memory: [near()],
      host: [new HostTier(world.hosts[id % world.hosts.length] as AuthorityStore, world.clock, clock, random)],
    }[options.middle];
    const tiers = [near(), ...middle, this.#authority];
    const protection = { random };
    const backend = stackWith({ clock, sender, maxStaleness: options.maxStalenessMs, protection }, ...tiers);
    const { refreshAhead } = options;
    this.regions = ["a", "b"].slice(0, options.regions).map((name) => {
      const region = createRegion<Versioned>({
        name,
        backend,
        clock,
        random,
        ttl: options.ttlMs,
        grace: options.graceMs,
        softTimeout: options.softTimeoutMs,
        lease: options.leaseMs,
        leaseWait: "30s",
        detectReentry: false,
        retryAfter: 100,
        ...(refreshAhead !== undefined && { refreshAhead }),
      });
      return { region, keyOf: (inner: string) => (name === "a" ? inner : `${name}/${inner}`) };
    });
  }

  /** `kill -9`: nothing of it runs any more, and nothing is said to anybody. */
  crash(): void {
    this.crashed = true;
    this.clock.pause();
    this.data.cut();
    this.feed.cut();
    this.#authority.close();
  }
}

/** A process's view of time: skewed, and stopped while the process is (SIGSTOP). */
export class PausableClock implements Clock {
  readonly #clock: SimClock;
  readonly #offset: number;
  #paused = false;
  #held: (() => void)[] = [];

  constructor(clock: SimClock, offset: number) {
    this.#clock = clock;
    this.#offset = offset;
  }

  get paused(): boolean {
    return this.#paused;
  }

  now(): number {
    return this.#clock.now() + this.#offset;
  }

  coarse(): number {
    return this.#clock.now() + this.#offset;
  }

  schedule(run: () => void, ms: number) {
    let cancelled = false;
    const guarded = () => {
      if (!cancelled) run();
    };
    const timer = this.#clock.schedule(() => (this.#paused ? this.#held.push(guarded) : guarded()), ms);
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** An answer that reaches the process only while it runs. */
  gated<T>(answer: Promise<T>): Promise<T> {
    return answer.then(
      async (value) => {
        await this.#running();
        return value;
      },
      async (error: unknown) => {
        await this.#running();
        throw error;
      },
    );
  }

  /** Calls `run` now, or when the process goes on. */
  whenRunning(run: () => void): void {
    if (this.#paused) this.#held.push(run);
    else run();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (const run of this.#held.splice(0)) run();
  }

  #running(): Promise<void> | undefined {
    return this.#paused ? new Promise((resolve) => this.#held.push(resolve)) : undefined;
  }
}

/** The origin, the authority and the processes of one run. */
export class World {
  readonly clock = new SimClock();
  readonly random: Random;
  readonly store: AuthorityStore;
  readonly processes: SimProcess[] = [];
  /** The stores that the processes of one host share. */
  readonly hosts: readonly AuthorityStore[];
  /** Stretches whose confirmed changes the authority has lost. */
  readonly lost: (readonly [number, number])[] = [];
  /** The truth: each key's version in the database. */
  readonly origin = new Map<string, number>();
  readonly keys: readonly string[];
  readonly options: WorldOptions;
  #labels = 0;

  /**
   * The longest way of a notice without any fault: it may just have missed an answer to the feed's look, so that this answer,
   * the next look and its answer have to travel.
   */
  readonly calmMs = 3 * (40 + 1) + 5;

  constructor(random: Random, options: WorldOptions) {
    this.random = random;
    this.options = options;
    this.store = new AuthorityStore({ clock: this.clock, random, logLimit: options.logLimit });
    this.keys = Array.from({ length: options.keys }, (_, index) => `k${index}`);
    for (const key of this.keys) for (const name of ["", "b/"]) this.origin.set(name + key, 1);
    this.hosts = [0, 1].map(() => new AuthorityStore({ clock: this.clock, random, near: true }));
    for (let id = 0; id < options.processes; id += 1) this.processes.push(new SimProcess(id, this, options));
  }

  get description(): string {
    const { middle, regions, ttlMs, graceMs, softTimeoutMs, refreshAhead = "none", skewMs } = this.options;
    return Object.entries({ middle, regions, ttlMs, graceMs, softTimeoutMs, refreshAhead, skewMs })
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  }

  nextLabel(): number {
    this.#labels += 1;
    return this.#labels - 1;
  }

  /** A new process takes the place of a crashed one. */
  restart(id: number): void {
    this.processes[id] = new SimProcess(id, this, this.options);
  }
}
