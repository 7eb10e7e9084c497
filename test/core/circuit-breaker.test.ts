import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
  ConfigurationError,
  TimeoutError,
} from "@cascata/core";
import { ManualClock } from "@cascata/testing";
import { describe, expect, test } from "vitest";

const timeout = new TimeoutError("reading", 250);
const refused = new Error("connection refused");

function setUp(options: CircuitBreakerOptions = {}, random: () => number = () => 0) {
  const clock = new ManualClock();
  const changes: CircuitState[] = [];
  const breaker = new CircuitBreaker(options, { clock, random, onChange: (state) => changes.push(state) });
  const call = (outcome: "ok" | "none" | Error) => {
    const permit = breaker.enter();
    if (permit === undefined) return "not asked";
    if (outcome === "ok") breaker.succeeded(permit);
    else if (outcome === "none") breaker.abandoned(permit);
    else breaker.failed(permit, outcome);
    return "asked";
  };
  return { clock, changes, breaker, call };
}

describe("opening", () => {
  test("after timeouts in a row", () => {
    const { breaker, call, changes } = setUp({ timeouts: 3 });
    call(timeout);
    call(timeout);
    expect(breaker.state).toBe("closed");
    call(timeout);
    expect(breaker.state).toBe("open");
    expect(changes).toEqual(["open"]);
    expect(call("ok")).toBe("not asked");
  });

  test("a success ends the row", () => {
    const { breaker, call } = setUp({ timeouts: 3 });
    for (const outcome of [timeout, timeout, "ok", timeout, timeout] as const) call(outcome);
    expect(breaker.state).toBe("closed");
  });

  test("a timeout counts only if nothing succeeded while it waited", () => {
    const { breaker, call } = setUp({ timeouts: 2, minimumCalls: 1000 });
    for (let round = 0; round < 20; round++) {
      const waiting = breaker.enter();
      call("ok");
      if (waiting !== undefined) breaker.failed(waiting, timeout);
    }
    expect(breaker.state).toBe("closed");
    call(timeout);
    call(timeout);
    expect(breaker.state).toBe("open");
  });

  test("parallel timeouts open it once; the outcomes of older calls count no more", () => {
    const { breaker, changes, call, clock } = setUp({ timeouts: 3, retryAfter: 100 });
    const permits = Array.from({ length: 10 }, () => breaker.enter());
    for (const permit of permits) if (permit !== undefined) breaker.failed(permit, timeout);
    expect(changes).toEqual(["open"]);
    const [first] = permits;
    if (first !== undefined) breaker.succeeded(first);
    expect(breaker.state).toBe("open");
    expect(call("ok")).toBe("not asked");
    expect(clock.pending).toBe(0);
  });

  test("at a failure rate over enough calls", () => {
    const { breaker, call } = setUp({ failureRate: 0.5, minimumCalls: 10 });
    for (let i = 0; i < 5; i++) call("ok");
    for (let i = 0; i < 4; i++) call(refused);
    expect(breaker.state).toBe("closed");
    call(refused);
    expect(breaker.state).toBe("open");
  });

  test("fewer calls than the minimum say nothing", () => {
    const { breaker, call } = setUp({ minimumCalls: 20 });
    for (let i = 0; i < 19; i++) call(refused);
    expect(breaker.state).toBe("closed");
    call(refused);
    expect(breaker.state).toBe("open");
  });

  test("failures outside the window are forgotten", async () => {
    const { breaker, call, clock } = setUp({ failureRate: 0.5, minimumCalls: 10, window: "10s" });
    for (let i = 0; i < 9; i++) call(refused);
    await clock.advance(15_000);
    call(refused);
    expect(breaker.state).toBe("closed");
    await clock.advance(5_000);
    for (let i = 0; i < 9; i++) call(refused);
    expect(breaker.state).toBe("open");
  });

  test("a window of 0 leaves the rate out", () => {
    const { breaker, call } = setUp({ window: 0, minimumCalls: 2 });
    for (let i = 0; i < 50; i++) call(refused);
    expect(breaker.state).toBe("closed");
  });
});

describe("probing", () => {
  function opened(options: CircuitBreakerOptions = {}, random?: () => number) {
    const it = setUp({ timeouts: 1, retryAfter: 100, maxRetryAfter: 400, ...options }, random);
    it.call(timeout);
    return it;
  }

  test("one at a time, after the wait", async () => {
    const { breaker, clock } = opened();
    await clock.advance(99);
    expect(breaker.enter()).toBeUndefined();
    expect(breaker.state).toBe("open");
    await clock.advance(1);
    const probe = breaker.enter();
    expect(probe).toBeDefined();
    expect(breaker.state).toBe("half-open");
    expect(breaker.enter()).toBeUndefined();
  });

  test("a probe that succeeds closes it, with a clean slate", async () => {
    const { breaker, call, clock, changes } = opened({ minimumCalls: 3 });
    await clock.advance(100);
    call("ok");
    expect(breaker.state).toBe("closed");
    expect(changes).toEqual(["open", "half-open", "closed"]);
    expect(breaker.failingSince).toBeUndefined();
    call(refused);
    call(refused);
    expect(breaker.state).toBe("closed");
  });

  test("a probe that fails doubles the wait, up to the longest", async () => {
    const { breaker, call, clock } = opened();
    for (const wait of [100, 200, 400, 400, 400]) {
      await clock.advance(wait - 1);
      expect(call(refused)).toBe("not asked");
      await clock.advance(1);
      expect(call(refused)).toBe("asked");
      expect(breaker.state).toBe("open");
    }
    await clock.advance(400);
    call("ok");
    call(timeout);
    await clock.advance(100);
    expect(call("ok")).toBe("asked");
  });

  test("chance cuts the wait by up to half", async () => {
    const { call, clock } = opened({}, () => 0.999_999);
    await clock.advance(49);
    expect(call("ok")).toBe("not asked");
    await clock.advance(2);
    expect(call("ok")).toBe("asked");
  });

  test("one that says nothing makes room for the next", async () => {
    const { call, breaker, clock } = opened();
    await clock.advance(100);
    expect(call("none")).toBe("asked");
    expect(breaker.state).toBe("half-open");
    expect(call("ok")).toBe("asked");
    expect(breaker.state).toBe("closed");
  });

  test("one that never settles does not close the door for ever", async () => {
    const { breaker, call, clock } = opened();
    await clock.advance(100);
    breaker.enter();
    await clock.advance(399);
    expect(call("ok")).toBe("not asked");
    await clock.advance(1);
    expect(call("ok")).toBe("asked");
  });
});

test("says since when it fails, and with what", async () => {
  const { breaker, call, clock } = setUp();
  expect(breaker.failingSince).toBeUndefined();
  const since = clock.now();
  call(refused);
  await clock.advance(50);
  call(timeout);
  expect(breaker.failingSince).toBe(since);
  expect(breaker.lastError).toBe(timeout);
  call("ok");
  expect(breaker.failingSince).toBeUndefined();
});

test.each([
  [{ timeouts: 0 }, "breaker.timeouts"],
  [{ timeouts: 1.5 }, "breaker.timeouts"],
  [{ minimumCalls: Number.NaN }, "breaker.minimumCalls"],
  [{ failureRate: 0 }, "breaker.failureRate"],
  [{ failureRate: 1.1 }, "breaker.failureRate"],
  [{ window: "10 parsecs" }, "breaker.window"],
  [{ retryAfter: -1 }, "breaker.retryAfter"],
  [
    { retryAfterr: 1 },
    'breaker.retryAfterr: expected one of timeouts, failureRate, minimumCalls, window, retryAfter, maxRetryAfter, received 1 (did you mean "retryAfter"?)',
  ],
])("refuses %j", (options, says) => {
  const make = () => new CircuitBreaker(options as CircuitBreakerOptions);
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(says);
});
