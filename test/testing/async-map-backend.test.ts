import { CachedValue } from "@cascata/core";
import { AsyncMapBackend, backendCases, copyOf, describeConformance, ManualClock } from "@cascata/testing";
import { describe, expect, it } from "vitest";

const clock = new ManualClock();

describeConformance(
  backendCases,
  { open: () => new AsyncMapBackend({ clock }), clock, advance: (ms) => clock.advance(ms) },
  { describe, it, title: "AsyncMapBackend" },
);

describe("AsyncMapBackend", () => {
  it("shares nothing with what it was given or what it gave", async () => {
    const backend = new AsyncMapBackend();
    const payload = { list: [1] };
    await backend.set("a", new CachedValue(payload, { createdAt: 0, startedAt: 0, formatVersion: 1 }));
    payload.list.push(2);
    const first = (await backend.get("a")) as CachedValue<typeof payload>;
    first.payload.list.push(3);
    expect(((await backend.get("a")) as CachedValue).payload).toEqual({ list: [1] });
  });

  it("refuses what can't be copied", async () => {
    const backend = new AsyncMapBackend();
    const entry = new CachedValue(() => 1, { createdAt: 0, startedAt: 0, formatVersion: 1 });
    await expect(backend.set("a", entry)).rejects.toThrow();
  });
});

describe("copyOf", () => {
  it("keeps a Buffer a Buffer inside containers", () => {
    const copy = copyOf({ list: [new Map([["k", Buffer.from("x")]])] }) as { list: Map<string, unknown>[] };
    expect(Buffer.isBuffer(copy.list[0]?.get("k"))).toBe(true);
  });
});
