import { type CacheBackend, createRegion, stackWith } from "@cascata/core";
import { AsyncMapBackend, AuthorityStore, ManualClock, MapBackend, ReferenceAuthority } from "@cascata/testing";
import { describe, expect, test } from "vitest";

const stores: Readonly<Record<string, (clock: ManualClock) => CacheBackend>> = {
  "a plain store": (clock) => new AsyncMapBackend({ clock }),
  "a store that counts": (clock) => new ReferenceAuthority(new AuthorityStore({ clock })),
};

describe.each(Object.entries(stores))("sets of one key that overlap, above %s", (_, far) => {
  test.each([2, 3, 5])("%i of them: what was there before is not served any more", async (count) => {
    const clock = new ManualClock();
    const backend = stackWith({ clock }, new MapBackend({ clock }), far(clock));
    const region = createRegion({ name: "r", clock, backend, ttl: "1h" });
    await region.set("a", "before");
    await clock.advance(1);
    await Promise.all(Array.from({ length: count }, (_, index) => region.set("a", index)));
    expect(await region.get("a")).toBe(count - 1);
    expect(await region.get("a")).toBe(count - 1);
    await region.close();
  });
});
