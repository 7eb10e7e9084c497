import { deferred, ManualClock, seededRandom, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";

describe("ManualClock", () => {
  it("passes only when it is told", async () => {
    const clock = new ManualClock(1000);
    expect([clock.now(), clock.coarse()]).toEqual([1000, 1000]);
    await clock.advance(0.5);
    expect([clock.now(), clock.coarse()]).toEqual([1000.5, 1000.5]);
  });

  it("runs timers by instant, then by age, at their instants, those scheduled on the way included", async () => {
    const clock = new ManualClock(0);
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name}@${clock.now()}`);
    clock.schedule(note("c"), 30);
    clock.schedule(note("a"), 10);
    clock.schedule(note("b"), 10);
    clock.schedule(() => clock.schedule(note("nested"), 5), 20);
    clock.schedule(note("negative"), -5);
    clock.schedule(note("later"), 31);
    await clock.advance(30);
    expect(ran).toEqual(["negative@0", "a@10", "b@10", "nested@25", "c@30"]);
    expect(clock.pending).toBe(1);
    expect(clock.nextAt).toBe(31);
  });

  it("lets promise chains of any length run between timers", async () => {
    const clock = new ManualClock(0);
    const ran: string[] = [];
    const chain = async () => {
      for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
      ran.push("chain");
    };
    clock.schedule(() => void chain(), 1);
    clock.schedule(() => void ran.push("timer"), 2);
    await clock.advance(2);
    expect(ran).toEqual(["chain", "timer"]);
  });

  it("forgets what was cancelled and never comes to what is infinitely far", async () => {
    const clock = new ManualClock(0);
    const ran: string[] = [];
    const timer = clock.schedule(() => void ran.push("cancelled"), 1);
    timer.cancel();
    timer.cancel();
    clock.schedule(() => void ran.push("never"), Number.POSITIVE_INFINITY);
    clock.schedule(() => void ran.push("NaN"), Number.NaN);
    await clock.advance(1e12);
    expect(ran).toEqual(["NaN"]);
    expect(clock.pending).toBe(1);
  });

  it("refuses to go back or to the end", async () => {
    const clock = new ManualClock();
    for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(clock.advance(ms)).rejects.toThrow(RangeError);
    }
  });

  it("throws what a timer throws, at that timer's instant", async () => {
    const clock = new ManualClock(0);
    clock.schedule(() => {
      throw new Error("timer");
    }, 5);
    await expect(clock.advance(10)).rejects.toThrow("timer");
    expect(clock.now()).toBe(5);
  });

  it("has views that are ahead", async () => {
    const clock = new ManualClock(0);
    const ahead = clock.skewed(60_000);
    let ran = false;
    ahead.schedule(() => {
      ran = true;
    }, 10);
    await clock.advance(10);
    expect([ran, ahead.now(), ahead.coarse()]).toEqual([true, 60_010, 60_010]);
  });
});

describe("deferred", () => {
  it("is settled by hand, once", async () => {
    const one = deferred<number>();
    expect(one.settled).toBe(false);
    one.resolve(1);
    one.resolve(2);
    expect(one.settled).toBe(true);
    expect(await one.promise).toBe(1);
    const other = deferred();
    other.reject(new Error("by hand"));
    await settled();
    await expect(other.promise).rejects.toThrow("by hand");
  });
});

describe("seededRandom", () => {
  it("repeats its choices for a seed, and not for another", () => {
    const choices = (seed: number) => {
      const random = seededRandom(seed);
      return [random.next(), random.below(10), random.chance(0.5), random.pick(["a", "b", "c"]), random.text(12)];
    };
    expect(choices(7)).toEqual(choices(7));
    expect(choices(7)).not.toEqual(choices(8));
    expect(choices(7)[4]).toMatch(/^[0-9a-z]{12}$/);
  });

  it("is spread evenly enough, and stays in bounds", () => {
    const random = seededRandom(1);
    const counts = new Array<number>(10).fill(0);
    for (let round = 0; round < 10_000; round += 1) {
      const slot = random.below(10);
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(() => random.pick([])).toThrow(RangeError);
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
  });
});
