import { EventEmitter } from "node:events";
import {
  BackendError,
  CachedValue,
  ConfigurationError,
  isNoValue,
  NO_VALUE,
  ReadFailure,
  SerializationError,
  TimeoutError,
} from "@cascata/core";
import { KeyvBackend, type KeyvBackendOptions } from "@cascata/keyv";
import { ManualClock } from "@cascata/testing";
import { Keyv as Keyv5 } from "keyv";
import { Keyv as Keyv6 } from "keyv6";
import { describe, expect, test } from "vitest";
import { AsyncTextStore, InstantStore } from "./stores.ts";

const clock = new ManualClock();
const boom = new Error("connection reset");

function entry(payload: unknown, life: { ttl?: number; grace?: number } = {}): CachedValue {
  return new CachedValue(payload, { createdAt: clock.now(), startedAt: clock.now(), formatVersion: 1, ...life });
}

function open(options: KeyvBackendOptions): KeyvBackend {
  return new KeyvBackend({ clock, ...options });
}

function batch(...keys: string[]): Map<string, CachedValue> {
  return new Map(keys.map((key) => [key, entry(key)]));
}

function failure(message: string) {
  return expect.objectContaining({
    tier: "keyv",
    error: expect.objectContaining({ message: expect.stringContaining(message) }),
  });
}

/** Tells of a failure by an event and answers as if nothing were there, as Redis adapters do by default. */
class QuietStore extends EventEmitter {
  readonly rows = new Map<string, unknown>();
  readonly client = new EventEmitter();
  namespace?: string;
  fails: (key: string) => boolean = () => false;

  async get(key: string): Promise<unknown> {
    return this.#quietly(key, undefined, () => this.rows.get(key));
  }

  async set(key: string, value: unknown): Promise<unknown> {
    return this.#quietly(key, undefined, () => void this.rows.set(key, value));
  }

  async delete(key: string): Promise<boolean> {
    return this.#quietly(key, false, () => this.rows.delete(key));
  }

  async has(key: string): Promise<boolean> {
    return this.rows.has(key);
  }

  async clear(): Promise<void> {
    this.#quietly("", undefined, () => this.rows.clear());
  }

  #quietly<T>(key: string, otherwise: T, run: () => T): T {
    if (!this.fails(key)) return run();
    this.emit("error", boom);
    return otherwise;
  }
}

/** The same with multi-operations of its own. */
class QuietMultiStore extends QuietStore {
  async getMany(keys: string[]): Promise<unknown[]> {
    return await Promise.all(keys.map((key) => this.get(key)));
  }

  async setMany(entries: { key: string; value: unknown }[]): Promise<void> {
    for (const { key, value } of entries) await this.set(key, value);
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    return (await Promise.all(keys.map((key) => this.delete(key)))).includes(true);
  }
}

describe("the store is asked once an operation", () => {
  test.each([
    ["alone", (store: AsyncTextStore) => store],
    ["behind Keyv 5", (store: AsyncTextStore) => new Keyv5({ store })],
    ["behind Keyv 6", (store: AsyncTextStore) => new Keyv6({ store })],
  ])("%s: getMany, setMany, deleteMany; nothing for nothing", async (_, around) => {
    const store = new AsyncTextStore();
    const backend = open({ store: around(store) });
    await backend.setMulti(batch("a", "b", "c"));
    await backend.getMulti(["a", "b", "a", "none"]);
    await backend.deleteMulti(["a", "b", "b"]);
    await backend.setMulti(new Map());
    await backend.getMulti([]);
    await backend.deleteMulti([]);
    expect(store.calls).toEqual(["setMany 3", "getMany 3", "deleteMany 2"]);
  });

  test("single and multi see the same keys, also one that begins like the namespace", async () => {
    const backend = open({ store: new Keyv5({ namespace: "n" }) });
    await backend.set("n:k", entry(1));
    expect(await backend.getMulti(["n:k"])).toMatchObject([{ payload: 1 }]);
    await backend.setMulti(new Map([["n:k", entry(2)]]));
    expect(await backend.get("n:k")).toMatchObject({ payload: 2 });
  });
});

describe("a failure is no miss", () => {
  for (const Store of [QuietStore, QuietMultiStore]) {
    for (const [title, around] of [
      ["alone", (store: QuietStore) => store],
      ["behind Keyv 5", (store: QuietStore) => new Keyv5({ store })],
      ["behind Keyv 6", (store: QuietStore) => new Keyv6({ store })],
    ] as const) {
      test(`${Store.name} ${title}, which fails by an event only`, async () => {
        const store = new Store();
        const backend = open({ store: around(store) });
        await backend.setMulti(batch("good", "bad"));
        store.fails = (key) => key.endsWith("bad");
        expect(await backend.get("bad")).toEqual(failure("connection reset"));
        const found = await backend.getMulti(["good", "bad"]);
        expect(found).toMatchObject([{ payload: "good" }, { tier: "keyv" }]);
        expect(found[1]).toBeInstanceOf(ReadFailure);
        expect(await backend.set("bad", entry(1))).toMatchObject({ status: "unknown", error: { cause: boom } });
        expect(await backend.delete("bad")).toMatchObject({ status: "unknown" });
        expect((await backend.setMulti(batch("good", "bad")))?.get("bad")).toMatchObject({ status: "unknown" });
        expect((await backend.deleteMulti(["good", "bad"]))?.get("bad")).toMatchObject({ status: "unknown" });
        store.fails = () => false;
        expect(await backend.get("never")).toBe(NO_VALUE);
      });
    }
  }

  test.each([
    ["alone", (store: AsyncTextStore) => store],
    ["behind Keyv 5", (store: AsyncTextStore) => new Keyv5({ store })],
    ["behind Keyv 6", (store: AsyncTextStore) => new Keyv6({ store })],
  ])("a store that throws, %s", async (_, around) => {
    const store = new AsyncTextStore();
    const backend = open({ store: around(store) });
    for (const name of ["get", "getMany", "set", "setMany", "delete", "deleteMany"] as const) {
      Object.defineProperty(store, name, { value: () => Promise.reject(boom) });
    }
    await expect(backend.get("k")).rejects.toThrow(BackendError);
    await expect(backend.getMulti(["k"])).rejects.toThrow("connection reset");
    await expect(backend.set("k", entry(1))).rejects.toThrow(BackendError);
    await expect(backend.setMulti(batch("k"))).rejects.toThrow(BackendError);
    await expect(backend.delete("k")).rejects.toThrow(BackendError);
    await expect(backend.deleteMulti(["k"])).rejects.toThrow(BackendError);
  });

  test("without a getMany of its own one key's failure is that key's", async () => {
    const rows = new Map<string, unknown>();
    const get = (key: string) => (key === "bad" ? Promise.reject(boom) : rows.get(key));
    const store = { get, set: rows.set.bind(rows), delete: rows.delete.bind(rows), clear: rows.clear.bind(rows) };
    const backend = open({ store });
    await backend.setMulti(batch("good", "bad"));
    expect(await backend.getMulti(["good", "bad"])).toMatchObject([{ payload: "good" }, { error: { cause: boom } }]);
  });

  test("a store that answers for fewer keys than it was asked", async () => {
    const store = Object.assign(new AsyncTextStore(), { getMany: async () => [] });
    await expect(open({ store }).getMulti(["a", "b"])).rejects.toThrow("for 2 keys");
  });

  test("a store that says no has refused", async () => {
    const store = Object.assign(new AsyncTextStore(), { set: async () => false, setMany: async () => [true, false] });
    const backend = open({ store });
    expect(await backend.set("k", entry(1))).toMatchObject({ status: "failed" });
    const outcomes = await backend.setMulti(batch("a", "b"));
    expect([...(outcomes ?? [])]).toMatchObject([["b", { status: "failed" }]]);
  });
});

describe("error events", () => {
  test.each([
    ["alone", (store: QuietStore) => store],
    ["behind Keyv 5", (store: QuietStore) => new Keyv5({ store })],
    ["behind Keyv 6", (store: QuietStore) => new Keyv6({ store })],
  ])("of store and client are incidents and end nothing, %s", (_, around) => {
    const store = new QuietStore();
    const keyv = around(store);
    const backend = open({ store: keyv });
    const told: unknown[] = [];
    backend.watch(({ what, error }) => told.push([what, error]));
    const lost = new Error("socket closed");
    // An EventEmitter, and Keyv 6, throw an error event that nobody listens to.
    store.emit("error", boom);
    store.client.emit("error", lost);
    expect(told).toEqual([
      ["store-error", boom],
      ["store-error", lost],
    ]);
  });

  test("nothing listens any more after close", async () => {
    const store = new QuietStore();
    const backend = open({ store });
    expect([store.listenerCount("error"), store.client.listenerCount("error")]).toEqual([1, 1]);
    await backend.close();
    expect([store.listenerCount("error"), store.client.listenerCount("error")]).toEqual([0, 0]);
  });
});

describe("expiry", () => {
  test.each([
    ["Keyv 5", (store: AsyncTextStore) => new Keyv5({ store })],
    ["Keyv 6", (store: AsyncTextStore) => new Keyv6({ store })],
    ["no Keyv", (store: AsyncTextStore) => store],
  ])("a read never deletes, and Keyv finds nothing expired: %s", async (_, around) => {
    const store = new AsyncTextStore();
    const backend = open({ store: around(store) });
    await backend.set("k", entry(1, { ttl: 100 }));
    await clock.advance(101);
    expect(await backend.get("k")).toBe(NO_VALUE);
    expect(await backend.getMulti(["k"])).toEqual([NO_VALUE]);
    expect(store.rows.size).toBe(1);
    expect(JSON.parse([...store.rows.values()][0] as string)).not.toHaveProperty("expires");
    expect(store.calls.filter((call) => call.startsWith("delete"))).toEqual([]);
  });

  test("the store's own ttl is what is left of the life, rounded up; none for an endless life", async () => {
    const store = new AsyncTextStore();
    const backend = open({ store });
    await backend.set("a", entry(1, { ttl: 1000.2, grace: 500 }));
    await backend.set("b", entry(1, { ttl: 1000 }), { keepMs: 1.5 });
    await backend.set("c", entry(1));
    await backend.setMulti(
      new Map([
        ["d", entry(1, { ttl: 7.1 })],
        ["e", entry(1, { ttl: Number.POSITIVE_INFINITY })],
      ]),
    );
    expect([...store.ttls]).toEqual([
      ["a", 1501],
      ["b", 2],
      ["c", undefined],
      ["d", 8],
      ["e", undefined],
    ]);
  });

  test("a store that takes instants gets them on the machine's clock", async () => {
    const store = new InstantStore();
    const before = Date.now();
    await open({ store }).set("k", entry(1, { ttl: 60_000 }));
    expect(store.ttls.get("k")).toBeGreaterThanOrEqual(before + 60_000);
    expect(store.ttls.get("k")).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  test("the Keyv's own ttl caps the stay", async () => {
    const store = new AsyncTextStore();
    await open({ store: new Keyv5({ store, ttl: 50 }) }).set("k", entry(1, { ttl: 1000 }));
    expect([...store.ttls.values()]).toEqual([50]);
  });
});

describe("what stands in the store", () => {
  test("readable text for text, base64 for what no text column takes; both come back", async () => {
    const store = new AsyncTextStore();
    const backend = open({ store });
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
    const raw = {
      name: "raw",
      serialize: (value: unknown) => value as Uint8Array,
      deserialize: (value: Uint8Array) => value,
    };
    await backend.set("text", entry({ city: "Zürich" }));
    expect(store.rows.get("text")).toMatch(/^\{"value":"t- cascata1 .*Zürich/);
    const binary = open({ store, serializer: raw });
    await binary.set("bytes", entry(bytes));
    expect(store.rows.get("bytes")).toMatch(/^\{"value":"b- [A-Za-z0-9+/=]+"\}$/);
    expect(await binary.get("bytes")).toMatchObject({ payload: bytes });
    expect(await backend.get("text")).toMatchObject({ payload: { city: "Zürich" } });
  });

  test.each([
    "{not json",
    "42",
    '"text"',
    "null",
    '{"value":42}',
    '{"value":"t- cascata1 cut"}',
    '{"value":"b- ***"}',
    '{"value":"x"}',
    "[]",
  ])("the foreign %s is a miss and an incident, for its key alone", async (foreign) => {
    for (const around of [
      (store: AsyncTextStore) => store,
      (store: AsyncTextStore) => new Keyv5({ store, useKeyPrefix: false }),
      (store: AsyncTextStore) => new Keyv6({ store }),
    ]) {
      const store = new AsyncTextStore();
      const backend = open({ store: around(store) });
      const told: unknown[] = [];
      backend.watch(({ what, key }) => told.push(what, key));
      await backend.set("good", entry(1));
      store.rows.set("bad", foreign);
      expect(await backend.getMulti(["good", "bad"])).toMatchObject([{ payload: 1 }, NO_VALUE]);
      expect(isNoValue(await backend.get("bad"))).toBe(true);
      if (foreign !== "null") expect(told).toContain("bad");
    }
  });

  test("another key's entry is a miss", async () => {
    const store = new AsyncTextStore();
    const backend = open({ store });
    await backend.set("a", entry(1));
    store.rows.set("b", store.rows.get("a") as string);
    expect(await backend.get("b")).toBe(NO_VALUE);
  });

  test("keys that Keyv 6 is told to sanitize into one do not serve each other", async () => {
    const backend = open({ store: new Keyv6({ sanitize: { keys: true } }) });
    await backend.set("a;b", entry(1));
    expect(await backend.get("ab")).toBe(NO_VALUE);
    expect(await backend.get("a;b")).toMatchObject({ payload: 1 });
  });

  test("Keyv 6's encryption is used", async () => {
    const store = new AsyncTextStore();
    const encryption = {
      encrypt: (text: string) => `secret${Buffer.from(text).toString("hex")}`,
      decrypt: (text: string) => Buffer.from(text.slice(6), "hex").toString(),
    };
    const backend = open({ store: new Keyv6({ store, encryption }) });
    await backend.set("k", entry("plain"));
    expect(store.rows.get("k")).toMatch(/^secret/);
    expect(await backend.get("k")).toMatchObject({ payload: "plain" });
  });

  test("an entry above maxEntrySize is refused and its key deleted; what can't be kept fails for its key", async () => {
    const backend = open({ store: new Map(), maxEntrySize: "1kb" });
    const large = entry("x".repeat(2000));
    await backend.setMulti(batch("a", "b"));
    expect(await backend.set("a", large)).toEqual({ status: "refused", why: "too-large" });
    const outcomes = await backend.setMulti(
      new Map([
        ["b", large],
        ["c", entry(1)],
        ["f", entry(() => 1)],
      ]),
    );
    expect(outcomes?.get("b")).toEqual({ status: "refused", why: "too-large" });
    expect(outcomes?.get("f")).toMatchObject({ status: "failed", error: { code: "SERIALIZATION" } });
    expect(await backend.getMulti(["a", "b", "c", "f"])).toMatchObject([NO_VALUE, NO_VALUE, { payload: 1 }, NO_VALUE]);
    await expect(
      backend.set(
        "f",
        entry(() => 1),
      ),
    ).rejects.toThrow(SerializationError);
  });
});

describe("deadlines", () => {
  test("a store that never answers is given up after the deadline", async () => {
    const store = Object.assign(new AsyncTextStore(), { get: () => new Promise<undefined>(() => {}) });
    const reading = expect(open({ store }).get("k")).rejects.toThrow(TimeoutError);
    await clock.advance(250);
    await reading;
    expect(clock.pending).toBe(0);
  });

  test("the caller's deadline counts if it is earlier; past it nothing is sent", async () => {
    const store = new AsyncTextStore();
    const backend = open({ store });
    await expect(backend.set("k", entry(1), { deadline: clock.now() })).rejects.toThrow(TimeoutError);
    expect(store.calls).toEqual([]);
    Object.assign(store, { get: () => new Promise(() => {}) });
    const reading = expect(backend.get("k", { deadline: clock.now() + 10 })).rejects.toThrow("10 ms");
    await clock.advance(10);
    await reading;
  });
});

describe("namespaces", () => {
  test("two backends on one namespace see each other's entries, as two processes would", async () => {
    const store = new AsyncTextStore();
    const one = open({ store: new Keyv5({ store }) });
    const other = open({ store: new Keyv5({ store }) });
    await one.set("k", entry(1));
    expect(await other.get("k")).toMatchObject({ payload: 1 });
  });

  test("a second Keyv that takes an adapter to another namespace is noticed, not served", async () => {
    const store = new AsyncTextStore();
    const backend = open({ store: new Keyv6({ store, namespace: "one" }) });
    await backend.set("k", entry(1));
    new Keyv6({ store, namespace: "two" });
    await expect(backend.get("k")).rejects.toThrow(ConfigurationError);
    await expect(backend.setMulti(batch("k"))).rejects.toThrow("another Keyv has taken over this adapter");
  });
});

describe("options", () => {
  test.each([
    [{}, "keyv.store"],
    [{ store: {} }, "keyv.store"],
    [{ store: "redis://localhost" }, "keyv.store"],
    [{ store: new Map(), deadline: 0 }, "keyv.deadline"],
    [{ store: new Map(), deadline: "soon" }, "keyv.deadline"],
    [{ store: new Map(), maxEntrySize: 0 }, "keyv.maxEntrySize"],
    [{ store: new Map(), closeStore: true }, "keyv.closeStore"],
    [{ store: new Map(), name: "" }, "keyv.name"],
    [{ store: new Map(), ttl: 1 }, "keyv.ttl"],
    [{ store: new Map(), serializer: {} }, "keyv.serializer"],
    [{ store: new Map(), keyMangler: "sha1" }, "keyv.keyMangler"],
    [{ store: new Map(), clearStore: "yes" }, "keyv.clearStore"],
    [{ store: new AsyncTextStore(), closeStore: 1 }, "keyv.closeStore"],
    [{ store: new Map(), clock: {} }, "keyv.clock"],
  ])("%o is refused", (options, path) => {
    const make = () => new KeyvBackend(options as unknown as KeyvBackendOptions);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(path);
  });

  test("all mistakes are told at once", () => {
    const options = { store: 5, name: "", deadline: 0, maxEntrySize: "x", clearStore: 1 };
    const make = () => new KeyvBackend(options as unknown as KeyvBackendOptions);
    for (const name of Object.keys(options)) expect(make).toThrow(`keyv.${name}`);
  });

  test("clear is there only when asked for; close leaves the store alone unless asked", async () => {
    const keyv = new Keyv5();
    let disconnected = 0;
    keyv.disconnect = async () => {
      disconnected += 1;
    };
    expect(open({ store: keyv }).clear).toBeUndefined();
    await open({ store: keyv }).close();
    expect(disconnected).toBe(0);
    const owner = open({ store: keyv, closeStore: true });
    await owner.close();
    await owner.close();
    expect(disconnected).toBe(1);
  });

  test("a Map is neither remote nor shared, a store is both", () => {
    expect(open({ store: new Keyv6() })).toMatchObject({ remote: false, shared: false, byReference: false });
    expect(open({ store: new Keyv5() })).toMatchObject({ remote: false, shared: false });
    expect(open({ store: new AsyncTextStore() })).toMatchObject({ remote: true, shared: true });
  });

  test("from configuration", async () => {
    const config = Object.freeze({ "cache.store": new Map(), "cache.name": "m", other: 1 });
    const backend = KeyvBackend.fromConfig(config, "cache.");
    expect(backend.name).toBe("m");
    await backend.close();
  });
});
