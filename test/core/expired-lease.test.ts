import { createRegion, stackWith } from "@cascata/core";
import { AuthorityStore, deferred, ManualClock, MapBackend, ReferenceAuthority, SlowProxy } from "@cascata/testing";
import { expect, it } from "vitest";

it("a lease that ended before its answer was read is asked for anew: another process may be creating", async () => {
  const clock = new ManualClock();
  const store = new AuthorityStore({ clock });
  const slow = new SlowProxy(new ReferenceAuthority(store), { clock, delayMs: 0, when: "after" });
  const over = (sender: string, far: SlowProxy | ReferenceAuthority) =>
    createRegion({
      name: "r",
      clock,
      backend: stackWith({ clock, sender, protection: false }, new MapBackend({ clock }), far),
      ttl: "1m",
      lease: "100ms",
    });
  const [a, b] = [over("a", slow), over("b", new ReferenceAuthority(store))];
  await clock.advance(10);
  const made = deferred<string>();
  let calls = 0;
  slow.delay(200);
  const late = a.getOrCreate("k", () => {
    calls += 1;
    return "a";
  });
  await clock.advance(150);
  const creating = b.getOrCreate("k", () => made.promise);
  slow.delay(0);
  await clock.advance(60);
  expect(calls).toBe(0);
  made.resolve("b");
  await clock.advance(2000);
  expect([await creating, await late, calls]).toEqual(["b", "b", 0]);
});
