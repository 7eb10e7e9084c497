import { type CreateOptions, isNoValue } from "@cascata/core";
import type { History, Versioned, Violation } from "./history.ts";
import { type Origin, slowestMs } from "./origin.ts";
import type { SimProcess, SimRegion, World } from "./world.ts";

/** How long a call may take beyond its creators. */
export const callMs = 1500;
/** What the creators of all processes may take, one after another, for a call that waits for all of them. */
const creatorsMs = 5000;

/** The calls that read, and what they are told. */
export class Callers {
  readonly #world: World;
  readonly #history: History;
  readonly #origin: Origin;
  readonly #isTimed: boolean;
  /** Whether creators take their signals. */
  readonly #stopping: boolean;

  /** @param isTimed whether a process that takes long has no excuse */
  constructor(world: World, history: History, origin: Origin, isTimed: boolean) {
    this.#world = world;
    this.#history = history;
    this.#origin = origin;
    this.#isTimed = isTimed;
    this.#stopping = world.random.chance(0.3);
  }

  /** `dice`: below 1. */
  act(process: SimProcess, region: SimRegion, dice: number): void {
    if (dice < 0.14) this.#getOrCreateMulti(process, region);
    else if (dice < 0.28) this.#get(process, region);
    else if (dice < 0.34) this.#peek(process, region);
    else if (dice < 0.4) this.#touch(process, region);
    else this.#getOrCreate(process, region);
  }

  #getOrCreate(process: SimProcess, region: SimRegion): void {
    const { random, keys } = this.#world;
    const key = random.pick(keys);
    const options: { -readonly [K in keyof CreateOptions<Versioned>]: CreateOptions<Versioned>[K] } = {};
    const byCreator = random.chance(0.3);
    if (!byCreator) options.tags = random.chance(0.3) ? [`tag-${key}`] : [`tag-${key}`, "all"];
    const dice = random.next();
    const hardTimeoutMs = dice < 0.05 ? 100 : undefined;
    if (hardTimeoutMs !== undefined) options.hardTimeout = hardTimeoutMs;
    else if (dice < 0.1) options.forceRefresh = true;
    else if (dice < 0.2 && this.#stopping) options.signal = this.#leaving(process);
    this.#read(process, region, "getOrCreate", key, creatorsMs, () =>
      region.region.getOrCreate(
        key,
        (context) => {
          if (byCreator) context.tags = [`tag-${key}`];
          const signal = this.#stopping ? context.signal : undefined;
          return this.#origin.create(process, region, key, signal, hardTimeoutMs);
        },
        options,
      ),
    );
  }

  #leaving(process: SimProcess): AbortSignal {
    const leaving = new AbortController();
    process.clock.schedule(() => leaving.abort(new Error("the caller left")), this.#world.random.next() * 100);
    return leaving.signal;
  }

  #getOrCreateMulti(process: SimProcess, region: SimRegion): void {
    const { keys, random } = this.#world;
    const asked = keys.filter(() => random.chance(0.7));
    if (asked.length === 0) return;
    const answer = region.region.getOrCreateMulti(
      asked,
      (wanted, context) =>
        this.#origin.createAll(process, region, wanted, this.#stopping ? context.signal : undefined, (error) =>
          context.failed(error),
        ),
      { tags: (_value, key) => [`tag-${key}`, "all"], settled: true },
    );
    for (const key of asked) {
      this.#read(process, region, "getOrCreateMulti", key, creatorsMs, async () => {
        const outcome = (await answer).get(key);
        if (outcome?.status === "rejected") throw outcome.reason;
        return outcome?.value as Versioned;
      });
    }
  }

  #get(process: SimProcess, region: SimRegion): void {
    const key = this.#world.random.pick(this.#world.keys);
    this.#read(process, region, "get", key, 0, async () => {
      const value = await region.region.get(key);
      return isNoValue(value) ? undefined : value;
    });
  }

  #peek(process: SimProcess, region: SimRegion): void {
    const key = this.#world.random.pick(this.#world.keys);
    const value = region.region.peek(key);
    const { elapsed: from } = this.#world.clock;
    const record = { process: process.label, key: region.keyOf(key), how: "peek", from, to: from, error: undefined };
    this.#history.reads.push({ ...record, value: isNoValue(value) ? undefined : value });
  }

  /** It writes what it has read: whether that was the latest others will tell. */
  #touch(process: SimProcess, region: SimRegion): void {
    const key = this.#world.random.pick(this.#world.keys);
    this.#read(process, region, "touch", key, 0, async () => {
      await region.region.touch(key);
      return undefined;
    });
  }

  #read(
    process: SimProcess,
    region: SimRegion,
    how: string,
    inner: string,
    creatorMs: number,
    run: () => Promise<Versioned | undefined>,
  ): void {
    const { clock } = this.#world;
    const from = clock.elapsed;
    const key = region.keyOf(inner);
    const record = (value: Versioned | undefined, error: unknown) => {
      const to = clock.elapsed;
      this.#history.reads.push({ process: process.label, key, how, from, to, value, error });
      if (!this.#isTimed || to - from <= callMs) return;
      if (creatorMs > 0 && to - from <= creatorMs + callMs + this.#invalidatedMs(key, from, to)) return;
      const text = `process ${process.label} waited ${(to - from).toFixed(0)} ms for ${how}(${key}) from ${from.toFixed(1)}`;
      this.#history.others.push({ rule: "I6 liveness", text } satisfies Violation);
    };
    void run().then(
      (value) => record(value, undefined),
      (error: unknown) => record(undefined, error),
    );
  }

  /**
   * What a call may wait longer because of changes: each may make worthless the creation that it waits for, in another
   * process that then gets the lease once more. `leaseWait` alone bounds how often, and it is longer than a run.
   */
  #invalidatedMs(key: string, from: number, to: number): number {
    const changes = this.#history.changes.filter(
      (change) => change.keys.includes(key) && change.from <= to && (change.to ?? Number.POSITIVE_INFINITY) >= from,
    );
    return changes.length * slowestMs;
  }
}
