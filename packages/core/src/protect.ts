import type { CacheBackend } from "./backend.ts";
import type { ProtectionOptions } from "./protection-options.ts";
import { ProtectionProxy } from "./protection-proxy.ts";
import { ProxyBackend } from "./proxy-backend.ts";

/**
 * Protects a tier that can hang: one that is `remote`, with whatever of deadline, breaker and cap it does not have yet
 * from a {@link ProtectionProxy} around it. Any other backend is given back as it is.
 */
export function protect(backend: CacheBackend, options: ProtectionOptions = {}): CacheBackend {
  if (!backend.remote) return backend;
  let { timeout, breaker, maxInFlight } = options;
  for (let inner = backend; inner instanceof ProxyBackend; inner = inner.proxied) {
    if (!(inner instanceof ProtectionProxy)) continue;
    if (inner.timeoutMs !== Number.POSITIVE_INFINITY) timeout = Number.POSITIVE_INFINITY;
    if (inner.breaker !== undefined) breaker = false;
    if (inner.maxInFlight !== Number.POSITIVE_INFINITY) maxInFlight = Number.POSITIVE_INFINITY;
  }
  const nothingLeft =
    timeout === Number.POSITIVE_INFINITY && breaker === false && maxInFlight === Number.POSITIVE_INFINITY;
  if (nothingLeft) return backend;
  return new ProtectionProxy(backend, {
    ...options,
    ...(timeout !== undefined && { timeout }),
    ...(breaker !== undefined && { breaker }),
    ...(maxInFlight !== undefined && { maxInFlight }),
  });
}
