import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegion, NO_VALUE, stackWith } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend, NullBackend, SerializingMemoryBackend } from "@cascata/memory";
import { AuthorityStore, ManualClock, MapBackend, ReferenceAuthority } from "@cascata/testing";
import { Keyv } from "keyv";
import { afterAll, describe, expect, it } from "vitest";
import { backendSuite } from "./backend-suite.ts";

const clock = new ManualClock();
const advance = (ms: number) => clock.advance(ms);

describe("row 79: memory", () => {
  backendSuite({ open: () => new MemoryBackend({ maxEntries: 1000, clock }), clock, advance });
});

describe("row 79: serializing memory", () => {
  backendSuite({ open: () => new SerializingMemoryBackend({ maxEntries: 1000, clock }), clock, advance });
});

describe("rows 80 and 81: a file (LMDB)", () => {
  const folder = mkdtempSync(join(tmpdir(), "cascata-dogpile-"));
  const paths = new WeakMap<object, string>();
  let files = 0;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const openAt = (path: string) => {
    const backend = new LmdbBackend({ path, maxSize: "2mb", clock });
    paths.set(backend, path);
    return backend;
  };
  backendSuite({
    open: () => {
      files += 1;
      return openAt(join(folder, `f${files}`, "cache"));
    },
    beside: (backend) => openAt(paths.get(backend) as string),
    clock,
    advance,
  });
});

describe("a Keyv", () => {
  backendSuite({
    open: () => new KeyvBackend({ store: new Keyv({ store: new Map() }), clock, deadline: "10s" }),
    clock,
    advance,
  });
});

describe("a store with every capability", () => {
  const stores = new WeakMap<object, AuthorityStore>();
  const openOn = (store: AuthorityStore) => {
    const backend = new ReferenceAuthority(store);
    stores.set(backend, store);
    return backend;
  };
  backendSuite({
    open: () => openOn(new AuthorityStore({ clock })),
    beside: (backend) => openOn(stores.get(backend) as AuthorityStore),
    clock,
    advance,
  });
});

describe("a stack of two tiers", () => {
  backendSuite({
    open: () => stackWith({ clock }, new MemoryBackend({ maxEntries: 100, clock }), new MapBackend({ clock })),
    clock,
    advance,
  });
});

describe("null", () => {
  it("row 82: always a miss, never a failure", async () => {
    const region = createRegion({ name: "r", backend: new NullBackend() });
    expect((await region.set("k", 1)).confirmed).toBe(true);
    expect(await region.get("k")).toBe(NO_VALUE);
    expect((await region.delete("k")).confirmed).toBe(true);
  });

  it("row 83: many keys: aligned misses", async () => {
    const region = createRegion({ name: "r", backend: new NullBackend() });
    expect((await region.setMulti(new Map([["a", 1]]))).confirmed).toBe(true);
    expect(await region.getMulti(["a", "b"])).toEqual([NO_VALUE, NO_VALUE]);
    expect((await region.deleteMulti(["a", "b"])).confirmed).toBe(true);
  });

  it("row 84: a decorated function runs each time", async () => {
    const region = createRegion({ name: "r", backend: new NullBackend() });
    let calls = 0;
    const f = region.cached(async function f() {
      calls += 1;
      return calls;
    });
    expect([await f(), await f(), await f()]).toEqual([1, 2, 3]);
  });

  it("row 85: its lock grants always, even twice", async () => {
    const mutex = new NullBackend().getMutex("k");
    expect([await mutex.acquire(), await mutex.acquire(false), await mutex.locked()]).toEqual([true, true, false]);
    await mutex.release();
    await mutex.release();
  });
});
