import {
  type Awaitable,
  type CacheBackend,
  CachedValue,
  type CacheMutex,
  type Clock,
  createRegion,
  isCacheMutex,
  LockError,
  NO_VALUE,
  ProxyBackend,
  protect,
  type Region,
  type RegionOptions,
  systemClock,
} from "@cascata/core";
import { afterEach, describe, expect, it } from "vitest";

/** A kind of backend, as dogpile's generic suite runs over each of its own. */
export interface Kind {
  /** Over a new, empty store. Closed by the suite. */
  open(): Awaitable<CacheBackend>;
  /** One more client of the same store, where the store is shared. Closed by the suite. */
  beside?(backend: CacheBackend): Awaitable<CacheBackend>;
  readonly clock?: Clock;
  /** Lets time pass as the backend sees it. */
  advance(ms: number): Awaitable<unknown>;
  /** A short life: more than the store's own inexactness. @default 100 */
  readonly shortMs?: number;
}

class Bare extends ProxyBackend {}

const json = {
  serializer: (value: unknown) => new TextEncoder().encode(JSON.stringify(value)),
  deserializer: (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as unknown,
};

/** The forms in which the suite runs: the row that asks for each, its name, and what it adds to a region. */
const forms: readonly [name: string, options: Partial<RegionOptions>, proxied: boolean][] = [
  ["plain", {}, false],
  ["row 67: behind a bare proxy", {}, true],
  ["row 98: with a serializer of the region's", json, false],
];

export function backendSuite(kind: Kind): void {
  const { clock = systemClock, shortMs = 100 } = kind;
  const opened: (CacheBackend | Region)[] = [];

  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  async function backendOf(): Promise<CacheBackend> {
    const backend = await kind.open();
    opened.push(backend);
    return backend;
  }

  function over(backend: CacheBackend, options: Partial<RegionOptions>, proxied: boolean): Region {
    const wrap = proxied ? [Bare] : [];
    // A busy machine's first connection may take longer than the default deadline, which is not what is asked here.
    const patient = protect(backend, { timeout: "10s", clock });
    const region = createRegion({ name: "r", clock, grace: "1h", ...options, backend: patient, wrap });
    opened.push(region);
    return region;
  }

  describe("the backend by itself", () => {
    const bytes = new Uint8Array([0, 255, 1, 128, 124, 10, 13]);
    const entry = () => {
      const now = clock.now();
      return new CachedValue(bytes, { createdAt: now, startedAt: now, formatVersion: 1, ttl: 3_600_000 });
    };

    it("row 68: an unknown key is NO_VALUE", async () => {
      expect(await (await backendOf()).get("unknown")).toBe(NO_VALUE);
    });

    it("row 69: deleting an unknown key is silent", async () => {
      const backend = await backendOf();
      expect((await backend.delete("unknown"))?.status ?? "stored").toBe("stored");
    });

    it("row 70: bytes come back exactly", async () => {
      const backend = await backendOf();
      await backend.set("k", entry());
      const found = (await backend.get("k")) as CachedValue<Uint8Array>;
      expect([...found.payload]).toEqual([...bytes]);
    });

    it("row 71: what was deleted is gone", async () => {
      const backend = await backendOf();
      await backend.set("k", entry());
      await backend.delete("k");
      expect(await backend.get("k")).toBe(NO_VALUE);
    });
  });

  for (const [form, options, proxied] of forms) {
    describe(form, () => {
      const open = async (more: Partial<RegionOptions> = {}) =>
        over(await backendOf(), { ...options, ...more }, proxied);

      it("row 72: a region sets and gets", async () => {
        const region = await open();
        await region.set("some key", "some value");
        expect(await region.get("some key")).toBe("some value");
      });

      it("row 73: a miss after deleteMulti", async () => {
        const region = await open();
        await region.setMulti(
          new Map([
            ["a", 1],
            ["b", 2],
          ]),
        );
        await region.deleteMulti(["a", "b"]);
        expect([await region.get("a"), await region.get("b")]).toEqual([NO_VALUE, NO_VALUE]);
      });

      it("row 74: getOrCreate", async () => {
        const region = await open();
        expect(await region.getOrCreate("k", async () => "made")).toBe("made");
        expect(await region.getOrCreate("k", () => "other", { awaitFill: true })).toBe("made");
      });

      it("row 75: delete is idempotent", async () => {
        const region = await open();
        await region.set("k", 1);
        for (const _ of [1, 2]) expect((await region.delete("k")).confirmed).toBe(true);
        expect(await region.get("k")).toBe(NO_VALUE);
      });

      it("row 33: after its life a value is found by the flag alone, and renewed", async () => {
        const region = await open({ ttl: shortMs });
        await region.set("k", "old");
        await kind.advance(shortMs * 2);
        expect(await region.get("k")).toBe(NO_VALUE);
        expect(await region.get("k", { ignoreExpiration: true })).toBe("old");
        expect(await region.getOrCreate("k", () => "new", { ttl: "1h", awaitFill: true })).toBe("new");
        expect(await region.get("k")).toBe("new");
      });

      it("row 51: setMulti, then single gets", async () => {
        const region = await open();
        await region.setMulti(
          new Map<string, unknown>([
            ["a", 1],
            ["b", [2]],
            ["c", null],
          ]),
        );
        expect([await region.get("a"), await region.get("b"), await region.get("c")]).toEqual([1, [2], null]);
      });

      it("row 52: single sets, then getMulti", async () => {
        const region = await open();
        await region.set("a", 1);
        await region.set("b", 2);
        expect(await region.getMulti(["b", "a"])).toEqual([2, 1]);
      });

      it("row 53: holes are NO_VALUE in their places", async () => {
        const region = await open();
        await region.set("b", 2);
        expect(await region.getMulti(["a", "b", "c"])).toEqual([NO_VALUE, 2, NO_VALUE]);
        expect(await region.getMulti(["x", "y"])).toEqual([NO_VALUE, NO_VALUE]);
      });

      it("row 54: no keys, no values", async () => {
        expect(await (await open()).getMulti([])).toEqual([]);
      });

      it("row 55: an empty mapping is nothing to do; neither is an empty delete", async () => {
        const region = await open();
        expect((await region.setMulti(new Map())).confirmed).toBe(true);
        expect((await region.deleteMulti([])).confirmed).toBe(true);
      });

      it("row 56: getOrCreateMulti without keys calls no creator", async () => {
        const region = await open();
        expect((await region.getOrCreateMulti([], () => expect.fail("called"))).size).toBe(0);
      });

      it("row 58: deleteMulti of what is there and what is not", async () => {
        const region = await open();
        await region.setMulti(
          new Map([
            ["a", 1],
            ["b", 2],
            ["c", 3],
          ]),
        );
        await region.deleteMulti(["a", "unknown", "c"]);
        expect(await region.getMulti(["a", "b", "c"])).toEqual([NO_VALUE, 2, NO_VALUE]);
      });

      it("row 77: a decorated function and its invalidate", async () => {
        const region = await open();
        let calls = 0;
        const f = region.cacheOnArguments({ awaitFill: true })(async function f(a: number, b: number) {
          calls += 1;
          return a + b + calls * 100;
        });
        expect([await f(1, 2), await f(1, 2)]).toEqual([103, 103]);
        await f.invalidate(1, 2);
        expect(await f(1, 2)).toBe(203);
      });

      it("row 96: values come back as the serializer keeps them, single and multi (row 99)", async () => {
        const region = await open();
        const value = { text: "ä€😀", list: [1, [null, true]], nested: { x: 1.5 } };
        await region.set("one", value);
        await region.setMulti(
          new Map([
            ["two", value],
            ["three", value],
          ]),
        );
        expect(await region.get("one")).toEqual(value);
        expect(await region.getMulti(["two", "none", "three"])).toEqual([value, NO_VALUE, value]);
        const made = await region.getOrCreateMulti(["two", "four"], (keys) => keys.map(() => value), {
          awaitFill: true,
        });
        expect([...made.values()]).toEqual([value, value]);
        expect(await region.get("four")).toEqual(value);
      });

      it("row 104: a creator asks for another key", async () => {
        const region = await open();
        const inner = () => region.getOrCreate("bar", async () => "bar");
        expect(await region.getOrCreate("foo", async () => `foo ${await inner()}`)).toBe("foo bar");
      });
    });
  }

  describe("its locks", () => {
    const held = async (key: string): Promise<CacheMutex | null> => (await backendOf()).getMutex(key);

    it("row 100 and 101: not locked; taken; a second try fails; locked; released; taken again", async (context) => {
      const backend = await backendOf();
      const [mutex, other] = [backend.getMutex("k"), backend.getMutex("k")];
      if (mutex === null || other === null)
        return context.skip("this backend has no lock: the region's own order serves");
      expect(isCacheMutex(mutex)).toBe(true);
      expect(await mutex.locked()).toBe(false);
      expect(await mutex.acquire()).toBe(true);
      expect(await other.acquire(false)).toBe(false);
      expect([await mutex.locked(), await other.locked()]).toEqual([true, true]);
      await mutex.release();
      expect(await mutex.locked()).toBe(false);
      expect(await other.acquire(false)).toBe(true);
      await other.release();
    });

    it("row 102: one at a time under contention", async (context) => {
      const backend = await backendOf();
      if (backend.getMutex("k") === null)
        return context.skip("this backend has no lock: the region's own order serves");
      let inside = 0;
      let most = 0;
      let rounds = 0;
      await Promise.all(
        Array.from({ length: 5 }, async () => {
          for (let round = 0; round < 5; round += 1) {
            const mutex = backend.getMutex("k") as CacheMutex;
            expect(await mutex.acquire()).toBe(true);
            inside += 1;
            most = Math.max(most, inside);
            await Promise.resolve();
            inside -= 1;
            rounds += 1;
            await mutex.release();
          }
        }),
      );
      expect([most, rounds]).toEqual([1, 25]);
    });

    it("row 113: whoever has the object may release it, in another context", async (context) => {
      const mutex = await held("k");
      if (mutex === null) return context.skip("this backend has no lock: the region's own order serves");
      await mutex.acquire();
      await new Promise<void>((resolve, reject) => {
        setImmediate(() => {
          Promise.resolve(mutex.release()).then(resolve, reject);
        });
      });
      expect(await mutex.locked()).toBe(false);
    });

    it("row 115: releasing what is not held fails loudly", async (context) => {
      const mutex = await held("k");
      if (mutex === null) return context.skip("this backend has no lock: the region's own order serves");
      const release = async () => mutex.release();
      await expect(release()).rejects.toBeInstanceOf(LockError);
    });

    it("row 105: never two creators at once, in two regions on one store", async (context) => {
      const one = await backendOf();
      if (kind.beside === undefined) return context.skip("nobody else can reach this store");
      const two = await kind.beside(one);
      opened.push(two);
      const regions = [one, two].map((backend) => over(backend, { ttl: shortMs, lease: "10s" }, false));
      let creating = 0;
      let made = 0;
      const create = async () => {
        creating += 1;
        expect(creating).toBe(1);
        await new Promise<void>((resolve) => clock.schedule(resolve, 5));
        creating -= 1;
        made += 1;
        return made;
      };
      for (let round = 0; round < 3; round += 1) {
        const asked = Array.from({ length: 10 }, (_, worker) =>
          (regions[worker % 2] as Region).getOrCreate("k", create),
        );
        let answered = false;
        const all = Promise.all(asked).finally(() => {
          answered = true;
        });
        while (!answered) await kind.advance(5);
        for (const value of await all) expect(value).toBeGreaterThan(0);
        await kind.advance(shortMs * 2);
      }
      expect(made).toBeGreaterThanOrEqual(2);
      expect(made).toBeLessThanOrEqual(4);
    });
  });
}
