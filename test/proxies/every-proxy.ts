import { applyProxy, type CacheBackend, type Clock, ProtectionProxy, type ProxyFactory } from "@cascata/core";
import {
  circuitBreaker,
  clone,
  compress,
  counting,
  encrypt,
  freeze,
  limitInFlight,
  logging,
  maxEntrySize,
  prefix,
  recovery,
  retry,
  sampling,
  share,
  timeout,
} from "@cascata/proxies";

const hex = "00112233445566778899aabbccddeeff".repeat(2);
const silent = { debug: () => undefined, warn: () => undefined };

/** Every proxy that changes nothing of what is promised, with options that let everything through. */
export const made: Readonly<Record<string, (clock: Clock) => ProxyFactory>> = {
  protection: (clock) => (backend) => new ProtectionProxy(backend, { clock }),
  timeout: (clock) => timeout({ after: "1h", clock }),
  circuitBreaker: (clock) => circuitBreaker({ clock }),
  limitInFlight: () => limitInFlight(10_000),
  retry: (clock) => retry({ clock, delay: 0 }),
  recovery: (clock) => recovery({ clock }),
  compress: () => compress({ above: 0 }),
  "compress above a size": () => compress({ above: "1kb" }),
  "compress, brotli": () => compress({ above: 0, algorithm: "brotli" }),
  encrypt: () => encrypt({ keys: { a: hex }, use: "a" }),
  prefix: () => prefix("x:"),
  freeze: () => freeze(),
  clone: () => clone(),
  share: () => share(),
  maxEntrySize: () => maxEntrySize("1gb"),
  logging: (clock) => logging({ logger: silent, what: "all", keys: true, clock }),
  sampling: () => sampling(1),
  counting: (clock) => counting({ clock }),
};

const stack = (clock: Clock): readonly ProxyFactory[] => [
  logging({ logger: silent, clock }),
  counting({ clock }),
  freeze(),
  maxEntrySize("1gb"),
  compress({ above: 16 }),
  encrypt({ keys: { a: hex }, use: "a" }),
  recovery({ clock }),
  retry({ clock, delay: 0 }),
  circuitBreaker({ clock }),
  timeout({ after: "1h", clock }),
];
/** Ten proxies, one around another. */
export const tenAround = (backend: CacheBackend, clock: Clock): CacheBackend =>
  stack(clock).reduceRight<CacheBackend>(
    (inner, factory, index) => applyProxy(factory, inner, `wrap[${index}]`),
    backend,
  );
