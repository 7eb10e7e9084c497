import { CachedValue } from "@cascata/core";
import {
  AsyncMapBackend,
  CountingProxy,
  FaultyProxy,
  ManualClock,
  MapBackend,
  RecordingProxy,
  SlowProxy,
  settled,
} from "@cascata/testing";
import { describe, expect, it } from "vitest";

const clock = new ManualClock();
const entry = (payload: unknown) =>
  new CachedValue(payload, { createdAt: clock.now(), startedAt: clock.now(), formatVersion: 1 });
const map = () => new MapBackend({ clock });

describe("CountingProxy", () => {
  it("counts calls and keys by operation and in all", () => {
    const proxy = new CountingProxy(map());
    proxy.get("a");
    proxy.getMulti(["a", "b", "a"]);
    proxy.getMulti(["c"]);
    proxy.set("a", entry(1));
    expect(proxy.count("getMulti")).toEqual({ calls: 2, keys: 4 });
    expect(proxy.count("delete")).toEqual({ calls: 0, keys: 0 });
    expect([proxy.calls, proxy.keys]).toEqual([4, 6]);
    proxy.reset();
    expect([proxy.calls, proxy.keys]).toEqual([0, 0]);
  });
});

describe("RecordingProxy", () => {
  it("keeps what came, in order, with what became of it", async () => {
    const proxy = new RecordingProxy(new AsyncMapBackend({ clock }));
    const pending = proxy.get("a");
    expect(proxy.history).toMatchObject([{ operation: "get", keys: ["a"], state: "pending" }]);
    await pending;
    expect(proxy.history[0]?.state).toBe("answered");
    await proxy.close();
    await expect(Promise.resolve(proxy.getMulti(["b", "c"]))).rejects.toThrow(/closed/);
    expect(proxy.history[1]).toMatchObject({ state: "failed", result: { code: "CLOSED" } });
    expect(proxy.lines).toEqual(["get a", "getMulti b,c"]);
    proxy.reset();
    expect(proxy.history).toEqual([]);
  });

  it("leaves a synchronous answer and a synchronous failure as they are", () => {
    const backend = map();
    const proxy = new RecordingProxy(backend);
    expect(proxy.set("a", entry(1))).toBe(undefined);
    backend.close();
    expect(() => proxy.get("a")).toThrow(/closed/);
    expect(proxy.history.map((call) => call.state)).toEqual(["answered", "failed"]);
  });
});

describe("SlowProxy", () => {
  it("delays the call, or its answer", async () => {
    for (const when of ["before", "after"] as const) {
      const counting = new CountingProxy(map());
      const proxy = new SlowProxy(counting, { clock, delayMs: 100, when });
      let answered = false;
      const answer = Promise.resolve(proxy.get("a")).then(() => {
        answered = true;
      });
      await clock.advance(99);
      expect([answered, counting.calls]).toEqual([false, when === "before" ? 0 : 1]);
      await clock.advance(1);
      await answer;
      expect(counting.calls).toBe(1);
    }
  });

  it("delays by call, stays synchronous without a delay, and delays failures too", async () => {
    const backend = map();
    const proxy = new SlowProxy(backend, {
      clock,
      delayMs: (_, keys) => (keys.includes("slow") ? 50 : 0),
      when: "after",
    });
    expect(proxy.getMulti(["fast"])).toHaveLength(1);
    backend.close();
    let failed = false;
    const failure = Promise.resolve(proxy.get("slow")).catch(() => {
      failed = true;
    });
    await clock.advance(49);
    expect(failed).toBe(false);
    await clock.advance(1);
    await failure;
    expect(failed).toBe(true);
    proxy.delay(0);
    expect(() => proxy.get("slow")).toThrow(/closed/);
  });
});

describe("FaultyProxy", () => {
  const outcome = async (run: () => unknown) => {
    try {
      await run();
      return "fine";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("fails by operation, by key and by number, each counted by its own rule", async () => {
    const proxy = new FaultyProxy(map(), [
      { operation: ["set", "setMulti"], key: "bad" },
      { operation: "get", nth: [2, 3] },
    ]);
    expect(await outcome(() => proxy.set("bad", entry(1)))).toBe("injected failure of set");
    expect(await outcome(() => proxy.set("good", entry(1)))).toBe("fine");
    expect(
      await outcome(() =>
        proxy.setMulti(
          new Map([
            ["x", entry(1)],
            ["bad", entry(1)],
          ]),
        ),
      ),
    ).toMatch(/setMulti/);
    const reads: string[] = [];
    for (let read = 0; read < 4; read += 1) reads.push(await outcome(() => proxy.get("good")));
    expect(reads).toEqual(["fine", "injected failure of get", "injected failure of get", "fine"]);
    expect(proxy.failures).toBe(4);
  });

  it("loses the answer of a call that the backend has done", async () => {
    const backend = map();
    const proxy = new FaultyProxy(backend, [{ when: "after", error: () => new Error("reset") }]);
    expect(await outcome(() => proxy.set("a", entry(1)))).toBe("reset");
    expect((backend.get("a") as CachedValue).payload).toBe(1);
  });

  it("swallows a call for ever", async () => {
    const counting = new CountingProxy(map());
    const proxy = new FaultyProxy(counting, [{ when: "never" }]);
    let settledAtAll = false;
    void Promise.resolve(proxy.get("a")).finally(() => {
      settledAtAll = true;
    });
    await settled();
    expect([settledAtAll, counting.calls]).toEqual([false, 0]);
  });

  it("fails with a probability, the same calls for the same seed", async () => {
    const pattern = async (seed: number) => {
      const proxy = new FaultyProxy(map(), [{ probability: 0.5 }], { seed });
      const all: string[] = [];
      for (let call = 0; call < 40; call += 1) all.push(await outcome(() => proxy.get("a")));
      return all;
    };
    const first = await pattern(1);
    expect(await pattern(1)).toEqual(first);
    expect(await pattern(2)).not.toEqual(first);
    expect(new Set(first).size).toBe(2);
  });

  it("takes rules and lifts them while it is in use", async () => {
    const proxy = new FaultyProxy(map());
    expect(await outcome(() => proxy.get("a"))).toBe("fine");
    const lift = proxy.fail();
    expect(await outcome(() => proxy.get("a"))).toMatch(/injected/);
    lift();
    lift();
    expect(await outcome(() => proxy.get("a"))).toBe("fine");
    proxy.fail({ key: (key) => key === "a" });
    proxy.heal();
    expect(await outcome(() => proxy.get("a"))).toBe("fine");
  });
});
