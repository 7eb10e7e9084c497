import type { Clock } from "@cascata/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const day = 86_400_000;

describe("systemClock", () => {
  let clock: Clock;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
    vi.resetModules();
    clock = (await import("@cascata/core")).systemClock;
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("counts on from the machine's wall time", () => {
    vi.useRealTimers();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000);
    const first = clock.now();
    expect(clock.now()).toBeGreaterThanOrEqual(first);
  });

  it("coarse is now at the first read, and some milliseconds behind at most from then on", () => {
    expect(clock.coarse()).toBe(clock.now());
    vi.advanceTimersByTime(3);
    const behind = clock.now() - clock.coarse();
    expect(behind).toBeGreaterThan(0);
    expect(behind).toBeLessThanOrEqual(5);
    vi.advanceTimersByTime(100);
    expect(clock.now() - clock.coarse()).toBeLessThanOrEqual(5);
  });

  it("coarse stops its timer when nobody asks, and is right again at the next read", () => {
    clock.coarse();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(clock.coarse()).toBe(clock.now());
    expect(vi.getTimerCount()).toBe(1);
  });

  it("coarse keeps its timer while it is asked", () => {
    for (let second = 0; second < 10; second += 1) {
      vi.advanceTimersByTime(900);
      expect(clock.now() - clock.coarse()).toBeLessThanOrEqual(5);
    }
    expect(vi.getTimerCount()).toBe(1);
  });

  it("schedules once, and takes it back", () => {
    const runs: string[] = [];
    clock.schedule(() => runs.push("kept"), 10);
    clock.schedule(() => runs.push("cancelled"), 10).cancel();
    clock.schedule(() => runs.push("at once"), -5);
    vi.advanceTimersByTime(0);
    expect(runs).toEqual(["at once"]);
    vi.advanceTimersByTime(60_000);
    expect(runs).toEqual(["at once", "kept"]);
  });

  it("waits longer than a host's timer can hold", () => {
    let runs = 0;
    clock.schedule(() => {
      runs += 1;
    }, 60 * day);
    const never = clock.schedule(() => {
      runs += 100;
    }, Number.POSITIVE_INFINITY);
    vi.advanceTimersByTime(60 * day - 1);
    expect(runs).toBe(0);
    vi.advanceTimersByTime(1);
    expect(runs).toBe(1);
    vi.advanceTimersByTime(400 * day);
    expect(runs).toBe(1);
    never.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});
