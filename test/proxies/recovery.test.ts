import { ConfigurationError, NO_VALUE, TimeoutError, ValidationError, type WriteOutcome } from "@cascata/core";
import { type RecoveryProxy, recovery } from "@cascata/proxies";
import { ManualClock, ProbeBackend } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { entryOf, outcomeOf, wrapped } from "./support.ts";

const down = new Error("down");

function setUp(options: { readonly maxKeys?: number } = {}) {
  const clock = new ManualClock();
  const it = wrapped(recovery({ clock, ...options }), new ProbeBackend());
  const deletes = () => it.backend.calls.filter(({ operation }) => operation === "deleteMulti").map(({ keys }) => keys);
  return { clock, ...it, proxy: it.proxy as RecoveryProxy, deletes };
}

describe("what was missed", () => {
  test("is deleted once the backend is back, within about a second, and its failure is passed on", async () => {
    const { clock, proxy, backend } = setUp();
    await proxy.setMulti(new Map(["a", "b", "c"].map((key) => [key, entryOf("old")])));
    backend.failure = down;
    expect(await outcomeOf(() => proxy.delete("a"))).toBe(down);
    expect(await outcomeOf(() => proxy.set("b", entryOf("new")))).toBe(down);
    expect(proxy.pending).toBe(2);
    await clock.advance(10_000);
    expect(proxy.pending).toBe(2);
    backend.failure = undefined;
    await clock.advance(1000);
    expect(proxy.pending).toBe(0);
    expect([...backend.entries.keys()]).toEqual(["c"]);
    expect(clock.pending).toBe(0);
  });

  test("is not read meanwhile, though the backend can be", async () => {
    const { proxy, backend } = setUp();
    await proxy.set("a", entryOf("old"));
    backend.failure = down;
    await outcomeOf(() => proxy.delete("a"));
    backend.failure = undefined;
    expect(await proxy.get("a")).toBe(NO_VALUE);
    expect(await proxy.getMulti(["a"])).toEqual([NO_VALUE]);
  });

  test("is one delete a key, however often it was missed", async () => {
    const { clock, proxy, backend, deletes } = setUp();
    backend.failure = down;
    for (let i = 0; i < 5; i++) await outcomeOf(() => proxy.set("a", entryOf(i)));
    backend.failure = undefined;
    backend.calls.length = 0;
    await clock.advance(1000);
    expect(deletes()).toEqual([["a"]]);
  });

  test("is settled by a later write or delete that is confirmed: nothing newer is deleted", async () => {
    const { clock, proxy, backend, deletes } = setUp();
    backend.failure = down;
    await outcomeOf(() => proxy.deleteMulti(["a", "b"]));
    backend.failure = undefined;
    await proxy.set("a", entryOf("newer"));
    await proxy.delete("b");
    expect(proxy.pending).toBe(0);
    backend.calls.length = 0;
    await clock.advance(5000);
    expect(deletes()).toEqual([]);
    expect(await proxy.get("a")).toMatchObject({ payload: "newer" });
  });

  test("is not settled by a write that left before it was missed", async () => {
    const { proxy, backend } = setUp();
    const earlier = proxy.set("a", entryOf("earlier"));
    backend.failure = down;
    const missed = outcomeOf(() => proxy.delete("a"));
    await earlier;
    await missed;
    expect(proxy.pending).toBe(1);
  });

  test("an unknown outcome is a miss too; a refusal and a bad call are none", async () => {
    const { proxy, backend } = setUp();
    const outcomes: Readonly<Record<string, WriteOutcome>> = {
      a: { status: "unknown", error: new TimeoutError("probe", 250) },
      b: { status: "refused", why: "full" },
      c: { status: "failed", error: down },
    };
    backend.outcome = (key) => outcomes[key];
    await proxy.setMulti(new Map(["a", "b", "c", "d"].map((key) => [key, entryOf(1)])));
    expect(proxy.pending).toBe(2);
    backend.failure = new ValidationError({ path: "key", expected: "a text", received: 1 });
    await outcomeOf(() => proxy.set("e", entryOf(1)));
    expect(proxy.pending).toBe(2);
  });

  test("writes with a ticket are not remembered", async () => {
    const { proxy, backend } = setUp();
    backend.failure = down;
    await outcomeOf(() => proxy.set("a", entryOf(1), { ticket: "t" }));
    expect(proxy.pending).toBe(0);
  });

  test("keys that can't be reached don't hold up the others", async () => {
    const { clock, proxy, backend } = setUp();
    backend.failure = down;
    await outcomeOf(() => proxy.deleteMulti(["bad", "good"]));
    backend.failure = undefined;
    backend.outcome = (key) => (key === "bad" ? { status: "failed", error: down } : undefined);
    await clock.advance(1000);
    expect(proxy.pending).toBe(1);
    backend.outcome = () => undefined;
    await clock.advance(2000);
    expect(proxy.pending).toBe(0);
  });

  test("a replay that hangs is given up and tried again", async () => {
    const { clock, proxy, backend } = setUp();
    backend.failure = down;
    await outcomeOf(() => proxy.delete("a"));
    backend.failure = undefined;
    const { deleteMulti } = backend;
    backend.deleteMulti = () => new Promise(() => undefined);
    await clock.advance(1200);
    backend.deleteMulti = deleteMulti;
    await clock.advance(2000);
    expect(proxy.pending).toBe(0);
  });
});

test("memory is bounded: what is too much is reported, by key", async () => {
  const { proxy, backend, incidents } = setUp({ maxKeys: 2 });
  backend.failure = down;
  await outcomeOf(() => proxy.deleteMulti(["a", "b", "c"]));
  expect(proxy.pending).toBe(2);
  expect(incidents).toEqual([{ backend: "probe", what: "missed and not remembered", key: "c" }]);
});

test("close tries once more, then says what is left; no timer stays", async () => {
  const first = setUp();
  first.backend.failure = down;
  await outcomeOf(() => first.proxy.delete("a"));
  first.backend.failure = undefined;
  await first.proxy.close();
  expect(first.deletes().at(-1)).toEqual(["a"]);
  expect(first.backend.closed).toBe(1);
  const second = setUp();
  second.backend.failure = down;
  await outcomeOf(() => second.proxy.delete("a"));
  await second.proxy.close();
  expect(second.incidents.map(({ what }) => what)).toEqual(["1 keys were not made good"]);
  expect(second.clock.pending).toBe(0);
});

test.each([
  [{ maxKeys: 0 }, "recovery.maxKeys"],
  [{ maxkeys: 5 }, 'did you mean "maxKeys"?'],
])("refuses %j", (options, says) => {
  expect(() => recovery(options as never)).toThrow(ConfigurationError);
  expect(() => recovery(options as never)).toThrow(says);
});
