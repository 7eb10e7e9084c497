import type { BusDefinition, ProxyFactory } from "@cascata/core";
import { broadcastBusDefinition } from "./broadcast-bus.ts";
import { circuitBreaker, circuitBreakerOptions } from "./circuit-breaker.ts";
import { clone, cloneOptions } from "./clone.ts";
import { compress, compressOptions } from "./compress.ts";
import { counting, countingOptions } from "./counting.ts";
import { encrypt, encryptOptions } from "./encrypt.ts";
import { freeze, freezeOptions } from "./freeze.ts";
import { limitInFlight, limitInFlightOptions } from "./limit-in-flight.ts";
import { logging, loggingOptions } from "./logging.ts";
import { maxEntrySize, maxEntrySizeOptions } from "./max-entry-size.ts";
import { prefix, prefixOptions } from "./prefix.ts";
import { publish, publishOptions } from "./publish.ts";
import { readOnly, readOnlyOptions } from "./read-only.ts";
import { recovery, recoveryOptions } from "./recovery.ts";
import { retry, retryOptions } from "./retry.ts";
import { sampling, samplingOptions } from "./sampling.ts";
import { share, shareOptions } from "./share.ts";
import { timeout, timeoutOptions } from "./timeout.ts";

/** A proxy that configuration can name. */
export interface ProxyDefinition {
  /** The options that it reads. */
  readonly options: readonly string[];
  /**
   * The proxy with these options; `path` says where they stand.
   * @throws ConfigurationError naming each bad or unknown option
   */
  create(options: Readonly<Record<string, unknown>>, path: string): ProxyFactory;
}

/** Every proxy by its name: what `wrap: [{ use: "compress", above: "4kb" }]` refers to. */
export const proxies: Readonly<Record<string, ProxyDefinition>> = Object.freeze({
  circuitBreaker: definition(circuitBreakerOptions, circuitBreaker),
  clone: definition(cloneOptions, clone),
  compress: definition(compressOptions, compress),
  counting: definition(countingOptions, counting),
  encrypt: definition(encryptOptions, encrypt),
  freeze: definition(freezeOptions, freeze),
  limitInFlight: definition(limitInFlightOptions, limitInFlight),
  logging: definition(loggingOptions, logging),
  maxEntrySize: definition(maxEntrySizeOptions, maxEntrySize),
  prefix: definition(prefixOptions, prefix),
  publish: definition(publishOptions, publish),
  readOnly: definition(readOnlyOptions, readOnly),
  recovery: definition(recoveryOptions, recovery),
  retry: definition(retryOptions, retry),
  sampling: definition(samplingOptions, sampling),
  share: definition(shareOptions, share),
  timeout: definition(timeoutOptions, timeout),
});

/** Buses that configuration can name without a package: `bus: { use: "broadcast-channel" }`. */
export const buses: Readonly<Record<string, BusDefinition>> = Object.freeze({
  "broadcast-channel": broadcastBusDefinition,
});

function definition(options: readonly string[], make: (options: never, path: string) => ProxyFactory): ProxyDefinition {
  // Each of them checks all of its options itself, whatever their type says.
  return Object.freeze({ options, create: make as ProxyDefinition["create"] });
}
