import { createRegion, LockError, stackWith } from "@cascata/core";
import { AuthorityStore, ManualClock, MapBackend, ReferenceAuthority, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";

describe("a creator that asks for its own key", () => {
  it("is refused after its flight was given up: the lease that it would wait for is its own", async () => {
    const clock = new ManualClock();
    // A feed that connects, or reconnects, says that something may have been missed: nobody joins what began before.
    const backend = stackWith(
      { clock },
      new MapBackend({ clock }),
      new ReferenceAuthority(new AuthorityStore({ clock })),
    );
    const region = createRegion({ name: "r", backend, clock });
    const asked = region.getOrCreate("k", async () => settled().then(() => region.getOrCreate("k", async () => 1)));
    await expect(asked).rejects.toBeInstanceOf(LockError);
    await region.close();
  });

  it("is refused after it has deleted the key", async () => {
    const region = createRegion({ name: "r", backend: new MapBackend({}), clock: new ManualClock() });
    const asked = region.getOrCreate("k", async () => {
      await region.delete("k");
      return region.getOrCreate("k", async () => 1);
    });
    await expect(asked).rejects.toBeInstanceOf(LockError);
  });

  it("is found though it is no async function and the one before it answered at once", async () => {
    const region = createRegion({ name: "r", backend: new MapBackend({}), clock: new ManualClock() });
    const later = () => settled().then(() => 1);
    expect(await region.getOrCreate("a", later)).toBe(1);
    expect(await region.getOrCreate("b", () => 2)).toBe(2);
    const asked = region.getOrCreate("k", () => settled().then(() => region.getOrCreate("k", later)));
    await expect(asked).rejects.toBeInstanceOf(LockError);
  });

  it("may ask for it once its own call has ended", async () => {
    const region = createRegion({ name: "r", backend: new MapBackend({}), clock: new ManualClock() });
    let after: Promise<number> | undefined;
    const asked = region.getOrCreate("k", async () => {
      after = settled()
        .then(() => settled())
        .then(() => region.getOrCreate("k", async () => 2));
      return 1;
    });
    expect([await asked, await after]).toEqual([1, 1]);
  });
});
