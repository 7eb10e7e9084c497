import { CachedValue, ClosedError, NO_VALUE, ReadFailure, ValidationError } from "@cascata/core";
import { MemoryBackend, type MemoryBackendOptions, MemoryBudget, type RemovalCause } from "@cascata/memory";
import { ManualClock } from "@cascata/testing";
import { describe, expect, test } from "vitest";

const clock = new ManualClock();

function entry(payload: unknown, life: { ttl?: number; grace?: number } = {}): CachedValue {
  return new CachedValue(payload, { createdAt: clock.now(), startedAt: clock.now(), formatVersion: 1, ...life });
}

function open(options: MemoryBackendOptions = { maxEntries: 100 }): MemoryBackend {
  return new MemoryBackend({ clock, ...options });
}

function payloads(backend: MemoryBackend, ...keys: string[]): unknown[] {
  return backend.getMulti(keys).map((found) => (found instanceof ReadFailure ? found : found.payload));
}

function listening(options: MemoryBackendOptions) {
  const left: [string, unknown, RemovalCause][] = [];
  const backend = open({ ...options, onRemoved: (key, gone, cause) => left.push([key, gone.payload, cause]) });
  return { backend, left };
}

describe("what it answers", () => {
  test("the very object that was stored, synchronously", () => {
    const backend = open();
    const one = entry({ a: 1 });
    backend.set("k", one);
    expect(backend.get("k")).toBe(one);
    expect(backend.getMulti(["k", "none", "k"])).toEqual([one, NO_VALUE, one]);
    expect(backend).toMatchObject({ byReference: true, shared: false, remote: false, name: "memory" });
  });

  test.each([undefined, null, 0, Number.NaN, "", false])("%s is a value", (payload) => {
    const backend = open();
    const one = entry(payload);
    backend.set("k", one);
    expect(backend.get("k")).toBe(one);
  });

  test("every text is a key", () => {
    const backend = open();
    for (const key of ["", "\0", "__proto__", "constructor", "🙂", "x".repeat(1_000_000)]) {
      expect(backend.get(key)).toBe(NO_VALUE);
      backend.set(key, entry(key));
      expect(payloads(backend, key)).toEqual([key]);
    }
  });

  test("NO_VALUE is refused before anything of the batch is stored", () => {
    const backend = open();
    const batch = new Map([
      ["a", entry(1)],
      ["b", entry(NO_VALUE)],
    ]);
    expect(() => backend.setMulti(batch)).toThrow(ValidationError);
    expect(backend.size).toBe(0);
  });
});

describe("life", () => {
  test("an entry goes when its ttl and grace are over, counted from its creation", async () => {
    const backend = open();
    const one = entry(1, { ttl: 1000, grace: 500 });
    await clock.advance(700);
    backend.set("k", one);
    await clock.advance(800);
    expect(backend.get("k")).toBe(one);
    await clock.advance(1);
    expect(backend.get("k")).toBe(NO_VALUE);
    expect(backend.size).toBe(0);
  });

  test("keepMs caps the residence, never prolongs the life", async () => {
    const backend = open();
    backend.set("capped", entry(1, { ttl: 1000 }), { keepMs: 10 });
    backend.set("own", entry(1, { ttl: 10 }), { keepMs: 1000 });
    backend.set("for ever", entry(1), { keepMs: 10 });
    await clock.advance(11);
    expect(backend.getMulti(["capped", "own", "for ever"])).toEqual([NO_VALUE, NO_VALUE, NO_VALUE]);
  });

  test.each([
    ["over", { ttl: 0 }],
    ["no number", { ttl: Number.NaN }],
  ])("a life that is %s is not stored, and drops what was there", (_, life) => {
    const backend = open();
    backend.set("k", entry("old"));
    expect(backend.set("k", entry("new", life))).toBeUndefined();
    expect(backend.get("k")).toBe(NO_VALUE);
  });

  test("a life that does not end has no expiry", async () => {
    const backend = open();
    const one = entry(1, { ttl: Number.POSITIVE_INFINITY });
    backend.set("k", one);
    await clock.advance(1e12);
    expect(backend.get("k")).toBe(one);
  });
});

describe("bounds", () => {
  test("by entries: the least recently used gives way", () => {
    const backend = open({ maxEntries: 2 });
    backend.set("a", entry(1));
    backend.set("b", entry(2));
    backend.get("a");
    backend.set("c", entry(3));
    expect(payloads(backend, "a", "b", "c")).toEqual([1, NO_VALUE, 3]);
    expect(backend.size).toBe(2);
  });

  test("by many entries", () => {
    const backend = open({ maxEntries: 70_000, maxEntrySize: "1mb" });
    for (let i = 0; i < 70_001; i++) backend.set(`k${i}`, entry(i));
    expect(backend.size).toBe(70_000);
    expect(backend.bytes).toBe(0);
    expect(backend.get("k0")).toBe(NO_VALUE);
  });

  test.each(["lru", "adaptive"] as const)("the policy %s holds both bounds, and its causes are told", (policy) => {
    const { backend, left } = listening({
      policy,
      maxEntries: 5,
      maxSize: 40,
      weigh: (_, { payload }) => payload as number,
    });
    for (let i = 0; i < 100; i++) backend.set(`k${i}`, entry(1 + (i % 15)));
    expect(backend.size).toBeLessThanOrEqual(5);
    expect(backend.bytes).toBeLessThanOrEqual(40);
    expect(left).toHaveLength(100 - backend.size);
    expect(new Set(left.map(([, , cause]) => cause))).toEqual(new Set(["evicted"]));
  });

  test("the adaptive policy lets a scan pass by what is used", () => {
    const survivors = (policy: "lru" | "adaptive") => {
      const backend = open({ policy, maxEntries: 100 });
      const hot = Array.from({ length: 50 }, (_, i) => `hot${i}`);
      for (let round = 0; round < 20; round++) {
        for (const key of hot) if (backend.get(key) === NO_VALUE) backend.set(key, entry(key));
        for (let i = 0; i < 100; i++) backend.set(`scan${round}:${i}`, entry(i));
      }
      return hot.filter((key) => backend.get(key) !== NO_VALUE).length;
    };
    expect(survivors("lru")).toBe(0);
    expect(survivors("adaptive")).toBeGreaterThan(40);
  });

  test("by bytes, with a weigher", () => {
    const backend = open({ maxSize: "10b", weigh: (_, { payload }) => payload as number });
    backend.setMulti(
      new Map([
        ["a", entry(4)],
        ["b", entry(4)],
        ["c", entry(4)],
      ]),
    );
    expect(payloads(backend, "a", "b", "c")).toEqual([NO_VALUE, 4, 4]);
    expect(backend.bytes).toBe(8);
  });

  test("by bytes, estimated", () => {
    const backend = open({ maxSize: "64kb" });
    for (let i = 0; i < 100; i++) backend.set(`k${i}`, entry("x".repeat(4000)));
    expect(backend.bytes).toBeLessThanOrEqual(65_536);
    expect(backend.size).toBeGreaterThan(10);
    expect(backend.size).toBeLessThan(17);
  });

  test("an entry above maxEntrySize is refused and its key's old value dropped", () => {
    const backend = open({ maxEntries: 10, maxEntrySize: 5, weigh: (_, { payload }) => payload as number });
    backend.set("k", entry(5));
    expect(backend.set("k", entry(6))).toEqual({ status: "refused", why: "too-large" });
    expect(backend.get("k")).toBe(NO_VALUE);
    const outcomes = backend.setMulti(
      new Map([
        ["small", entry(1)],
        ["large", entry(7)],
      ]),
    );
    expect(outcomes).toEqual(new Map([["large", { status: "refused", why: "too-large" }]]));
    expect(backend.get("small")).toMatchObject({ payload: 1 });
  });

  test("an entry above the whole bound is refused", () => {
    const backend = open({ maxSize: 10, weigh: () => 11 });
    expect(backend.set("k", entry(1))).toEqual({ status: "refused", why: "too-large" });
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("a weigher that says %s is refused", (bytes) => {
    const backend = open({ maxSize: 10, weigh: () => bytes });
    expect(() => backend.set("k", entry(1))).toThrow(/weigh: expected a finite number/);
  });
});

describe("why an entry left", () => {
  test("each cause is told once, with the entry", async () => {
    const { backend, left } = listening({ maxEntries: 2 });
    backend.set("a", entry("a1"));
    backend.set("a", entry("a2"));
    backend.set("b", entry("b", { ttl: 10 }));
    backend.set("c", entry("c"));
    await clock.advance(11);
    backend.get("b");
    backend.delete("c");
    backend.set("d", entry("d"));
    backend.clear();
    backend.set("e", entry("e"));
    backend.close();
    expect(left).toEqual([
      ["a", "a1", "replaced"],
      ["a", "a2", "evicted"],
      ["b", "b", "expired"],
      ["c", "c", "deleted"],
      ["d", "d", "cleared"],
      ["e", "e", "cleared"],
    ]);
  });

  test("an entry whose life was over when it gave way has expired", async () => {
    const { backend, left } = listening({ maxEntries: 1 });
    backend.set("a", entry("a", { ttl: 10 }));
    await clock.advance(11);
    backend.set("b", entry("b"));
    expect(left).toEqual([["a", "a", "expired"]]);
  });

  test("a listener that throws harms nobody and is reported", () => {
    const incidents: unknown[] = [];
    const backend = open({
      maxEntries: 1,
      onRemoved: () => {
        throw new Error("listener");
      },
    });
    backend.watch((incident) => incidents.push(incident));
    backend.set("a", entry(1));
    backend.set("b", entry(2));
    expect(backend.get("b")).toMatchObject({ payload: 2 });
    expect(incidents).toMatchObject([{ what: "removal-listener-failed", key: "a", error: { message: "listener" } }]);
  });

  test("a listener may write to the backend", () => {
    const backend: MemoryBackend = open({
      maxEntries: 2,
      onRemoved: (key, gone, cause) => {
        if (cause === "evicted" && key === "a") backend.set(`again:${key}`, gone);
      },
    });
    for (const key of ["a", "b", "c"]) backend.set(key, entry(key));
    expect(backend.size).toBe(2);
    expect(backend.get("again:a")).toMatchObject({ payload: "a" });
  });
});

describe("scopes", () => {
  test("keys live apart under one bound", () => {
    const backend = open({ maxEntries: 4 });
    const users = backend.scoped("users");
    const posts = backend.scoped("posts");
    users.set("1", entry("user"));
    posts.set("1", entry("post"));
    expect(backend.scoped("users").get("1")).toMatchObject({ payload: "user" });
    expect(posts.get("1")).toMatchObject({ payload: "post" });
    expect(backend.get("1")).toBe(NO_VALUE);
    for (let i = 0; i < 10; i++) posts.set(`p${i}`, entry(i));
    expect(users.get("1")).toMatchObject({ payload: "user" });
    expect(users.size + posts.size + backend.size).toBe(4);
  });

  test("cleared and closed with the parent; closed alone it can be opened anew", () => {
    const backend = open();
    const users = backend.scoped("users");
    users.set("1", entry(1));
    backend.clear();
    expect(users.get("1")).toBe(NO_VALUE);
    users.close();
    const again = backend.scoped("users");
    again.set("1", entry(1));
    backend.close();
    expect(() => again.get("1")).toThrow(ClosedError);
  });

  test.each(["lru", "adaptive"] as const)("one bound over many scopes holds after every write: %s", (policy) => {
    for (const bound of [
      { maxEntries: 50 },
      { maxSize: 50, weigh: () => 1 },
    ] satisfies Partial<MemoryBackendOptions>[]) {
      const backend = open({ policy, ...bound });
      const scopes = Array.from({ length: 7 }, (_, i) => backend.scoped(`s${i}`));
      for (let i = 0; i < 1000; i++) {
        scopes[(i * i) % 7]?.set(`k${i}`, entry(i));
        expect(scopes.reduce((sum, scope) => sum + scope.size, 0)).toBe(Math.min(i + 1, 50));
      }
    }
  });

  test("a budget is shared by backends, in bytes too", () => {
    const budget = new MemoryBudget({ maxSize: 10 });
    const one = open({ budget, weigh: () => 3 });
    const other = open({ budget, weigh: () => 3 });
    for (let i = 0; i < 5; i++) one.set(`k${i}`, entry(i));
    other.set("k", entry(1));
    expect([one.size, other.size, budget.bytes, budget.entries]).toEqual([2, 1, 9, 3]);
    one.close();
    expect(budget.bytes).toBe(3);
  });
});

test("closed: every call fails with a ClosedError, closing again does not", () => {
  const backend = open();
  backend.set("k", entry(1));
  backend.close();
  backend.close();
  const calls = [
    () => backend.get("k"),
    () => backend.getMulti([]),
    () => backend.set("k", entry(1)),
    () => backend.setMulti(new Map()),
    () => backend.delete("k"),
    () => backend.deleteMulti([]),
    () => backend.clear(),
    () => backend.scoped("s"),
    () => backend.size,
  ];
  for (const call of calls) expect(call).toThrow(ClosedError);
});
