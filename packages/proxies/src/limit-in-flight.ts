import { checkOptionNames, ProtectionProxy, type ProxyFactory, wholeNumber } from "@cascata/core";

/** Options of {@link limitInFlight}. */
export interface LimitInFlightOptions {
  /** Operations that may wait for an answer at once; a batch is one. */
  readonly max: number;
}

/** What {@link limitInFlight} reads. */
export const limitInFlightOptions = ["max"] as const;

/**
 * Fails at once what would be one operation too many: `limitInFlight(256)`. Nothing is queued.
 *
 * @throws ConfigurationError
 */
export function limitInFlight(options: number | LimitInFlightOptions, path = "limitInFlight"): ProxyFactory {
  const given: LimitInFlightOptions = typeof options === "object" ? options : { max: options };
  checkOptionNames(given, limitInFlightOptions, path);
  const maxInFlight = wholeNumber(given.max, `${path}.max`);
  return (proxied) =>
    new ProtectionProxy(proxied, { timeout: Number.POSITIVE_INFINITY, breaker: false, maxInFlight, path });
}
