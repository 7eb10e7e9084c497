import type { WriteReport } from "@cascata/core";
import type { ChangeRecord, History } from "./history.ts";
import type { SimProcess, SimRegion, World } from "./world.ts";

/** What changes are made by: everything, or one mechanism alone, so that no other one hides what it lacks. */
const mixes = [
  ["delete", "delete", "deleteMulti", "invalidateTags", "invalidate", "clear", "deferred", "soft", "set", "setMulti"],
  ["delete", "deleteMulti"],
  ["delete", "invalidateTags"],
  ["invalidateTags", "invalidateTags", "invalidate"],
  ["set", "set", "setMulti", "delete"],
  ["set"],
  ["soft", "invalidateTags", "deferred"],
] as const;
export type How = (typeof mixes)[number][number];

/** Those who change the origin, and then tell the cache. */
export class Writers {
  readonly #world: World;
  readonly #history: History;
  readonly #mix: readonly How[];

  constructor(world: World, history: History, mix: readonly How[] | undefined) {
    this.#world = world;
    this.#history = history;
    const chosen = world.random.pick<readonly How[]>(mixes);
    this.#mix = mix ?? chosen;
  }

  act(process: SimProcess, region: SimRegion): void {
    const { random, keys, origin, clock } = this.#world;
    const how = random.pick(this.#mix);
    const all = how === "invalidate" || how === "clear" || how === "deleteMulti" || how === "setMulti";
    const inner = all ? keys : [random.pick(keys)];
    const changed = inner.map(region.keyOf);
    if (changed.some((key) => this.#isBeingSet(key, how))) return;
    for (const key of changed) origin.set(key, (origin.get(key) ?? 0) + 1);
    const record: ChangeRecord = {
      process: process.label,
      keys: changed,
      how,
      versions: new Map(changed.map((key) => [key, origin.get(key) ?? 0])),
      from: clock.elapsed,
      confirmedAt: undefined,
      to: undefined,
    };
    this.#history.changes.push(record);
    void this.#change(how, region, inner).then(async (report) => {
      record.to = clock.elapsed;
      if (!report.confirmed) await report.settled;
      record.confirmedAt = clock.elapsed;
    });
  }

  /**
   * Two writers of one database row must agree on who sets the cache last: a value that is set is older than whatever is
   * changed meanwhile.
   */
  #isBeingSet(key: string, how: How): boolean {
    const sets = how === "set" || how === "setMulti";
    const { processes } = this.#world;
    return this.#history.changes.some(
      (other) =>
        (sets || other.how === "set" || other.how === "setMulti") &&
        other.keys.includes(key) &&
        other.confirmedAt === undefined &&
        processes.some(({ label }) => label === other.process),
    );
  }

  #change(how: How, { region, keyOf }: SimRegion, inner: readonly string[]): Promise<WriteReport> {
    const [first] = inner as [string];
    const now = (key: string) => ({ key: keyOf(key), version: this.#world.origin.get(keyOf(key)) ?? 0 });
    const tags = [`tag-${first}`];
    switch (how) {
      case "delete":
        return region.delete(first);
      case "deleteMulti":
        return region.deleteMulti(inner);
      case "invalidateTags":
        return region.invalidateTags(tags);
      case "soft":
        return region.invalidateTags(tags, { hard: false });
      case "clear":
        return region.clear();
      case "invalidate":
        return region.invalidate();
      case "set":
        return region.set(first, now(first), { tags });
      case "setMulti":
        return region.setMulti(new Map(inner.map((key) => [key, now(key)])), {
          tags: inner.map((key) => `tag-${key}`),
        });
      default:
        return this.#deferred(region, first);
    }
  }

  async #deferred(region: SimRegion["region"], key: string): Promise<WriteReport> {
    const deferred = region.deferInvalidation();
    if (this.#world.random.chance(0.5)) deferred.delete(key);
    else deferred.invalidateTags([`tag-${key}`]);
    const [report] = await deferred.apply();
    return report as WriteReport;
  }
}
