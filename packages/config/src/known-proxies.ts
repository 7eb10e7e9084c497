import type { Clock, Duration, ProxyFactory, Serializer, Size } from "@cascata/core";
import type { ForeignModule } from "./foreign-module.ts";
import type { BusConfig } from "./known-buses.ts";

/**
 * The options of each proxy that configuration knows by name, those of `@cascata/proxies`. Others' proxies add themselves
 * as backends do.
 */
export interface ProxyKinds {
  circuitBreaker: {
    readonly timeouts?: number;
    readonly failureRate?: number;
    readonly minimumCalls?: number;
    readonly window?: Duration;
    readonly retryAfter?: Duration;
    readonly maxRetryAfter?: Duration;
    readonly clock?: Clock;
    readonly random?: () => number;
  };
  clone: object;
  compress: {
    readonly above?: Size;
    readonly algorithm?: "gzip" | "brotli" | "zstd";
    readonly level?: number;
    readonly maxBytes?: Size;
    readonly serializer?: Serializer;
  };
  counting: { readonly clock?: Clock };
  /** Its own option `use`, which key encrypts, is `useKey` here. */
  encrypt: {
    readonly keys: Readonly<Record<string, unknown>>;
    readonly useKey: string;
    readonly plain?: "refuse" | "accept";
    readonly tolerance?: Duration;
    readonly serializer?: Serializer;
  };
  freeze: object;
  limitInFlight: { readonly max: number };
  logging: {
    readonly logger?: object;
    readonly slow?: Duration;
    readonly what?: "all" | "warnings";
    readonly keys?: boolean;
    readonly clock?: Clock;
  };
  maxEntrySize: { readonly max: Size; readonly serializer?: Serializer };
  prefix: { readonly prefix: string };
  publish: {
    readonly bus: BusConfig;
    readonly heartbeat?: Duration;
    readonly deadline?: Duration;
    readonly clock?: Clock;
  };
  readOnly: object;
  recovery: { readonly maxKeys?: number; readonly clock?: Clock };
  retry: {
    readonly times?: number;
    readonly delay?: Duration;
    readonly within?: Duration;
    readonly clock?: Clock;
    readonly random?: () => number;
  };
  sampling: { readonly share: number };
  share: object;
  timeout: { readonly after: Duration; readonly lockWait?: Duration; readonly clock?: Clock };
}

/** Proxies that need no option: the name alone will do. */
type Bare = { [K in keyof ProxyKinds]: object extends ProxyKinds[K] ? K : never }[keyof ProxyKinds];

/** A proxy by its name, with its options; a file or package that exports one; or a factory, in TypeScript. */
export type WrapConfig =
  | Bare
  | { [K in keyof ProxyKinds]: { readonly use: K } & ProxyKinds[K] }[keyof ProxyKinds]
  | { readonly use: ForeignModule; readonly [option: string]: unknown }
  | ProxyFactory;
