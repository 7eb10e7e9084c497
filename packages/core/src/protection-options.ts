import type { CircuitBreakerOptions } from "./circuit-breaker.ts";
import type { Clock } from "./clock.ts";
import type { Duration } from "./duration.ts";
import { ConfigurationError } from "./errors.ts";
import { aClock, aFunction, checkOptionNames, wrongKinds } from "./options.ts";

/** How a tier that can hang or fail is held at arm's length. */
export interface ProtectionOptions {
  /** No operation takes longer; `Infinity`: no limit but the caller's own deadline. @default "250ms" */
  readonly timeout?: Duration;
  /** `false`: none. @default the breaker's own defaults */
  readonly breaker?: CircuitBreakerOptions | false;
  /** Operations that may wait for an answer at once; beyond, they fail at once. A batch is one. @default 1024 */
  readonly maxInFlight?: number;
  /** How long `acquire(true)` of the tier's own mutex may wait before it answers `false`. @default "30s" */
  readonly lockWait?: Duration;
  /** @default systemClock */
  readonly clock?: Clock;
  /** The breaker's jitter. @default Math.random */
  readonly random?: () => number;
  /** Where the options stand, for error messages. @default "protection" */
  readonly path?: string;
}

const optionNames = ["timeout", "breaker", "maxInFlight", "lockWait", "clock", "random", "path"];

/** @throws ConfigurationError for what no protection takes; durations and numbers are its own to check */
export function checkProtection(options: ProtectionOptions, path: string): void {
  checkOptionNames(options, optionNames, path);
  const mistakes = wrongKinds(options, { clock: aClock, random: aFunction }, path);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}
