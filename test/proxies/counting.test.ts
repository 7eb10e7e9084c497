import { BackendError, ConfigurationError, ReadFailure } from "@cascata/core";
import { type CountingProxy, counting } from "@cascata/proxies";
import { AuthorityStore, ManualClock, ProbeBackend, ReferenceAuthority } from "@cascata/testing";
import { expect, test } from "vitest";
import { entryOf, outcomeOf, wrapped } from "./support.ts";

const nothing = { calls: 0, keys: 0, hits: 0, misses: 0, stored: 0, refused: 0, failures: 0, totalMs: 0, longestMs: 0 };

test("counts calls and what became of their keys", async () => {
  const { proxy, backend } = wrapped(counting({ clock: new ManualClock() }), new ProbeBackend());
  const counts = () => (proxy as CountingProxy).counts();
  expect(counts().get).toEqual(nothing);
  backend.outcome = (key) => (key === "full" ? { status: "refused", why: "full" } : undefined);
  await proxy.setMulti(new Map(["a", "b", "full"].map((key) => [key, entryOf(key)])));
  expect(counts().setMulti).toEqual({ ...nothing, calls: 1, keys: 3, stored: 2, refused: 1 });
  const failure = new ReadFailure("probe", new BackendError("probe", "get", 1, "broken"));
  backend.script = (key) => (key === "bad" ? failure : undefined);
  await proxy.getMulti(["a", "b", "c", "bad"]);
  expect(counts().getMulti).toEqual({ ...nothing, calls: 1, keys: 4, hits: 2, misses: 1, failures: 1 });
  backend.failure = new Error("down");
  await outcomeOf(() => proxy.deleteMulti(["a", "b"]));
  expect(counts().deleteMulti).toEqual({ ...nothing, calls: 1, keys: 2, failures: 2 });
});

test("counts the time of calls", async () => {
  const clock = new ManualClock();
  const { proxy, backend } = wrapped(counting({ clock }), new ProbeBackend());
  const { get } = backend;
  backend.get = async (key) => {
    await new Promise<void>((resolve) => void clock.schedule(resolve, key.length));
    return get.call(backend, key);
  };
  for (const key of ["12345", "1"]) {
    const found = proxy.get(key);
    await clock.advance(10);
    await found;
  }
  expect((proxy as CountingProxy).counts().get).toMatchObject({ calls: 2, misses: 2, totalMs: 6, longestMs: 5 });
});

test("leases, guards and marks are counted as calls", async () => {
  const authority = new ReferenceAuthority(new AuthorityStore({ clock: new ManualClock() }));
  const { proxy } = wrapped(counting(), authority);
  await proxy.leases?.renew(["a"], "t", 1000);
  await proxy.leases?.release(["a"], "t");
  await proxy.guards?.tickets(["a", "b"]);
  await proxy.marks?.put(["tag"], "hard", 0);
  await proxy.marks?.lookup(["tag"]);
  const counts = (proxy as CountingProxy).counts();
  expect(counts["leases.renew"].calls + counts["leases.release"].calls).toBe(2);
  expect(counts["guards.tickets"]).toMatchObject({ calls: 1, keys: 2, hits: 0 });
  expect(counts["marks.put"].calls + counts["marks.lookup"].calls).toBe(2);
  await proxy.close();
});

test("refuses options", () => {
  expect(() => counting({ clocks: 1 } as never)).toThrow(ConfigurationError);
});
