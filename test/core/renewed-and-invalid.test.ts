import { createRegion, stackWith } from "@cascata/core";
import {
  AuthorityStore,
  deferred,
  ManualClock,
  MapBackend,
  ReferenceAuthority,
  type Transport,
} from "@cascata/testing";
import { expect, it } from "vitest";

it("what another process has renewed, and is invalid again when that is read, is created under a lease", async () => {
  const clock = new ManualClock();
  const store = new AuthorityStore({ clock });
  let lagMs = 0;
  const late: Transport = async (call) => {
    const ms = call.operation === "get" ? lagMs : 0;
    const answer = await call.run();
    if (ms > 0) await new Promise<void>((resolve) => void clock.schedule(resolve, ms));
    return answer;
  };
  const over = (sender: string, far: ReferenceAuthority) =>
    createRegion({
      name: "r",
      clock,
      backend: stackWith({ clock, sender, protection: false }, new MapBackend({ clock }), far),
      ttl: 100,
      grace: "1m",
    });
  const [a, b] = [
    over("a", new ReferenceAuthority(store, { transport: late })),
    over("b", new ReferenceAuthority(store)),
  ];
  await clock.advance(10);
  await b.getOrCreate("k", () => 1);
  await clock.advance(200);
  lagMs = 50;
  const made = deferred<number>();
  const first = a.getOrCreate("k", () => made.promise);
  await clock.advance(1);
  // b renews what a is told of as stale; when a asks again, with that revision rejected, there is a newer one.
  expect(await b.getOrCreate("k", () => 2)).toBe(2);
  await clock.advance(60);
  await b.invalidate();
  await clock.advance(60);
  lagMs = 0;
  await clock.advance(200);
  let calls = 0;
  const second = b.getOrCreate("k", () => {
    calls += 1;
    return 4;
  });
  await clock.advance(1);
  made.resolve(3);
  await clock.advance(10);
  expect([await first, await second, calls]).toEqual([3, 3, 0]);
});
