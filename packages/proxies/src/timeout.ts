import {
  type Clock,
  checkOptionNames,
  type Duration,
  durationMs,
  ProtectionProxy,
  type ProxyFactory,
} from "@cascata/core";

/** Options of {@link timeout}. */
export interface TimeoutOptions {
  /** No operation takes longer; 0: none is let through. */
  readonly after: Duration;
  /** How long `acquire(true)` of the backend's mutex may wait before it answers `false`. @default "30s" */
  readonly lockWait?: Duration;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** What {@link timeout} reads. */
export const timeoutOptions = ["after", "lockWait", "clock"] as const;

/**
 * A deadline for each operation: `timeout("50ms")`. Reads reject with a TimeoutError, writes answer `unknown`.
 * A chain that protects its remote tiers itself then adds only what is missing: the breaker and the cap.
 *
 * @throws ConfigurationError
 */
export function timeout(options: Duration | TimeoutOptions, path = "timeout"): ProxyFactory {
  const given: TimeoutOptions = typeof options === "object" ? options : { after: options };
  checkOptionNames(given, timeoutOptions, path);
  const { after, lockWait, clock } = given;
  const all = {
    timeout: durationMs(after, `${path}.after`),
    breaker: false,
    maxInFlight: Number.POSITIVE_INFINITY,
    path,
    ...(lockWait !== undefined && { lockWait: durationMs(lockWait, `${path}.lockWait`) }),
    ...(clock !== undefined && { clock }),
  } as const;
  return (proxied) => new ProtectionProxy(proxied, all);
}
