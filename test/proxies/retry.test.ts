import {
  BackendError,
  ClosedError,
  ConfigurationError,
  NO_VALUE,
  ReadFailure,
  TimeoutError,
  UnavailableError,
  type WriteOutcome,
} from "@cascata/core";
import { type RetryOptions, retry } from "@cascata/proxies";
import { ManualClock, ProbeBackend } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { entryOf, outcomeOf, wrapped } from "./support.ts";

const broken = new Error("broken");

function setUp(options: RetryOptions = {}) {
  const clock = new ManualClock();
  return { clock, ...wrapped(retry({ clock, random: () => 0, ...options }), new ProbeBackend()) };
}

describe("what failed for a moment", () => {
  test.each(["get", "getMulti", "delete", "deleteMulti", "set", "setMulti"])(
    "%s is repeated, waiting longer each time",
    async (name) => {
      const { clock, proxy, backend } = setUp({ delay: 20, times: 3 });
      backend.failure = broken;
      const calls: Readonly<Record<string, () => unknown>> = {
        get: () => proxy.get("a"),
        getMulti: () => proxy.getMulti(["a"]),
        delete: () => proxy.delete("a"),
        deleteMulti: () => proxy.deleteMulti(["a"]),
        set: () => proxy.set("a", entryOf(1)),
        setMulti: () => proxy.setMulti(new Map([["a", entryOf(1)]])),
      };
      const answer = outcomeOf(calls[name] as () => unknown);
      const counts: number[] = [];
      for (const ms of [0, 19, 1, 39, 1, 79]) {
        await clock.advance(ms);
        counts.push(backend.calls.length);
      }
      expect(counts).toEqual([1, 1, 2, 2, 3, 3]);
      backend.failure = undefined;
      await clock.advance(1);
      expect(backend.calls).toHaveLength(4);
      expect(await answer).not.toBeInstanceOf(Error);
      expect(clock.pending).toBe(0);
    },
  );

  test("an answered failure counts as one: read failures of some keys, writes of all", async () => {
    const { proxy, backend } = setUp({ delay: 0 });
    const error = new BackendError("probe", "get", 1, broken);
    let failing = 1;
    backend.script = (key) => (key === "bad" && failing-- > 0 ? new ReadFailure("probe", error) : NO_VALUE);
    expect(await proxy.getMulti(["good", "bad"])).toEqual([NO_VALUE, NO_VALUE]);
    const failed: WriteOutcome = { status: "failed", error };
    let failures = 2;
    backend.outcome = () => (failures-- > 0 ? failed : undefined);
    expect(await proxy.deleteMulti(["a", "b"])).toEqual(
      new Map([
        ["a", { status: "stored" }],
        ["b", { status: "stored" }],
      ]),
    );
    backend.calls.length = 0;
    backend.outcome = (key) => (key === "a" ? failed : undefined);
    await proxy.setMulti(
      new Map([
        ["a", entryOf(1)],
        ["b", entryOf(1)],
      ]),
    );
    expect(backend.calls).toHaveLength(1);
  });
});

describe("is not repeated", () => {
  test.each([
    ["a refusal by circuit or cap", new UnavailableError("probe", "open")],
    ["a closed backend", new ClosedError("probe")],
  ])("%s", async (_name, error) => {
    const { proxy, backend } = setUp({ delay: 0 });
    backend.failure = error;
    expect(await outcomeOf(() => proxy.get("a"))).toBe(error);
    expect(backend.calls).toHaveLength(1);
  });

  test("a set with a ticket", async () => {
    const { proxy, backend } = setUp({ delay: 0 });
    backend.failure = broken;
    expect(await outcomeOf(() => proxy.set("a", entryOf(1), { ticket: "t" }))).toBe(broken);
    expect(backend.calls).toHaveLength(1);
  });

  test("a set whose answer was lost, while a delete is", async () => {
    const { proxy, backend } = setUp({ delay: 0, times: 2 });
    const unknown: WriteOutcome = { status: "unknown", error: new TimeoutError("probe", 250) };
    backend.outcome = () => unknown;
    expect(await proxy.set("a", entryOf(1))).toBe(unknown);
    expect(backend.calls).toHaveLength(1);
    expect(await proxy.delete("a")).toBe(unknown);
    expect(backend.calls).toHaveLength(4);
  });

  test("past the deadline, or past `within`", async () => {
    const { clock, proxy, backend } = setUp({ delay: 30, times: 9, within: 100 });
    backend.failure = broken;
    const deadline = outcomeOf(() => proxy.get("a", { deadline: clock.now() + 30 }));
    await clock.advance(1000);
    expect(await deadline).toBe(broken);
    expect(backend.calls).toHaveLength(1);
    const within = outcomeOf(() => proxy.get("a"));
    await clock.advance(1000);
    expect(await within).toBe(broken);
    expect(backend.calls).toHaveLength(1 + 3);
  });
});

test.each([
  [{ times: 0 }, "retry.times"],
  [{ delay: "1y" }, "retry.delay"],
  [{ within: -1 }, "retry.within"],
  [{ time: 3 }, 'did you mean "times"?'],
])("refuses %j", (options, says) => {
  expect(() => retry(options as RetryOptions)).toThrow(ConfigurationError);
  expect(() => retry(options as RetryOptions)).toThrow(says);
});
