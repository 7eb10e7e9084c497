import type { CreatorVerdict } from "@cascata/core";
import { type CreatedRecord, CreationError, type Versioned } from "./history.ts";
import type { SimProcess, SimRegion, World } from "./world.ts";

/** What a creator takes at most. */
export const slowestMs = 1800;

/** The database that creators read, and how creators behave: slow ones, failing ones, those that stop when they are told. */
export class Origin {
  readonly #world: World;
  readonly #records: CreatedRecord[];
  readonly #slow: number;
  readonly #failing: number;
  #healthy = false;

  constructor(world: World, records: CreatedRecord[]) {
    this.#world = world;
    this.#records = records;
    this.#slow = world.random.pick([0.05, 0.2, 0.35]);
    this.#failing = world.random.pick([0, 0, 0.1, 0.4]);
  }

  /** From now on no creator fails. */
  heal(): void {
    this.#healthy = true;
  }

  now(key: string): Versioned {
    return { key, version: this.#world.origin.get(key) ?? 0 };
  }

  /** The same for a batch, whose keys end together: each with its value or its own error. */
  async createAll(
    process: SimProcess,
    region: SimRegion,
    keys: readonly string[],
    signal: AbortSignal | undefined,
    failed: (error: unknown) => CreatorVerdict,
  ): Promise<readonly (Versioned | CreatorVerdict)[]> {
    const first = this.#records.length;
    const all = await Promise.all(keys.map((key) => this.create(process, region, key, signal).catch(failed)));
    for (const record of this.#records.slice(first, first + keys.length)) record.to = this.#world.clock.elapsed;
    return all;
  }

  /** Reads at once, and hands out what it read some time later, unless it fails or is stopped. */
  create(
    process: SimProcess,
    { keyOf }: SimRegion,
    inner: string,
    signal?: AbortSignal,
    hardTimeoutMs = Number.POSITIVE_INFINITY,
  ): Promise<Versioned> {
    const { clock, random } = this.#world;
    const key = keyOf(inner);
    const id = this.#records.length;
    const record: CreatedRecord = {
      id,
      process: process.label,
      key,
      from: clock.elapsed,
      to: Number.POSITIVE_INFINITY,
      ended: undefined,
      givenUpAt: clock.elapsed + hardTimeoutMs,
    };
    this.#records.push(record);
    const value = this.now(key);
    const ms = random.chance(this.#slow) ? 300 + random.next() * (slowestMs - 300) : random.next() * 40;
    const fails = random.chance(this.#failing) && !this.#healthy;
    return new Promise((resolve, reject) => {
      const end = (how: "made" | "failed" | "stopped") => {
        if (record.ended !== undefined) return;
        record.to = clock.elapsed;
        record.ended = how;
        if (how === "made") resolve(value);
        else reject(new CreationError(id));
      };
      process.clock.schedule(() => end(fails ? "failed" : "made"), ms);
      signal?.addEventListener("abort", () => end("stopped"));
    });
  }
}
