import { ConfigurationError, ProtectionProxy, protect, TimeoutError } from "@cascata/core";
import { timeout } from "@cascata/proxies";
import { AsyncMapBackend, ManualClock, ProbeBackend } from "@cascata/testing";
import { expect, test } from "vitest";
import { entryOf, outcomeOf, wrapped } from "./support.ts";

class HangingBackend extends ProbeBackend {
  override get(): Promise<never> {
    return new Promise(() => undefined);
  }
  override setMulti(): Promise<never> {
    return new Promise(() => undefined);
  }
}

test("a read rejects, a write is unknown, neither opens a circuit", async () => {
  const clock = new ManualClock();
  const { proxy } = wrapped(timeout({ after: "50ms", clock }), new HangingBackend());
  for (let i = 0; i < 10; i++) {
    const calls = [outcomeOf(() => proxy.get("a")), outcomeOf(() => proxy.setMulti(new Map([["a", entryOf(1)]])))];
    await clock.advance(50);
    const [read, write] = await Promise.all(calls);
    expect(read).toBeInstanceOf(TimeoutError);
    expect(write).toEqual(new Map([["a", { status: "unknown", error: expect.any(TimeoutError) }]]));
  }
});

test("a chain's own protection keeps its hands off the deadline", () => {
  const { proxy } = wrapped(timeout("2s"), new AsyncMapBackend());
  expect(proxy).toMatchObject({ timeoutMs: 2000, breaker: undefined });
  const protectedOne = protect(proxy);
  expect(protectedOne).toBeInstanceOf(ProtectionProxy);
  expect(protectedOne).toMatchObject({ timeoutMs: Number.POSITIVE_INFINITY, maxInFlight: 1024 });
});

test.each([
  ["1 week", "timeout.after"],
  [{}, "timeout.after"],
  [{ after: 1, lockWait: "x" }, "timeout.lockWait"],
  [{ after: 1, aftr: 2 }, 'did you mean "after"?'],
  [null, "timeout: expected an object of options"],
])("refuses %j when it is made", (options, says) => {
  expect(() => timeout(options as never)).toThrow(ConfigurationError);
  expect(() => timeout(options as never)).toThrow(says);
});
