import { type Clock, systemClock } from "@cascata/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const day = 86_400_000;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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

  it("coarse is the instant of the turn's first read, and looks again in the next turn", async () => {
    vi.advanceTimersByTime(3);
    const first = clock.coarse();
    expect(first).toBe(clock.now());
    vi.advanceTimersByTime(30);
    expect(clock.coarse()).toBe(first);
    await nextTurn();
    expect(clock.coarse()).toBe(clock.now());
    expect(vi.getTimerCount()).toBe(0);
  });

  it("coarse is right for what arrived while the process was stopped, though no timer has run yet", async () => {
    clock.coarse();
    await nextTurn();
    const later = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
    expect(clock.coarse()).toBe(clock.now());
    later.mockRestore();
  });

  it("coarse is some milliseconds behind at most where the host can't tell turns", () => {
    vi.stubGlobal("setImmediate", undefined);
    expect(clock.coarse()).toBe(clock.now());
    vi.advanceTimersByTime(3);
    expect(clock.now() - clock.coarse()).toBe(3);
    vi.advanceTimersByTime(100);
    expect(clock.coarse()).toBe(clock.now());
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
    vi.unstubAllGlobals();
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

it("keeps the process alive for a caller's wait, and for nothing else", () => {
  const count = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = count();
  const idle = systemClock.schedule(() => undefined, 60_000);
  expect(count()).toBe(before);
  const wait = systemClock.schedule(() => undefined, 60_000, true);
  expect(count()).toBe(before + 1);
  wait.cancel();
  idle.cancel();
  expect(count()).toBe(before);
});
