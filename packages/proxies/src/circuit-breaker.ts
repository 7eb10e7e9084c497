import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type Clock,
  ProtectionProxy,
  type ProxyFactory,
} from "@cascata/core";

/** Options of {@link circuitBreaker}. */
export interface CircuitBreakerProxyOptions extends CircuitBreakerOptions {
  /** @default systemClock */
  readonly clock?: Clock;
  /** The jitter's source, from 0 up to 1. @default Math.random */
  readonly random?: () => number;
}

/** What {@link circuitBreaker} reads. */
export const circuitBreakerOptions = [
  "timeouts",
  "failureRate",
  "minimumCalls",
  "window",
  "retryAfter",
  "maxRetryAfter",
  "clock",
  "random",
] as const;

/**
 * Stops asking a backend that fails, and probes it until it answers again. Put it outside `timeout`: without a deadline
 * a call that hangs never counts. State: `proxy.breaker.state`, `health()`, and an incident for each change.
 *
 * @throws ConfigurationError
 */
export function circuitBreaker(options: CircuitBreakerProxyOptions = {}, path = "circuitBreaker"): ProxyFactory {
  const { clock, random, ...breaker } = options;
  // Made and dropped, so that a bad option is refused here and not when a backend is wrapped.
  new CircuitBreaker(breaker, { path });
  const all = {
    timeout: Number.POSITIVE_INFINITY,
    maxInFlight: Number.POSITIVE_INFINITY,
    breaker,
    path,
    ...(clock !== undefined && { clock }),
    ...(random !== undefined && { random }),
  };
  return (proxied) => new ProtectionProxy(proxied, all);
}
