import {
  type Clock,
  type CreatorContext,
  createRegion,
  isNoValue,
  LockError,
  NO_VALUE,
  ProxyBackend,
  type Region,
  type RegionOptions,
} from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { deferred, ManualClock, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";

/** Over memory alone, where a creation takes the short way. */
function scene(options: Partial<RegionOptions> & { readonly wrap?: readonly (typeof SlowWrites)[] } = {}) {
  const clock = new ManualClock();
  const backend = new MemoryBackend({ maxEntries: 100, clock });
  const region: Region = createRegion({ name: "r", backend, clock, ttl: "1m", ...options });
  const refused: string[] = [];
  region.on("fillRefused", ({ reason }) => refused.push(reason));
  return { clock, region, refused };
}

/** Memory behind something that takes its time to write. */
class SlowWrites extends ProxyBackend {
  static gate = deferred<void>();

  protected override around<T>(operation: string, run: (deadline?: number) => T | PromiseLike<T>): T | PromiseLike<T> {
    return operation === "set" ? SlowWrites.gate.promise.then(() => run()) : run();
  }
}

describe("a creation over memory alone, whose creator answers at once", () => {
  it("is stored before the call returns, and leaves nothing in flight", async () => {
    const { region } = scene();
    const asked = region.getOrCreate("k", () => 1);
    expect(region.peek("k")).toBe(1);
    expect(await asked).toBe(1);
    expect(await region.keyIsLocked("k")).toBe(false);
    expect(await region.getOrCreate("k", () => 2)).toBe(1);
  });

  it.each([
    ["deletes it", (region: Region) => region.delete("k")],
    ["sets it", (region: Region) => region.set("k", 0)],
    ["deletes it among others", (region: Region) => region.deleteMulti(["a", "k"])],
  ])("is not stored if the creator %s, and its caller has it all the same", async (_name, change) => {
    const { region, refused } = scene();
    let changed: Promise<unknown> | undefined;
    const value = await region.getOrCreate("k", () => {
      changed = change(region);
      return 1;
    });
    await changed;
    expect(value).toBe(1);
    expect(await region.get("k")).not.toBe(1);
    expect(refused).toEqual(["changed"]);
  });

  it("is covered by an invalidation that its creator asks for, and not by an earlier one in the same turn", async () => {
    const { region } = scene();
    void region.invalidate();
    void region.getOrCreate("before", () => 1);
    void region.getOrCreate("within", () => {
      void region.invalidateTags(["t"]);
      return 1;
    });
    void region.getOrCreate("tagged", (context) => {
      context.tags = ["t"];
      void region.invalidateTags(["t"]);
      return 1;
    });
    expect([region.peek("before"), region.peek("within"), region.peek("tagged")]).toEqual([1, 1, NO_VALUE]);
    void region.getOrCreate("k", () => {
      void region.invalidate();
      return 1;
    });
    expect(region.peek("k")).toBe(NO_VALUE);
  });

  it("finds a change of an outer key within an inner creator", async () => {
    const { region, refused } = scene();
    const value = await region.getOrCreate("outer", () => {
      void region.getOrCreate("inner", () => {
        void region.delete("outer");
        return 1;
      });
      return 2;
    });
    expect([value, region.peek("outer"), region.peek("inner")]).toEqual([2, NO_VALUE, 1]);
    expect(refused).toEqual(["changed"]);
  });

  it("knows its key as locked while the creator is called, and no other", async () => {
    const { region } = scene();
    let locked: Promise<readonly boolean[]> | undefined;
    await region.getOrCreate("k", () => {
      locked = Promise.all(["k", "other"].map((key) => region.keyIsLocked(key)));
      return 1;
    });
    expect(await locked).toEqual([true, false]);
  });

  it("refuses a creator that asks for its own key, directly, through another one, or after a delete", async () => {
    const { region } = scene();
    const own = () => region.getOrCreate("k", () => 0);
    await expect(region.getOrCreate("k", own)).rejects.toBeInstanceOf(LockError);
    await expect(region.getOrCreate("k", () => region.getOrCreate("l", own))).rejects.toBeInstanceOf(LockError);
    const afterwards = () => {
      void region.delete("k");
      return own();
    };
    await expect(region.getOrCreate("k", afterwards)).rejects.toBeInstanceOf(LockError);
    expect(await region.getOrCreate("k", () => 3)).toBe(3);
  });

  it("fails with what the creator throws, once for each call, and holds nothing", async () => {
    const { region } = scene();
    const error = new Error("no");
    const throws = () => {
      throw error;
    };
    await expect(region.getOrCreate("k", throws)).rejects.toBe(error);
    await expect(region.getOrCreate("k", throws)).rejects.toBe(error);
    expect(await region.keyIsLocked("k")).toBe(false);
    expect(await region.getOrCreate("k", throws, { fallback: () => 5 })).toBe(5);
    expect(await region.getOrCreate("k", () => 1)).toBe(1);
  });

  it("waits for a write that takes its time only where it was asked to", async () => {
    SlowWrites.gate = deferred();
    const { region } = scene({ wrap: [SlowWrites] });
    expect(await region.getOrCreate("k", () => 1)).toBe(1);
    let landed = false;
    const asked = region
      .getOrCreate("l", () => 2, { awaitFill: true })
      .then((value) => {
        landed = true;
        return value;
      });
    const joined = region.getOrCreate("l", () => 3);
    await settled();
    expect(landed).toBe(false);
    SlowWrites.gate.resolve();
    expect([await asked, await joined]).toEqual([2, 2]);
  });

  it("is stored with the tags of its call, and told of once it is stored", async () => {
    const { clock, region } = scene();
    const told: unknown[] = [];
    region.on("served", (event) => void told.push(event));
    region.on("created", (event) => void told.push(event, region.peek("k")));
    await region.getOrCreate("k", () => 1, { tags: ["a", "b"] });
    expect(told).toEqual([
      { key: "k", origin: "cached", tier: "memory" },
      { keys: ["k"], durationMs: 0, regenerated: false },
      1,
      { key: "k", origin: "created", tier: undefined },
    ]);
    const entry = await region.getEntry("k");
    expect(isNoValue(entry) ? undefined : entry.tags).toEqual(["a", "b"]);
    await clock.advance(1);
    await region.invalidateTags(["b"]);
    expect(await region.getOrCreate("k", () => 2)).toBe(2);
  });

  it("is one creation for a listener that asks for the key, and one that changes it has the last word", async () => {
    const { region } = scene();
    let calls = 0;
    const asked: Promise<unknown>[] = [];
    const stop = region.on("created", () => void asked.push(region.getOrCreate("k", () => (calls += 1))));
    await region.getOrCreate("k", () => (calls += 1));
    expect([await Promise.all(asked), calls]).toEqual([[1], 1]);
    stop();
    region.on("created", () => void region.delete("other"));
    expect([await region.getOrCreate("other", () => 1), isNoValue(await region.get("other"))]).toEqual([1, true]);
  });

  it("is told of though its value can't be kept", async () => {
    const { region } = scene({ isolation: "clone" });
    const told: unknown[] = [];
    region.on("created", ({ keys }) => void told.push(keys));
    await expect(region.getOrCreate("k", () => new (class Own {})())).rejects.toThrow("Own");
    expect(told).toEqual([["k"]]);
  });

  it("counts exactly how long a creator took where somebody asks, however far the turn's time is behind", async () => {
    const { clock: manual } = scene();
    let late = 100;
    const clock: Clock = {
      now: () => manual.now() + late,
      coarse: () => manual.coarse(),
      schedule: (run, ms) => manual.schedule(run, ms),
    };
    const slow = () => {
      late += 20;
      return 1;
    };
    const took = async (region: Region, key: string) => {
      await region.getOrCreate(key, slow);
      const entry = await region.getEntry(key);
      return isNoValue(entry) ? undefined : entry.metadata.createdAt - entry.metadata.startedAt;
    };
    const { region } = scene({ clock });
    expect(await took(region, "a")).toBeGreaterThanOrEqual(20);
    const told: number[] = [];
    region.on("created", ({ durationMs }) => told.push(durationMs));
    expect([await took(region, "b"), told]).toEqual([20, [20]]);
    expect(await took(scene({ clock, earlyRefresh: 1 }).region, "k")).toBe(20);
  });
});

describe("a creation over memory alone, whose creator answers later", () => {
  it("is joined by all who come meanwhile", async () => {
    const { region } = scene();
    const made = deferred<number>();
    const first = region.getOrCreate("k", () => made.promise);
    const second = region.getOrCreate("k", () => 2);
    expect(await region.keyIsLocked("k")).toBe(true);
    made.resolve(1);
    expect([await first, await second, region.peek("k")]).toEqual([1, 1, 1]);
  });

  it("is joined by nobody, and not stored, if the creator has changed the key before it answered", async () => {
    const { region, refused } = scene();
    const made = deferred<number>();
    const first = region.getOrCreate("k", () => {
      void region.delete("k");
      return made.promise;
    });
    expect(await region.getOrCreate("k", () => 2)).toBe(2);
    made.resolve(1);
    expect([await first, region.peek("k")]).toEqual([1, 2]);
    expect(refused).toEqual(["changed"]);
  });

  it("refuses a creator that asks for its own key later, and lets it once its call has ended", async () => {
    const { region } = scene();
    const asks = async () => settled().then(() => region.getOrCreate("k", () => 1));
    await expect(region.getOrCreate("k", asks)).rejects.toBeInstanceOf(LockError);
    // While another one runs, the context of the first is still followed.
    void region.getOrCreate("other", async () => deferred<number>().promise);
    let after: Promise<unknown> | undefined;
    const skips = async (context: CreatorContext) => {
      context.skip();
      after = settled()
        .then(() => settled())
        .then(() => region.getOrCreate("k", () => 2));
      return 1;
    };
    expect([await region.getOrCreate("k", skips), await after]).toEqual([1, 2]);
  });

  it("stops a creator that nobody waits for any more", async () => {
    const { clock, region } = scene();
    let signal: AbortSignal | undefined;
    const asked = region.getOrCreate(
      "k",
      (context) => {
        signal = context.signal;
        return new Promise<number>(() => undefined);
      },
      { hardTimeout: 50 },
    );
    asked.catch(() => undefined);
    await clock.advance(60);
    await expect(asked).rejects.toThrow("the creation");
    expect(signal?.aborted).toBe(true);
  });
});

describe("a set in memory alone", () => {
  it("reports what became of it, and is told", async () => {
    const { region } = scene();
    const told: unknown[] = [];
    region.on("set", (event) => told.push(event));
    const report = await region.set("k", 1);
    const outcomes = new Map([["k", { status: "stored" }]]);
    expect([report.confirmed, report.outcomes, report.tiers]).toEqual([
      true,
      outcomes,
      new Map([["memory", outcomes]]),
    ]);
    await report.settled;
    expect(told).toEqual([{ keys: ["k"], confirmed: true }]);
  });

  it("reports of many what became of each, and tells of all at once", async () => {
    const { region } = scene();
    const told: unknown[] = [];
    region.on("set", (event) => told.push(event));
    const report = await region.setMulti(
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    );
    const outcomes = new Map([
      ["a", { status: "stored" }],
      ["b", { status: "stored" }],
    ]);
    expect([report.confirmed, report.outcomes, report.tiers]).toEqual([
      true,
      outcomes,
      new Map([["memory", outcomes]]),
    ]);
    expect(told).toEqual([{ keys: ["a", "b"], confirmed: true }]);
    expect(await region.getMulti(["a", "b"])).toEqual([1, 2]);
  });

  it("is of the last value where a mangler makes one key of two", async () => {
    const { region } = scene({ keyMangler: (key) => key.toLowerCase() });
    const told: unknown[] = [];
    region.on("set", (event) => told.push(event));
    const report = await region.setMulti(
      new Map([
        ["K", 1],
        ["k", 2],
      ]),
    );
    expect([await region.get("K"), [...report.outcomes.keys()]]).toEqual([2, ["k"]]);
    expect(told).toEqual([{ keys: ["k"], confirmed: true }]);
  });

  it.each([
    ["alone", (region: Region) => region.set("k", 1)],
    ["among others", (region: Region) => region.setMulti(new Map([["k", 1]]))],
  ])("%s ends what began while the store took it: nobody joins that any more", async (_name, set) => {
    const made = deferred<number>();
    const clock = new ManualClock();
    const onRemoved = () => void region.getOrCreate("k", () => made.promise, { forceRefresh: true });
    const backend = new MemoryBackend({ maxEntries: 1, clock, onRemoved });
    const region: Region = createRegion({ name: "r", backend, clock, ttl: "1m" });
    await region.set("other", 0);
    await set(region);
    const later = region.getOrCreate("k", () => 2, { forceRefresh: true });
    made.resolve(0);
    expect(await later).toBe(2);
  });

  it("counts the entry's age from itself", async () => {
    const { region } = scene();
    await region.set("k", 1);
    const entry = await region.getEntry("k");
    expect(isNoValue(entry) || entry.metadata.createdAt === entry.metadata.startedAt).toBe(true);
  });
});
