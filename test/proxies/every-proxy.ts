import { applyProxy, type Bus, type CacheBackend, type Clock, ProtectionProxy, type ProxyFactory } from "@cascata/core";
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
  memoryBus,
  prefix,
  publish,
  recovery,
  retry,
  sampling,
  share,
  timeout,
} from "@cascata/proxies";

const hex = "00112233445566778899aabbccddeeff".repeat(2);
const silent = { debug: () => undefined, warn: () => undefined };

const buses = new WeakMap<Clock, Bus>();

/** One bus for all who tell time by one clock. */
function busOf(clock: Clock): Bus {
  const bus = buses.get(clock) ?? memoryBus();
  buses.set(clock, bus);
  return bus;
}

const tellsOfAll = "it can't tell what a fill replaces, and tells of all";
const otherLink = "the bus is not the store: nothing of it is lost, emptied or cut with the store";

/** What `publish` does otherwise than the feed in whose place it stands, by the feed kit's names. */
export const publishSkips: Readonly<Record<string, string>> = {
  "a fill of an absent key changes nothing that anybody holds": tellsOfAll,
  "a lease that is given back is told to those who wait for it, with the failure of its creation if there was one":
    "it can't tell who holds what, and tells of all; the failure names its lease",
  "a fill that replaces what its holder has rejected is told as a change, with its sender": tellsOfAll,
  "a store that was emptied makes what is held near uncertain": otherLink,
  "a broken link loses nothing: silent, then what was missed, then resumed": otherLink,
  "what was trimmed away while the link was broken makes it uncertain": otherLink,
};

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
  publish: (clock) => publish({ bus: busOf(clock), clock }),
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
