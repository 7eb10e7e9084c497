import type { CacheBackend } from "./backend.ts";
import { ConfigurationError } from "./errors.ts";
import { ProxyBackend } from "./proxy-backend.ts";

/** What `wrap: [...]` takes: a function that wraps, or a proxy class that needs nothing but the backend. */
export type ProxyFactory = ((proxied: CacheBackend) => ProxyBackend) | (new (proxied: CacheBackend) => ProxyBackend);

/** Wraps `backend` with `factory`: a proxy class or a function that makes a proxy. */
export function applyProxy(factory: ProxyFactory, backend: CacheBackend, path: string): ProxyBackend {
  const proxy: unknown = isProxyClass(factory)
    ? new factory(backend)
    : typeof factory === "function"
      ? factory(backend)
      : factory;
  if (proxy instanceof ProxyBackend && proxy.proxied === backend && typeof factory === "function") return proxy;
  throw new ConfigurationError({
    path,
    expected: "a proxy class, or a function that wraps the backend which it is given in a new proxy",
    received: factory,
    ...(factory instanceof ProxyBackend
      ? { hint: "this proxy instance wraps a backend already; give a function that makes one" }
      : {}),
  });
}

function isProxyClass(factory: unknown): factory is new (proxied: CacheBackend) => ProxyBackend {
  return typeof factory === "function" && factory.prototype instanceof ProxyBackend;
}
