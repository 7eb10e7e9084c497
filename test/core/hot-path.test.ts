import { type Clock, createRegion } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { ManualClock } from "@cascata/testing";
import { expect, it } from "vitest";

const calls = { now: 0, scheduled: 0 };
const manual = new ManualClock();
const clock: Clock = {
  now: () => {
    calls.now += 1;
    return manual.now();
  },
  coarse: () => manual.coarse(),
  schedule: (run, ms) => {
    calls.scheduled += 1;
    return manual.schedule(run, ms);
  },
};

it.each(["lru", "adaptive"] as const)(
  "a hit in memory (%s) reads no real clock and starts no timer",
  async (policy) => {
    const backend = new MemoryBackend({ maxEntries: 10, policy, clock });
    const region = createRegion({ name: "r", backend, clock, ttl: "1m", grace: "1h", hardTimeout: "1s" });
    await region.set("k", 1);
    calls.now = 0;
    calls.scheduled = 0;
    const never = () => Promise.reject(new Error("it is there"));
    expect([
      await region.get("k"),
      region.peek("k"),
      await region.getOrCreate("k", never),
      await region.getMulti(["k"]),
      await region.getOrCreateMulti(["k"], never),
    ]).toEqual([1, 1, 1, [1], new Map([["k", 1]])]);
    expect(calls).toEqual({ now: 0, scheduled: 0 });
  },
);
