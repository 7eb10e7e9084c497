import { createRegion, stackWith } from "@cascata/core";
import { AuthorityStore, ManualClock, MapBackend, ReferenceAuthority } from "@cascata/testing";
import { expect, it } from "vitest";

/** A clock that tells which timers keep the process alive. */
class WatchedClock extends ManualClock {
  readonly holding = new Set<object>();

  override schedule(run: () => void, ms: number, keepAlive = false) {
    const mark = {};
    if (keepAlive) this.holding.add(mark);
    const timer = super.schedule(() => {
      this.holding.delete(mark);
      run();
    }, ms);
    return {
      cancel: () => {
        this.holding.delete(mark);
        timer.cancel();
      },
    };
  }
}

function scene() {
  const clock = new WatchedClock();
  const store = new AuthorityStore({ clock });
  const backend = stackWith({ clock }, new MapBackend({ clock }), new ReferenceAuthority(store));
  return { clock, store, region: createRegion({ name: "r", clock, backend }) };
}

it("what is confirmed holds nothing", async () => {
  const { region, clock } = scene();
  const report = await region.delete("k");
  await report.settled;
  expect(clock.holding.size).toBe(0);
});

it("what is not confirmed holds the process from the moment that somebody asks for it, for as long as it takes", async () => {
  const { region, clock, store } = scene();
  store.stop();
  const [one, other] = [await region.delete("k"), await region.invalidate()];
  expect([one.confirmed, other.confirmed, clock.holding.size]).toEqual([false, false, 0]);
  const all = Promise.all([one.settled, other.settled, one.settled]);
  expect(clock.holding.size).toBe(1);
  await clock.advance(60_000);
  expect(clock.holding.size).toBe(1);
  store.start();
  await clock.advance(1500);
  await all;
  expect(clock.holding.size).toBe(0);
});

it("a closed region holds nothing", async () => {
  const { region, clock, store } = scene();
  store.stop();
  const report = await region.delete("k");
  void report.settled;
  const closing = region.close();
  await clock.advance(5000);
  expect(await closing).toMatchObject({ unconfirmedKeys: ["k"] });
  void (await region.delete("j").catch(() => report)).settled;
  expect(clock.holding.size).toBe(0);
});
