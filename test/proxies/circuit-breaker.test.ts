import { ConfigurationError, type ProtectionProxy, UnavailableError } from "@cascata/core";
import { circuitBreaker, limitInFlight } from "@cascata/proxies";
import { ManualClock, ProbeBackend } from "@cascata/testing";
import { expect, test } from "vitest";
import { outcomeOf, wrapped } from "./support.ts";

test("opens, spares the backend, probes, closes", async () => {
  const clock = new ManualClock();
  const options = { minimumCalls: 2, retryAfter: 100, clock, random: () => 0 };
  const { proxy, backend, incidents } = wrapped(circuitBreaker(options), new ProbeBackend());
  const { breaker } = proxy as ProtectionProxy;
  backend.failure = new Error("refused");
  for (let i = 0; i < 2; i++) await outcomeOf(() => proxy.get("a"));
  expect(breaker?.state).toBe("open");
  expect(proxy.health().state).toBe("down");
  backend.calls.length = 0;
  expect(await outcomeOf(() => proxy.get("a"))).toBeInstanceOf(UnavailableError);
  expect(backend.calls).toEqual([]);
  backend.failure = undefined;
  await clock.advance(100);
  await proxy.get("a");
  expect(breaker?.state).toBe("closed");
  expect(incidents.map(({ what }) => what)).toEqual(["circuit open", "circuit half-open", "circuit closed"]);
});

test("it has no deadline of its own", () => {
  const clock = new ManualClock();
  const { proxy, backend } = wrapped(circuitBreaker({ clock }), new ProbeBackend());
  void proxy.get("a");
  expect(clock.pending).toBe(0);
  expect(backend.calls[0]?.context).toBeUndefined();
});

test("limitInFlight fails at once what would be one too many", async () => {
  const { proxy } = wrapped(limitInFlight(1), new ProbeBackend());
  const first = proxy.get("a");
  expect(await outcomeOf(() => proxy.get("b"))).toBeInstanceOf(UnavailableError);
  await first;
  await proxy.get("b");
});

test.each([
  [() => circuitBreaker({ failureRate: 2 }), "circuitBreaker.failureRate"],
  [() => circuitBreaker({ retryafter: 2 } as never), 'did you mean "retryAfter"?'],
  [() => limitInFlight(0), "limitInFlight.max"],
  [() => limitInFlight({ max: 1, min: 0 } as never), 'did you mean "max"?'],
])("refuses bad options when it is made (%#)", (make, says) => {
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(says);
});
