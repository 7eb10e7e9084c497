import { CachedValue, type Order } from "@cascata/core";
import { ManualClock } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Bench, payloadOf } from "./support.ts";

const bench = new Bench(new ManualClock());
const far = (seq: number): Order => ({ epoch: "farauthority", seq });

describe("as the near half of a read-through tier", () => {
  it("keeps the revision of the farther authority, which re-validation compares", async () => {
    const backend = bench.open();
    const [ticket = ""] = await backend.guards.tickets(["a"]);
    const outcome = await backend.set("a", bench.entry(1, { revision: far(7) }), { ticket });
    expect(outcome).toEqual({ status: "stored", revision: far(7) });
    expect(((await backend.get("a")) as CachedValue).metadata.revision).toEqual(far(7));
    expect(await backend.revisions(["a"])).toEqual([far(7)]);
  });

  it("never replaces a newer entry of the same authority by an older one", async () => {
    const backend = bench.open();
    const [ticket = ""] = await backend.guards.tickets(["a"]);
    await backend.set("a", bench.entry("new", { revision: far(9) }), { ticket });
    const [later = ""] = await backend.guards.tickets(["a"]);
    const outcome = await backend.set("a", bench.entry("old", { revision: far(8) }), { ticket: later });
    expect(outcome).toEqual({ status: "refused", why: "newer" });
    expect(payloadOf(await backend.get("a"))).toBe("new");
  });

  it("stores a whole batch under the tickets of one moment", async () => {
    const backend = bench.open();
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    const tickets = await backend.guards.tickets(keys);
    expect(new Set(tickets).size).toBe(1);
    const outcomes = await backend.setMulti(new Map(keys.map((key) => [key, bench.entry(key)])), {
      ticket: tickets[0] as string,
    });
    expect([...outcomes.values()].every(({ status }) => status === "stored")).toBe(true);
  });

  it("a back-fill after another one of the same key is refused", async () => {
    const backend = bench.open();
    const [ticket = ""] = await backend.guards.tickets(["a"]);
    expect((await backend.set("a", bench.entry("first"), { ticket })).status).toBe("stored");
    expect(await backend.set("a", bench.entry("second"), { ticket })).toEqual({ status: "refused", why: "ticket" });
  });

  it("no ticket from before a clear stands", async () => {
    const backend = bench.open();
    const [ticket = ""] = await backend.guards.tickets(["a"]);
    await backend.clear();
    expect(await backend.set("a", bench.entry("old"), { ticket })).toEqual({ status: "refused", why: "ticket" });
  });

  it("remembers in this process what it was trusted with, until the entry is rewritten by anybody", async () => {
    const path = bench.newPath();
    const one = bench.open({ path });
    const other = bench.open({ path });
    const trust = {};
    const { payload, metadata } = bench.entry(1, { revision: far(3) });
    await one.set("a", new CachedValue(payload, metadata, { storedAt: bench.clock.now(), trust }));
    expect(((await one.get("a")) as CachedValue).residence?.trust).toBe(trust);
    expect(((await other.get("a")) as CachedValue).residence).toEqual({ storedAt: bench.clock.now() });
    await other.set("a", bench.entry(2));
    expect(((await one.get("a")) as CachedValue).residence?.trust).toBeUndefined();
  });

  it("confirming what it holds writes nothing", async () => {
    const backend = bench.open();
    const [ticket = ""] = await backend.guards.tickets(["a"]);
    const { payload, metadata } = bench.entry(1, { revision: far(3) });
    await backend.set("a", new CachedValue(payload, metadata), { ticket });
    const [before] = await backend.guards.tickets(["a"]);
    const trust = {};
    await backend.set("a", new CachedValue(payload, metadata, { storedAt: bench.clock.now(), trust }));
    expect(await backend.guards.tickets(["a"])).toEqual([before]);
    expect(((await backend.get("a")) as CachedValue).residence?.trust).toBe(trust);
  });
});
