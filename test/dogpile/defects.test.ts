import {
  CachedValue,
  type CacheMutex,
  CantDeserializeException,
  ConfigurationError,
  createRegion,
  LockError,
  makeRegion,
  NO_VALUE,
  PartialFailureError,
  ProxyBackend,
  type RegionOptions,
} from "@cascata/core";
import { AsyncMutex } from "@cascata/core/dogpile";
import { deferred, ManualClock, MapBackend, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { type Opened, open, type Variant, variants } from "./variants.ts";

const plain = variants[0] as Variant;

/** A store with dogpile's kind of lock: one mutex a key, no leases; two regions on one are two processes. */
class LockingMap extends MapBackend {
  readonly mutexes = new Map<string, AsyncMutex>();
  readonly taken: string[] = [];
  /** Answers of a waiting acquire that gives up. */
  givesUp = false;
  failsToRelease = false;
  failsToRead = false;

  override get remote(): boolean {
    return true;
  }

  override getMulti(keys: readonly string[]) {
    if (this.failsToRead) throw new Error("the store can't be read");
    return super.getMulti(keys);
  }

  override getMutex(key: string): CacheMutex {
    const mutex = this.mutexes.get(key) ?? new AsyncMutex();
    this.mutexes.set(key, mutex);
    return {
      acquire: (wait) => {
        this.taken.push(key);
        if (wait && this.givesUp && mutex.locked()) return false;
        return mutex.acquire(wait);
      },
      release: () => {
        mutex.release();
        if (this.failsToRelease) throw new LockError("no longer owned");
      },
      locked: () => mutex.locked(),
    };
  }

  get held(): readonly string[] {
    return [...this.mutexes].filter(([, mutex]) => mutex.locked()).map(([key]) => key);
  }
}

function twoProcesses(options: Partial<RegionOptions> = {}) {
  const clock = new ManualClock();
  const store = new LockingMap({ clock });
  const make = () =>
    createRegion({ name: "r", clock, grace: Number.POSITIVE_INFINITY, ...options, backend: store, wrap: [] });
  return { clock, store, a: make(), b: make() };
}

describe("what is wrong in dogpile is right here", () => {
  for (const variant of variants) {
    it(`P1: another version is a miss in every method (${variant.name})`, async () => {
      const clock = new ManualClock();
      const backend = variant.backend(clock);
      const old = createRegion({ name: "r", clock, backend, valueVersion: 1 });
      await old.set("k", "old");
      const region = createRegion({ name: "r", clock, backend, valueVersion: 2 });
      expect(await region.get("k")).toBe(NO_VALUE);
      expect(await region.getMulti(["k"])).toEqual([NO_VALUE]);
      expect(await region.getEntry("k")).toBe(NO_VALUE);
      expect(await region.has("k")).toBe(false);
      expect(await region.get("k", { ignoreExpiration: true })).toBe(NO_VALUE);
      expect(await region.getOrCreateMulti(["k"], () => ["new"])).toEqual(new Map([["k", "new"]]));
      expect(await region.getOrCreate("k", () => "newer")).toBe("new");
    });

    it(`P2: never is Infinity in every method, and -1 is refused in every one (${variant.name})`, async () => {
      const { region, clock } = open(variant, { ttl: 100 });
      await region.set("k", 1);
      await clock.advance(1e6);
      const endless = { expirationTime: Number.POSITIVE_INFINITY };
      expect(await region.get("k", endless)).toBe(1);
      expect(await region.getMulti(["k"], endless)).toEqual([1]);
      expect(await region.getEntry("k", endless)).toMatchObject({ payload: 1 });
      expect(await region.getOrCreate("k", () => 2, endless)).toBe(1);
      expect([...(await region.getOrCreateMulti(["k"], () => [2], endless)).values()]).toEqual([1]);
      const negative = { expirationTime: -1 };
      const calls = [
        () => region.get("k", negative),
        () => region.getMulti(["k"], negative),
        () => region.getEntry("k", negative),
        () => region.getOrCreate("k", () => 2, negative),
        () => region.getOrCreateMulti(["k"], () => [2], negative),
      ];
      for (const call of calls) await expect(call()).rejects.toBeInstanceOf(ConfigurationError);
    });

    it(`P3: an age equal to the ttl is fresh; what is made in the instant of an invalidation is valid (${variant.name})`, async () => {
      const { region, clock } = open(variant, { ttl: 100 });
      await region.set("k", 1);
      await clock.advance(100);
      expect(await region.get("k")).toBe(1);
      expect(await region.getOrCreate("k", () => 2)).toBe(1);
      await region.set("before", 1);
      await region.invalidate();
      await region.set("after", 1);
      expect(await region.getMulti(["before", "after"])).toEqual([NO_VALUE, 1]);
    });
  }

  it("P4: a batch that has waited reads again, and makes nothing that another one has just stored", async () => {
    const { a, b, store } = twoProcesses();
    const gate = deferred();
    const asked: (readonly string[])[] = [];
    const first = a.getOrCreateMulti(["k1", "k2"], async (keys) => {
      asked.push(keys);
      await gate.promise;
      return keys.map((key) => `a:${key}`);
    });
    await settled();
    const second = b.getOrCreateMulti(["k2", "k3"], (keys) => {
      asked.push(keys);
      return keys.map((key) => `b:${key}`);
    });
    await settled();
    gate.resolve();
    expect([...(await first).values()]).toEqual(["a:k1", "a:k2"]);
    expect([...(await second).values()]).toEqual(["a:k2", "b:k3"]);
    expect(asked).toEqual([["k1", "k2"], ["k3"]]);
    expect(store.held).toEqual([]);
  });

  it("P4: overlapping batches lock in one order, whatever order they ask in, and can't wait for each other", async () => {
    const { a, b, store } = twoProcesses();
    const make = (keys: readonly string[]) => settled().then(() => keys.map((key) => key.toUpperCase()));
    const both = [a.getOrCreateMulti(["z", "m", "a"], make), b.getOrCreateMulti(["a", "m", "z"], make)];
    expect((await Promise.all(both)).map((one) => [...one.values()])).toEqual([
      ["Z", "M", "A"],
      ["A", "M", "Z"],
    ]);
    expect(store.taken.slice(0, 2)).toEqual(["r:a", "r:a"]);
    expect(store.held).toEqual([]);
  });

  it("P5: no lock is left behind, whatever fails", async () => {
    const { a, store } = twoProcesses();
    const boom = new Error("boom");
    const fail = () => {
      throw boom;
    };
    await expect(a.getOrCreateMulti(["a", "b"], fail)).rejects.toBeInstanceOf(PartialFailureError);
    expect(store.held).toEqual([]);
    await expect(a.getOrCreateMulti(["a", "b"], (keys) => keys, { shouldCacheFn: fail })).rejects.toThrow();
    expect(store.held).toEqual([]);
    const taking = a.getOrCreateMulti(["a", "b"], (keys) => {
      store.failsToRead = true;
      return keys;
    });
    await taking;
    expect(store.held).toEqual([]);
    const failing = await a.getOrCreateMulti(["c", "d"], (keys) => keys, { settled: true });
    expect([...failing.values()].map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect(store.held).toEqual([]);
  });

  it("P6: two keys that mangle to one are one: nothing waits for itself", async () => {
    const { a, store } = twoProcesses({ keyMangler: (key) => key.toLowerCase() });
    const asked: (readonly string[])[] = [];
    const made = await a.getOrCreateMulti(["K", "k", "x"], (keys) => {
      asked.push(keys);
      return keys.map((key) => `made ${key}`);
    });
    expect([...made]).toEqual([
      ["K", "made K"],
      ["k", "made K"],
      ["x", "made x"],
    ]);
    expect(asked).toEqual([["K", "x"]]);
    expect(store.taken).toEqual(["r:k", "r:x"]);
  });

  it("P7: a batch creator's answer of the wrong shape is an error, and nothing of it is stored", async () => {
    const wrong: unknown[] = [
      ["one"],
      ["one", "two", "three"],
      "ab",
      undefined,
      { a: 1, b: 2 },
      new Map([["a", 1]]),
      new Map([
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ]),
    ];
    for (const answer of wrong) {
      const { region } = open(plain);
      await expect(region.getOrCreateMulti(["a", "b"], () => answer as never)).rejects.toBeInstanceOf(
        PartialFailureError,
      );
      expect(await region.getMulti(["a", "b"])).toEqual([NO_VALUE, NO_VALUE]);
    }
    const { region } = open(plain);
    const map = new Map([
      ["b", 2],
      ["a", 1],
    ]);
    expect([...(await region.getOrCreateMulti(["a", "b"], () => map)).values()]).toEqual([1, 2]);
  });

  it("P8: a creator that asks for its own key gets an error instead of waiting for itself", async () => {
    for (const variant of variants) {
      const { region } = open(variant);
      const again = (): Promise<number> => region.getOrCreate("k", async () => 1);
      await expect(region.getOrCreate("k", () => again())).rejects.toBeInstanceOf(LockError);
      await expect(region.getOrCreate("k", async () => settled().then(again))).rejects.toThrow(/its own key/);
      const through = () => region.getOrCreate("other", async () => again());
      await expect(region.getOrCreate("k", async () => through())).rejects.toBeInstanceOf(LockError);
      const multi = region.getOrCreateMulti(["a", "k"], async (keys) => [await again(), keys.length]);
      await expect(multi).rejects.toBeInstanceOf(PartialFailureError);
      expect(await region.keyIsLocked("k")).toBe(false);
    }
  });

  it("P9: who waits shares the outcome: an uncacheable value or a failure is made once, not once for each", async () => {
    for (const variant of variants) {
      const { region } = open(variant);
      let calls = 0;
      const gate = deferred<number>();
      const create = () => {
        calls += 1;
        return gate.promise;
      };
      const all = Array.from({ length: 3 }, () => region.getOrCreate("k", create, { shouldCacheFn: () => false }));
      gate.resolve(7);
      expect([await Promise.all(all), calls]).toEqual([[7, 7, 7], 1]);
      const boom = new Error("boom");
      const down = deferred<number>();
      const failing = Array.from({ length: 3 }, () =>
        region.getOrCreate("f", () => {
          calls += 1;
          return down.promise;
        }),
      );
      await settled();
      down.reject(boom);
      expect((await Promise.allSettled(failing)).map((one) => one.status === "rejected" && one.reason)).toEqual([
        boom,
        boom,
        boom,
      ]);
      expect(calls).toBe(2);
    }
  });

  it("P10: with a grace the stale value serves while the creator fails; without one the error is everybody's", async () => {
    for (const grace of [0, 10_000]) {
      const { region, clock } = open(plain, { ttl: 100, grace });
      await region.set("k", "old");
      await clock.advance(101);
      const failing = region.getOrCreate("k", () => Promise.reject(new Error("down")));
      if (grace === 0) await expect(failing).rejects.toThrow("down");
      else expect(await failing).toBe("old");
    }
  });

  it("P11: a lock that is not granted in time is honoured: nothing is stored without it, or the call fails", async () => {
    for (const afterLeaseWait of ["create", "fail"] as const) {
      const { a, b, store } = twoProcesses({ afterLeaseWait });
      const gate = deferred<string>();
      const holder = a.getOrCreate("k", () => gate.promise);
      await settled();
      store.givesUp = true;
      const other = b.getOrCreate("k", () => "without the lock");
      if (afterLeaseWait === "fail") await expect(other).rejects.toBeInstanceOf(LockError);
      else expect(await other).toBe("without the lock");
      const batch = b.getOrCreateMulti(["k", "free"], (keys) => keys.map((key) => `b:${key}`), { settled: true });
      expect((await batch).get("free")).toEqual({ status: "fulfilled", value: "b:free" });
      expect((await batch).get("k")?.status).toBe(afterLeaseWait === "fail" ? "rejected" : "fulfilled");
      expect(await b.get("k")).toBe(NO_VALUE);
      expect(await b.get("free")).toBe("b:free");
      gate.resolve("right");
      expect(await holder).toBe("right");
      expect(await b.get("k")).toBe("right");
      expect(store.held).toEqual([]);
    }
  });

  it("P12: a lock that can't be released takes no value away; it is told", async () => {
    const warnings: string[] = [];
    const { a, store } = twoProcesses({ logger: { warn: (message) => warnings.push(message) } });
    store.failsToRelease = true;
    expect(await a.getOrCreate("k", () => "made")).toBe("made");
    expect([...(await a.getOrCreateMulti(["x"], () => ["X"])).values()]).toEqual(["X"]);
    await settled();
    expect(await a.get("k")).toBe("made");
    expect(warnings).toEqual(["a lock could not be released", "a lock could not be released"]);
  });

  it("P13: keyIsLocked and getMutex mean the key that is locked, mangled as it is", async () => {
    const { a, b, store } = twoProcesses({ keyMangler: (key) => `m-${key}` });
    const gate = deferred<number>();
    const value = a.getOrCreate("k", () => gate.promise);
    await settled();
    expect(store.held).toEqual(["r:m-k"]);
    expect([await a.keyIsLocked("k"), await b.keyIsLocked("k"), await b.keyIsLocked("other")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await b.getMutex("k")?.locked()).toBe(true);
    expect(b.hasLockTimeout()).toBe(false);
    gate.resolve(1);
    await value;
    await settled();
    expect([await a.keyIsLocked("k"), await b.keyIsLocked("k")]).toEqual([false, false]);
    expect(open(plain).region.getMutex("k")).toBe(null);
  });

  it("P14: one proxy in place of a list is refused, not ignored", () => {
    class Layer extends ProxyBackend {}
    const region = makeRegion({ name: "r" });
    expect(() => region.configure(new MapBackend(), { wrap: Layer as never })).toThrow(/a list of proxies/);
    expect(() => createRegion({ name: "r", backend: new MapBackend(), wrap: Layer as never })).toThrow(
      ConfigurationError,
    );
    expect(region.isConfigured).toBe(false);
  });

  it("P15: an instance wraps one backend, once: a used one is refused", () => {
    class Layer extends ProxyBackend {}
    const used = new Layer(new MapBackend());
    const region = createRegion({ name: "r", backend: new MapBackend() });
    const before = region.backend;
    expect(() => region.wrap(used as never)).toThrow(/wraps a backend already/);
    expect(() => region.wrap(() => used)).toThrow(ConfigurationError);
    expect(() => createRegion({ name: "r", backend: new MapBackend(), wrap: [used as never] })).toThrow(
      ConfigurationError,
    );
    expect(region.backend).toBe(before);
  });

  it("P16: actualBackend follows a replacement", () => {
    const [one, other] = [new MapBackend(), new MapBackend()];
    const region = createRegion({ name: "r", backend: one });
    expect(region.actualBackend).toBe(one);
    region.configure(other, { replaceExistingBackend: true });
    expect(region.actualBackend).toBe(other);
  });

  it("P17: a configure that fails changes nothing, and may be repeated", async () => {
    class Layer extends ProxyBackend {}
    const region = makeRegion({ name: "r", ttl: "1m" });
    const backend = new MapBackend();
    const wrong: object[] = [
      { ttl: "soon" },
      { grace: -5 },
      { wrap: [Layer, 5] },
      { unknown: 1 },
      { regionInvalidator: {} },
      { arguments: {} },
    ];
    for (const options of wrong) {
      expect(() => region.configure(backend, options)).toThrow(ConfigurationError);
      expect(region.isConfigured).toBe(false);
    }
    expect(() => region.configure({} as never)).toThrow(ConfigurationError);
    region.configure(backend);
    for (const options of wrong)
      expect(() => region.configure(new MapBackend(), { ...options, replaceExistingBackend: true })).toThrow();
    expect(region.actualBackend).toBe(backend);
    expect(await region.explain()).toContain("fresh for 1m");
  });

  it("P18: a decorated function's helpers find what its call stored, defaults left out or not", async () => {
    const { region } = open(plain);
    let calls = 0;
    const f = region.cached(async function f(a: number, b = 2) {
      calls += 1;
      return a * b;
    });
    await f(1);
    expect(await f.get(1)).toBe(2);
    await f.invalidate(1);
    expect(await f.get(1)).toBe(NO_VALUE);
    await f.set(9, 1);
    expect([await f(1), calls]).toEqual([9, 1]);
  });

  it("P19: .get honours the decorator's expiration, .set and .refresh its shouldCacheFn", async () => {
    const { region, clock } = open(plain, { ttl: 10_000 });
    const f = region.cacheOnArguments({ expirationTime: 100, shouldCacheFn: (value: unknown) => value !== null })(
      async function f(id: number): Promise<number | null> {
        return id < 0 ? null : id;
      },
    );
    await f(1);
    await clock.advance(101);
    expect(await f.get(1)).toBe(NO_VALUE);
    expect(await f.refresh(-1)).toBe(null);
    await f.set(null, -1);
    expect(await f.get(-1)).toBe(NO_VALUE);
    const dynamic = region.cacheOnArguments({ expirationTime: () => 100, namespace: "n" })(f.original);
    await dynamic(1);
    await clock.advance(101);
    expect(await dynamic.get(1)).toBe(NO_VALUE);
  });

  it("P20: foreign or corrupt bytes are a miss and an incident, one key's alone", async () => {
    const clock = new ManualClock();
    const backend = new MapBackend({ clock });
    const serialize = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const deserialize = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    const region = createRegion({ name: "r", clock, backend, serializer: serialize, deserializer: deserialize });
    const incidents: string[] = [];
    region.on("incident", ({ key }) => incidents.push(String(key)));
    await region.setMulti(
      new Map([
        ["good", 1],
        ["cut", 2],
        ["foreign", 3],
        ["object", 4],
      ]),
    );
    const stored = backend.get("r:cut") as CachedValue<Uint8Array>;
    backend.set("r:cut", new CachedValue(stored.payload.subarray(0, -1), stored.metadata));
    backend.set("r:foreign", new CachedValue(new TextEncoder().encode("\u0080\u0003K\u0001."), stored.metadata));
    backend.set("r:object", new CachedValue({ an: "object" }, stored.metadata));
    const keys = ["good", "cut", "foreign", "object"];
    expect(await region.getMulti(keys)).toEqual([1, NO_VALUE, NO_VALUE, NO_VALUE]);
    expect(await region.get("cut")).toBe(NO_VALUE);
    expect(incidents.slice(0, 3)).toEqual(["cut", "foreign", "object"]);
    expect([...(await region.getOrCreateMulti(keys, (wanted) => wanted)).values()]).toEqual([
      1,
      "cut",
      "foreign",
      "object",
    ]);
    expect(await region.get("cut")).toBe("cut");
  });

  it("P20: CantDeserializeException, and any other error of a deserializer, is a miss", async () => {
    for (const error of [new CantDeserializeException("old format"), new TypeError("bug")]) {
      const clock = new ManualClock();
      let broken = false;
      const region = createRegion({
        name: "r",
        clock,
        backend: new MapBackend({ clock }),
        serializer: {
          name: "odd",
          serialize: () => new Uint8Array([1]),
          deserialize: () => {
            if (broken) throw error;
            return "fine";
          },
        },
      });
      const incidents: unknown[] = [];
      region.on("incident", (incident) => incidents.push(incident.error));
      await region.set("k", 1);
      expect(await region.get("k")).toBe("fine");
      broken = true;
      expect(await region.get("k")).toBe(NO_VALUE);
      expect(await region.getOrCreate("k", () => "made")).toBe("made");
      expect(incidents.length).toBeGreaterThan(0);
      expect(incidents[0]).toMatchObject({ cause: error });
    }
  });

  it("P21: NO_VALUE from a creator is never cached, and the creator is asked again", async () => {
    for (const variant of variants) {
      const { region }: Opened = open(variant);
      let calls = 0;
      const none = () => {
        calls += 1;
        return NO_VALUE;
      };
      expect([await region.getOrCreate("k", none), await region.getOrCreate("k", none), calls]).toEqual([
        NO_VALUE,
        NO_VALUE,
        2,
      ]);
      const batch = await region.getOrCreateMulti(["k", "x"], () => [NO_VALUE, 1]);
      expect([...batch.values()]).toEqual([NO_VALUE, 1]);
      expect(await region.getOrCreate("k", () => "made")).toBe("made");
      await expect(region.set("s", NO_VALUE)).rejects.toMatchObject({ code: "VALIDATION" });
    }
  });

  it("P22: a background creation asks shouldCacheFn as any other does", async () => {
    const clock = new ManualClock();
    const region = createRegion({
      name: "r",
      clock,
      ttl: 100,
      grace: "1h",
      backend: new MapBackend({ clock }),
      shouldCacheFn: (value) => value !== "bad",
      asyncCreationRunner: async (_region, _key, creator, mutex) => {
        await creator();
        await mutex.release();
      },
    });
    await region.set("k", "old");
    await clock.advance(101);
    expect(await region.getOrCreate("k", () => "bad")).toBe("old");
    await settled();
    expect(await region.get("k", { ignoreExpiration: true })).toBe("old");
  });

  it("P23: who gets the lock of a stale key after another one's renewal reads again instead of creating", async () => {
    const { a, b, clock, store } = twoProcesses({ ttl: 100 });
    await a.set("k", "old");
    await clock.advance(101);
    // b reads the stale value; before it has asked for the lock, a renews and lets go.
    const mutex = store.getMutex("r:k");
    const acquire = deferred();
    store.getMutex = (key) => ({
      ...mutex,
      locked: () => mutex.locked(),
      release: () => mutex.release(),
      acquire: async (wait) => {
        await acquire.promise;
        store.taken.push(key);
        return mutex.acquire(wait);
      },
    });
    const late = b.getOrCreate("k", () => "made twice");
    await settled();
    await a.set("k", "renewed");
    acquire.resolve();
    expect(await late).toBe("renewed");
    expect(await b.get("k")).toBe("renewed");
    expect(mutex.locked()).toBe(false);
  });
});

describe("a region's serializer", () => {
  const backend = () => new MapBackend();

  it("is a pair: half of one is refused", () => {
    const serialize = (value: unknown) => new TextEncoder().encode(String(value));
    const deserialize = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    for (const half of [{ serializer: serialize }, { deserializer: deserialize }, { serializer: { serialize } }])
      expect(() => makeRegion({ name: "r", ...(half as object) })).toThrow(/both halves/);
    const named = { name: "n", serialize, deserialize };
    expect(() => makeRegion({ name: "r", serializer: named, deserializer: deserialize })).toThrow(ConfigurationError);
    expect(() => makeRegion({ name: "r", serializer: named })).not.toThrow();
  });

  it("keeps what callers do to their objects out of the cache", async () => {
    const { richSerializer } = await import("@cascata/core");
    const region = createRegion({ name: "r", backend: backend(), serializer: richSerializer });
    const value = { list: [1] };
    await region.set("k", value);
    value.list.push(2);
    const found = (await region.get("k")) as typeof value;
    expect(found).toEqual({ list: [1] });
    found.list.push(3);
    expect(await region.get("k")).toEqual({ list: [1] });
  });

  it("stores bytes that begin with metadata which a person can read", async () => {
    const map = backend();
    const region = createRegion({
      name: "r",
      backend: map,
      serializer: (await import("@cascata/core")).richSerializer,
    });
    await region.set("k", "v", { tags: ["t"] });
    const bytes = (map.get("r:k") as CachedValue<Uint8Array>).payload;
    expect(new TextDecoder().decode(bytes)).toMatch(/^cascata1 .*"stamp":.*"formatVersion":.*\n"v"$/s);
  });
});
