import { CachedValue, ConfigurationError, NO_VALUE, Region } from "@cascata/core";
import { asKeyvStore, KeyvBackend, type KeyvStore, type RegionLike } from "@cascata/keyv";
import { MemoryBackend } from "@cascata/memory";
import { FaultyProxy, ManualClock, MapBackend } from "@cascata/testing";
import { Keyv as Keyv5 } from "keyv";
import { Keyv as Keyv6 } from "keyv6";
import { describe, expect, test } from "vitest";

const clock = new ManualClock();

function region(name = "r", backend = new MemoryBackend({ maxEntries: 100, clock })): Region {
  return new Region({ name, ttl: "1h", clock }).configure(backend);
}

/** What both majors have; a union of their overloads can't be called. */
interface EitherKeyv {
  namespace: string | undefined;
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]>;
  delete(key: string): Promise<boolean>;
  deleteMany(keys: string[]): Promise<unknown>;
  has(key: string): Promise<boolean>;
  hasMany(keys: string[]): Promise<boolean[]>;
  clear(): Promise<void>;
  disconnect(): Promise<void>;
}

const majors: readonly (readonly [string, (store: KeyvStore) => EitherKeyv])[] = [
  ["Keyv 5", (store) => new Keyv5({ store, throwOnErrors: true })],
  ["Keyv 6", (store) => new Keyv6({ store })],
];

const targets: readonly (readonly [string, () => Region | MapBackend])[] = [
  ["a region", () => region()],
  ["a backend", () => new MapBackend({ clock })],
];

for (const [major, keyvOver] of majors) {
  describe.each(targets)(`${major} over %s`, (_, target) => {
    test("reads, writes and deletes, one or many", async () => {
      const keyv = keyvOver(asKeyvStore(target(), { clock }));
      expect(await keyv.get("a")).toBeUndefined();
      expect(await keyv.set("a", { n: 1 })).toBe(true);
      await keyv.setMany([
        { key: "b", value: 2 },
        { key: "c", value: null, ttl: 1000 },
      ]);
      expect(await keyv.get("a")).toEqual({ n: 1 });
      expect(await keyv.getMany(["a", "none", "b", "c"])).toEqual([{ n: 1 }, undefined, 2, null]);
      expect([await keyv.has("a"), await keyv.has("none")]).toEqual([true, false]);
      expect(await keyv.hasMany(["a", "none"])).toEqual([true, false]);
      expect(await keyv.delete("a")).toBe(true);
      await keyv.deleteMany(["b", "c"]);
      expect(await keyv.getMany(["a", "b", "c"])).toEqual([undefined, undefined, undefined]);
      await keyv.disconnect();
      await keyv.set("still", "open");
      expect(await keyv.get("still")).toBe("open");
    });

    test("clear clears", async () => {
      const keyv = keyvOver(asKeyvStore(target(), { clock }));
      await keyv.set("a", 1);
      await keyv.clear();
      expect(await keyv.get("a")).toBeUndefined();
    });

    test("namespaces live apart", async () => {
      const shared = target();
      const one = keyvOver(asKeyvStore(shared, { clock }));
      one.namespace = "one";
      const other = keyvOver(asKeyvStore(shared, { clock }));
      other.namespace = "other";
      await one.set("k", 1);
      expect(await other.get("k")).toBeUndefined();
      expect(await one.get("k")).toBe(1);
    });
  });
}

describe("the ttl", () => {
  test("that Keyv gives is the entry's; without one the region's holds", async () => {
    const caches = region();
    const store = asKeyvStore(caches);
    await store.set("short", "s", 1000);
    await store.setMany([
      { key: "long", value: "l" },
      { key: "short2", value: "s", ttl: 1000 },
    ]);
    await clock.advance(1001);
    expect(await store.getMany(["short", "short2", "long"])).toEqual([undefined, undefined, "l"]);
    await clock.advance(3_600_000);
    expect(await store.get("long")).toBeUndefined();
  });

  test("before a bare backend none is endless", async () => {
    const backend = new MapBackend({ clock });
    const store = asKeyvStore(backend, { clock });
    await store.set("k", "v");
    await store.set("short", "s", 10);
    await clock.advance(1e9);
    expect(await store.getMany(["k", "short"])).toEqual(["v", undefined]);
    expect(backend.get("k")).toBeInstanceOf(CachedValue);
  });
});

describe("failures reach Keyv", () => {
  class Broken extends MapBackend {
    override get(): never {
      throw new Error("down");
    }
  }

  test("a failed read rejects, or is Keyv's error event", async () => {
    await expect(asKeyvStore(new Broken()).get("k")).rejects.toThrow("down");
    await expect(new Keyv5({ store: asKeyvStore(new Broken()), throwOnErrors: true }).get("k")).rejects.toThrow("down");
    const keyv = new Keyv6({ store: asKeyvStore(new Broken()) });
    const told: unknown[] = [];
    keyv.on("error", (error: unknown) => told.push(error));
    expect(await keyv.get("k")).toBeUndefined();
    expect(told).toMatchObject([{ message: "down" }]);
  });

  test("a write that was refused rejects", async () => {
    const backend = new MemoryBackend({ maxSize: "1kb", clock });
    const store = asKeyvStore(backend, { clock });
    await expect(store.set("k", "x".repeat(5000))).rejects.toThrow("too-large");
    await expect(store.setMany([{ key: "k", value: "x".repeat(5000) }])).rejects.toThrow("too-large");
    expect(backend.get("k")).toBe(NO_VALUE);
  });

  test("a region's write that its farthest tier has not done rejects, too", async () => {
    const far = new FaultyProxy(new MapBackend({ clock }));
    const store = asKeyvStore(new Region({ name: "r", clock }).configure(far));
    await store.set("k", 1);
    far.fail({ operation: ["set", "setMulti", "delete", "deleteMulti"] });
    await expect(store.set("k", 2)).rejects.toThrow("set");
    await expect(
      store.setMany([
        { key: "k", value: 2 },
        { key: "l", value: 2, ttl: 5 },
      ]),
    ).rejects.toThrow("set");
    await expect(store.delete("k")).rejects.toThrow("delete");
    await expect(store.deleteMany(["k", "l"])).rejects.toThrow("delete");
    const small = asKeyvStore(region("small", new MemoryBackend({ maxSize: "1kb", clock })));
    await expect(small.set("k", "x".repeat(5000))).rejects.toThrow("too-large");
  });

  test("nothing walks the keys", async () => {
    const keyv: { readonly iterator?: unknown } = new Keyv5({ store: asKeyvStore(region()) });
    expect(keyv.iterator).toBeUndefined();
    const six = new Keyv6({ store: asKeyvStore(region()) });
    await six.set("k", 1);
    const walked: unknown[] = [];
    for await (const entry of six.iterator()) walked.push(entry);
    expect(walked).toEqual([]);
  });

  test("clear where there is none", async () => {
    const backend = new KeyvBackend({ store: new Map(), clock });
    await expect(asKeyvStore(backend).clear()).rejects.toThrow(ConfigurationError);
  });

  test.each([undefined, {}, new Map()])("%o is no target", (target) => {
    expect(() => asKeyvStore(target as unknown as RegionLike)).toThrow(ConfigurationError);
  });
});
