import { type CacheMutex, createRegion, isCacheMutex, LockError, NO_VALUE } from "@cascata/core";
import { AsyncMutex, KeyReentrantMutex, Lock, NameRegistry, NeedRegenerationException } from "@cascata/core/dogpile";
import { deferred, ManualClock, MapBackend, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { open, variants } from "./variants.ts";

/** A store of one value for the lock. */
function storeOf(clock: ManualClock) {
  const state = { value: undefined as string | undefined, createdAt: 0, reads: 0 };
  return {
    state,
    put(value: string) {
      state.value = value;
      state.createdAt = clock.now();
      return [value, state.createdAt] as const;
    },
    read: () => {
      state.reads += 1;
      if (state.value === undefined) throw new NeedRegenerationException();
      return [state.value, state.createdAt] as const;
    },
  };
}

describe("the lock within a process", () => {
  it("row 100: not locked; taken; a second try fails; locked; released; taken again", async () => {
    const mutex = new AsyncMutex();
    expect(mutex.locked()).toBe(false);
    expect(await mutex.acquire()).toBe(true);
    expect(await mutex.acquire(false)).toBe(false);
    expect(mutex.locked()).toBe(true);
    mutex.release();
    expect(mutex.locked()).toBe(false);
    expect(await mutex.acquire(false)).toBe(true);
  });

  it("row 101: it is a CacheMutex", () => {
    const mutex: CacheMutex = new AsyncMutex();
    expect(isCacheMutex(mutex)).toBe(true);
  });

  it("row 102: one at a time, in the order in which they came", async () => {
    const mutex = new AsyncMutex();
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 5 }, async (_, worker) => {
        for (let round = 0; round < 5; round += 1) {
          expect(await mutex.acquire()).toBe(true);
          inside += 1;
          most = Math.max(most, inside);
          order.push(worker);
          await settled();
          inside -= 1;
          mutex.release();
        }
      }),
    );
    expect([most, inside, mutex.locked()]).toEqual([1, 0, false]);
    expect(order).toEqual(Array.from({ length: 25 }, (_, index) => index % 5));
  });

  it("row 106: what lacks a part is no mutex", () => {
    const whole = { acquire: () => true, release: () => undefined, locked: () => false };
    expect(isCacheMutex(whole)).toBe(true);
    for (const part of ["acquire", "release", "locked"])
      expect(isCacheMutex({ ...whole, [part]: undefined })).toBe(false);
  });

  it("row 115: releasing what is not held fails loudly", async () => {
    const mutex = new AsyncMutex();
    expect(() => mutex.release()).toThrow(LockError);
    await mutex.acquire();
    mutex.release();
    expect(() => mutex.release()).toThrow(LockError);
    const view = KeyReentrantMutex.factory(mutex);
    const [one, other] = [{}, {}];
    await view("a", one).acquire();
    await expect(view("a", other).release()).rejects.toBeInstanceOf(LockError);
    await expect(view("b", one).release()).rejects.toBeInstanceOf(LockError);
    await view("a", one).release();
    expect(mutex.locked()).toBe(false);
  });

  it("row 104: one owner takes further keys of a shared lock, another one waits for all of them", async () => {
    const mutex = new AsyncMutex();
    const view = KeyReentrantMutex.factory(mutex);
    const [one, other] = [{}, {}];
    expect(await view("a", one).acquire()).toBe(true);
    expect(await view("b", one).acquire()).toBe(true);
    await expect(view("a", one).acquire()).rejects.toBeInstanceOf(LockError);
    expect(await view("c", other).acquire(false)).toBe(false);
    const waiting = view("c", other).acquire();
    await view("a", one).release();
    expect([view("a", one).locked(), view("b", one).locked(), mutex.locked()]).toEqual([false, true, true]);
    await view("b", one).release();
    expect(await waiting).toBe(true);
    expect(view("c", other).locked()).toBe(true);
  });

  it("row 116: one object for a name, whoever asks", async () => {
    let made = 0;
    const registry = new NameRegistry((name) => ({ name, made: made++ }));
    const all = await Promise.all(Array.from({ length: 50 }, async (_, index) => registry.get(`n${index % 5}`)));
    expect(made).toBe(5);
    for (const [index, one] of all.entries()) expect(one).toBe(all[index % 5]);
    expect(registry.size).toBe(5);
  });
});

describe("the dogpile lock by itself", () => {
  it("row 107: a fresh value costs one read and no lock", async () => {
    const clock = new ManualClock();
    const store = storeOf(clock);
    store.put("v");
    const mutex = { acquire: () => expect.fail(), release: () => expect.fail(), locked: () => false };
    await clock.advance(100);
    expect(await new Lock(mutex, () => expect.fail(), store.read, 100, undefined, { clock }).enter()).toBe("v");
    expect(store.state.reads).toBe(1);
  });

  it("row 107: without a value one creates, the others wait and read", async () => {
    const clock = new ManualClock();
    const store = storeOf(clock);
    const mutex = new AsyncMutex();
    let made = 0;
    const create = async () => {
      made += 1;
      await clock.advance(50);
      return store.put(`v${made}`);
    };
    const all = Array.from({ length: 10 }, () =>
      new Lock(mutex, create, store.read, "1m", undefined, { clock }).enter(),
    );
    expect(new Set(await Promise.all(all))).toEqual(new Set(["v1"]));
    expect([made, mutex.locked()]).toEqual([1, false]);
  });

  it("row 107: with a stale one the others get it at once", async () => {
    const clock = new ManualClock();
    const store = storeOf(clock);
    const mutex = new AsyncMutex();
    store.put("old");
    await clock.advance(1001);
    const made = deferred<string>();
    const lock = () =>
      new Lock(mutex, async () => store.put(await made.promise), store.read, 1000, undefined, { clock });
    const leader = lock().enter();
    await settled();
    expect(await Promise.all([lock().enter(), lock().enter()])).toEqual(["old", "old"]);
    made.resolve("new");
    expect(await leader).toBe("new");
    expect(await lock().enter()).toBe("new");
  });

  it("row 107: no value is older than its expiry and the time that a creation takes", async () => {
    const clock = new ManualClock();
    const store = storeOf(clock);
    const mutex = new AsyncMutex();
    let creating = 0;
    const create = async () => {
      creating += 1;
      expect(creating).toBe(1);
      await new Promise<void>((resolve) => clock.schedule(resolve, 30));
      creating -= 1;
      return store.put(String(clock.now()));
    };
    const user = async (pause: number) => {
      for (let round = 0; round < 40; round += 1) {
        const asked = clock.now();
        const value = Number(await new Lock(mutex, create, store.read, 100, undefined, { clock }).enter());
        expect(asked - value).toBeLessThanOrEqual(100 + 30 + pause);
        await new Promise<void>((resolve) => clock.schedule(resolve, pause));
      }
    };
    const users = Promise.all([3, 5, 7, 11].map(user));
    for (let step = 0; step < 700; step += 1) await clock.advance(1);
    await users;
  });

  it("row 110: a runner gets the mutex where there is a stale value, and releases it itself", async () => {
    const clock = new ManualClock();
    const store = storeOf(clock);
    const mutex = new AsyncMutex();
    const runs: CacheMutex[] = [];
    const lock = () =>
      new Lock(
        mutex,
        () => store.put("made"),
        store.read,
        100,
        (given) => runs.push(given),
        { clock },
      ).enter();
    expect(await lock()).toBe("made");
    expect(runs).toEqual([]);
    await clock.advance(101);
    expect(await lock()).toBe("made");
    expect(runs).toEqual([mutex]);
    expect(mutex.locked()).toBe(true);
    expect(await lock()).toBe("made");
    store.put("renewed");
    mutex.release();
    expect(await lock()).toBe("renewed");
    expect(runs).toHaveLength(1);
  });

  it("lets go of the lock whatever fails, and passes the error on", async () => {
    const clock = new ManualClock();
    const store = storeOf(clock);
    const mutex = new AsyncMutex();
    const boom = new Error("boom");
    const failing = new Lock<string>(mutex, () => Promise.reject(boom), store.read, 100, undefined, { clock });
    await expect(failing.enter()).rejects.toBe(boom);
    expect(mutex.locked()).toBe(false);
    store.put("old");
    await clock.advance(101);
    const runner = () => {
      throw boom;
    };
    await expect(new Lock(mutex, () => store.put("x"), store.read, 100, runner, { clock }).enter()).rejects.toBe(boom);
    expect(mutex.locked()).toBe(false);
  });
});

for (const variant of variants) {
  describe(`creations, ${variant.name}`, () => {
    it("row 19: a creator's error reaches the caller unchanged", async () => {
      const { region } = open(variant);
      const boom = new Error("boom");
      const failing = () => {
        throw boom;
      };
      await expect(region.getOrCreate("k", failing)).rejects.toBe(boom);
      expect(await region.keyIsLocked("k")).toBe(false);
      const settledOnes = await region.getOrCreateMulti(["k"], failing, { settled: true });
      expect(settledOnes.get("k")).toEqual({ status: "rejected", reason: boom });
      expect(await region.getOrCreate("k", () => 1)).toBe(1);
    });

    it("row 104: a creator may ask for another key", async () => {
      const { region } = open(variant);
      const inner = () => region.getOrCreate("bar", async () => "bar");
      expect(await region.getOrCreate("foo", async () => `foo${await inner()}`)).toBe("foobar");
      expect(await region.get("bar")).toBe("bar");
    });

    it("row 105: never two creators of a key at once", async () => {
      const { region, clock } = open(variant, { ttl: 20 });
      let creating = 0;
      let made = 0;
      const create = async () => {
        creating += 1;
        expect(creating).toBe(1);
        await new Promise<void>((resolve) => clock.schedule(resolve, 7));
        creating -= 1;
        made += 1;
        return made;
      };
      const worker = async (pause: number) => {
        for (let round = 0; round < 10; round += 1) {
          expect(await region.getOrCreate("k", create)).toBeGreaterThan(0);
          await new Promise<void>((resolve) => clock.schedule(resolve, pause));
        }
      };
      const workers = Promise.all(Array.from({ length: 10 }, (_, index) => worker(5 + index)));
      for (let step = 0; step < 300; step += 1) await clock.advance(1);
      await workers;
      expect(made).toBeGreaterThan(3);
    });
  });
}

describe("the region's creation runner", () => {
  function regionWith(runner: Parameters<typeof createRegion>[0]["asyncCreationRunner"], more = {}) {
    const clock = new ManualClock();
    const options = { ttl: 100, grace: "1h" as const, asyncCreationRunner: runner as never, ...more };
    return { clock, region: createRegion({ name: "r", clock, backend: new MapBackend({ clock }), ...options }) };
  }

  for (const multi of [false, true]) {
    it(`row 110: is called with region, key, creator and mutex, only where there is a stale value (${multi ? "multi" : "single"})`, async () => {
      const calls: { key: string; creator: () => Promise<unknown>; mutex: CacheMutex; region: unknown }[] = [];
      const { region, clock } = regionWith((given, key, creator, mutex) => {
        calls.push({ region: given, key, creator, mutex });
      });
      let made = 0;
      const make = () => {
        made += 1;
        return made;
      };
      const asked: (readonly string[])[] = [];
      const get = async () => {
        if (!multi) return region.getOrCreate("k", make);
        const batch = await region.getOrCreateMulti(["k", "new"], (keys) => {
          asked.push(keys);
          return keys.map((key) => (key === "k" ? make() : key));
        });
        return batch.get("k");
      };
      expect(await get()).toBe(1);
      expect(calls).toEqual([]);
      await clock.advance(101);
      if (multi) await region.delete("new");
      expect(await get()).toBe(1);
      expect(await get()).toBe(1);
      expect(calls.map((one) => [one.key, one.region])).toContainEqual(["k", region]);
      const call = calls.find(({ key }) => key === "k");
      expect(await call?.mutex.locked()).toBe(true);
      expect(await region.keyIsLocked("k")).toBe(true);
      expect(await call?.creator()).toBe(2);
      expect(await call?.creator()).toBe(2);
      await call?.mutex.release();
      await settled();
      expect(await region.get("k")).toBe(2);
      expect(await region.keyIsLocked("k")).toBe(false);
      expect(() => call?.mutex.release()).toThrow(LockError);
      if (multi) expect(asked).toEqual([["k", "new"], ["new"], ["k"]]);
    });
  }

  it("stores by the region's own path: shouldCacheFn, ttl and tags are the call's", async () => {
    const { region, clock } = regionWith(async (_region, _key, creator, mutex) => {
      await creator();
      await mutex.release();
    });
    const shouldCacheFn = (value: number) => value !== 13;
    await region.getOrCreate("k", () => 1, { shouldCacheFn });
    await clock.advance(101);
    expect(await region.getOrCreate("k", () => 13, { shouldCacheFn })).toBe(1);
    await settled();
    expect(await region.get("k", { ignoreExpiration: true })).toBe(1);
    expect(await region.getOrCreate("k", () => 2, { shouldCacheFn, ttl: 5000, tags: ["t"] })).toBe(1);
    await settled();
    await clock.advance(5000);
    expect(await region.get("k")).toBe(2);
    await region.invalidateTags(["t"]);
    expect(await region.get("k")).toBe(NO_VALUE);
  });

  it("that fails, before or after it has let go, leaves the stale value and no lock behind", async () => {
    const warnings: string[] = [];
    const logger = { warn: (message: string) => warnings.push(message) };
    let runner: (mutex: CacheMutex) => unknown = () => {
      throw new Error("no queue");
    };
    const { region, clock } = regionWith((_region, _key, _creator, mutex) => runner(mutex), { logger });
    await region.set("k", "old");
    await clock.advance(101);
    expect(await region.getOrCreate("k", () => "new")).toBe("old");
    expect(await region.keyIsLocked("k")).toBe(false);
    runner = async (mutex) => {
      await mutex.release();
      throw new Error("too late");
    };
    expect(await region.getOrCreate("k", () => "new")).toBe("old");
    await settled();
    expect(await region.keyIsLocked("k")).toBe(false);
    expect(warnings).toHaveLength(2);
  });

  it("gets the creator's own error", async () => {
    const boom = new Error("boom");
    const told: unknown[] = [];
    const { region, clock } = regionWith(async (_region, _key, creator, mutex) => {
      await creator().catch((error: unknown) => told.push(error));
      await mutex.release();
    });
    await region.set("k", "old");
    await clock.advance(101);
    expect(await region.getOrCreate("k", () => Promise.reject(boom))).toBe("old");
    await settled();
    expect(told).toEqual([boom]);
    expect(await region.keyIsLocked("k")).toBe(false);
  });

  it("is not asked after a hard invalidation or for a refresh", async () => {
    let runs = 0;
    const { region } = regionWith((_region, _key, _creator, mutex) => {
      runs += 1;
      void mutex.release();
    });
    await region.set("k", 1);
    await region.invalidate();
    expect(await region.getOrCreate("k", () => 2)).toBe(2);
    expect(await region.getOrCreate("k", () => 3, { forceRefresh: true })).toBe(3);
    expect(runs).toBe(0);
    await region.invalidate({ hard: false });
    expect(await region.getOrCreate("k", () => 4)).toBe(3);
    expect(runs).toBe(1);
  });
});
