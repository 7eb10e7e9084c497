import type { Serializer } from "@cascata/core";
import type { z } from "zod";
import type { BusConfig } from "./known-buses.ts";
import type { ProxyKinds } from "./known-proxies.ts";
import {
  anyObject,
  clock,
  code,
  duration,
  flag,
  instance,
  leaf,
  object,
  oneOf,
  size,
  text,
  whole,
  within,
} from "./schema-parts.ts";

type BareOptions = Readonly<Record<never, never>>;

export const serializer = (): z.ZodType<Serializer> => instance<Serializer>("a serializer", "serialize", "deserialize");
const random = () => code<() => number>();
/** By its shape; `checkBus` looks closer. */
const bus = () =>
  leaf<BusConfig>('the name of a bus, { use: "…", …options }, or a bus', isBusConfig, { $ref: "#/$defs/bus" });
const bare = () => object<BareOptions>({}, {});

/** What each proxy of `@cascata/proxies` takes in configuration, without its `use`. */
export const proxySchemas: { readonly [K in keyof ProxyKinds]: z.ZodType } = {
  circuitBreaker: object<ProxyKinds["circuitBreaker"]>(
    {},
    {
      timeouts: whole(),
      failureRate: within(0, 1),
      minimumCalls: whole(),
      window: duration(),
      retryAfter: duration(),
      maxRetryAfter: duration(),
      clock: clock(),
      random: random(),
    },
  ),
  clone: bare(),
  compress: object<ProxyKinds["compress"]>(
    {},
    {
      above: size(),
      algorithm: oneOf("gzip", "brotli", "zstd"),
      level: whole(0),
      maxBytes: size(),
      serializer: serializer(),
    },
  ),
  counting: object<ProxyKinds["counting"]>({}, { clock: clock() }),
  encrypt: object<ProxyKinds["encrypt"]>(
    { keys: anyObject("keys by name"), useKey: text("the name of a key") },
    { plain: oneOf("refuse", "accept"), tolerance: duration(), serializer: serializer() },
  ),
  freeze: bare(),
  limitInFlight: object<ProxyKinds["limitInFlight"]>({ max: whole() }, {}),
  logging: object<ProxyKinds["logging"]>(
    {},
    {
      logger: instance<object>("a logger", "warn"),
      slow: duration(),
      what: oneOf("all", "warnings"),
      keys: flag(),
      clock: clock(),
    },
  ),
  maxEntrySize: object<ProxyKinds["maxEntrySize"]>({ max: size() }, { serializer: serializer() }),
  prefix: object<ProxyKinds["prefix"]>({ prefix: text() }, {}),
  publish: object<ProxyKinds["publish"]>(
    { bus: bus() },
    { heartbeat: duration(), deadline: duration(), clock: clock() },
  ),
  readOnly: bare(),
  recovery: object<ProxyKinds["recovery"]>({}, { maxKeys: whole(), clock: clock() }),
  retry: object<ProxyKinds["retry"]>(
    {},
    { times: whole(0), delay: duration(), within: duration(), clock: clock(), random: random() },
  ),
  sampling: object<ProxyKinds["sampling"]>({ share: within(0, 1) }, {}),
  share: bare(),
  timeout: object<ProxyKinds["timeout"]>({ after: duration() }, { lockWait: duration(), clock: clock() }),
};

function isBusConfig(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  if (typeof value !== "object" || value === null) return false;
  const { use, join } = value as { readonly use?: unknown; readonly join?: unknown };
  return typeof use === "string" || typeof join === "function";
}
