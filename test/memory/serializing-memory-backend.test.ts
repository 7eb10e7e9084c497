import { CachedValue, SerializationError } from "@cascata/core";
import { MemoryBackend, NullBackend, SerializingMemoryBackend } from "@cascata/memory";
import { backendCases, describeConformance, ManualClock } from "@cascata/testing";
import { describe, expect, it, test } from "vitest";

const clock = new ManualClock();

function entry(payload: unknown): CachedValue {
  return new CachedValue(payload, { createdAt: clock.now(), startedAt: clock.now(), formatVersion: 1, tags: ["t"] });
}

function open(): SerializingMemoryBackend {
  return new SerializingMemoryBackend({ maxEntries: 2000, clock });
}

function found(backend: SerializingMemoryBackend, key: string): CachedValue<Record<string, unknown>> {
  const one = backend.get(key);
  if (!(one instanceof CachedValue)) throw new Error(`expected an entry, found ${String(one)}`);
  return one as CachedValue<Record<string, unknown>>;
}

describeConformance(
  backendCases,
  { open, clock, advance: (ms) => clock.advance(ms) },
  { describe, it, title: "serializing memory" },
);

describe("nobody can change what is cached", () => {
  test("by changing what was stored, or what was returned", () => {
    const backend = open();
    const payload = { list: [1] };
    backend.set("k", entry(payload));
    payload.list.push(2);
    const first = found(backend, "k");
    first.payload["list"] = "changed";
    (first.metadata.tags as string[]).push("changed");
    const second = found(backend, "k");
    expect(second.payload).toEqual({ list: [1] });
    expect(second.metadata.tags).toEqual(["t"]);
    expect(backend.byReference).toBe(false);
  });

  test("the residence that a chain gave an entry comes back with it", () => {
    const backend = open();
    const { payload, metadata } = entry(1);
    const trust = {};
    backend.set("k", new CachedValue(payload, metadata, { storedAt: 7, trust }));
    expect(found(backend, "k").residence).toEqual({ storedAt: 7, trust });
    expect(found(backend, "k").residence?.trust).toBe(trust);
  });
});

test("what can't be serialized fails, and is not stored", () => {
  const backend = open();
  expect(
    backend.set(
      "k",
      entry(() => 1),
    ),
  ).toMatchObject({ status: "failed", error: expect.any(SerializationError) as object });
  expect(backend.size).toBe(0);
});

test("its weights are those of the bytes", () => {
  const backend = new SerializingMemoryBackend({ maxSize: "10kb", clock });
  for (let i = 0; i < 100; i++) backend.set(`k${i}`, entry("x".repeat(1000)));
  expect(backend.size).toBeGreaterThan(4);
  expect(backend.size).toBeLessThan(10);
});

test("from flat configuration, which stays as it is", () => {
  const config = Object.freeze({ "c.maxEntries": "2", "c.name": "near", "d.maxEntries": 1 });
  for (const Backend of [MemoryBackend, SerializingMemoryBackend]) {
    const backend = Backend.fromConfig(config, "c.");
    for (const key of ["a", "b", "c"]) backend.set(key, entry(key));
    expect([backend.name, backend.size]).toEqual(["near", 2]);
  }
  expect(NullBackend.fromConfig(config, "c.").name).toBe("near");
  expect(() => MemoryBackend.fromConfig({ "c.maxEntries": "many" }, "c.")).toThrow("maxEntries");
});
