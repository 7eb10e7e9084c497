import {
  applyProxy,
  type BackendIncident,
  type CacheBackend,
  CachedValue,
  type CacheMetadata,
  type ProxyFactory,
} from "@cascata/core";

const metadata: CacheMetadata = { createdAt: 1_700_000_000_000, startedAt: 1_700_000_000_000, formatVersion: 1 };

export function entryOf<T>(payload: T, more: Partial<CacheMetadata> = {}): CachedValue<T> {
  return new CachedValue(payload, { ...metadata, ...more });
}

/** A proxy, and what it and its backend report. */
export function wrapped<B extends CacheBackend>(factory: ProxyFactory, backend: B) {
  const proxy = applyProxy(factory, backend, "wrap[0]");
  const incidents: BackendIncident[] = [];
  proxy.watch((incident) => incidents.push(incident));
  return { proxy, backend, incidents };
}

/** What a call came to, thrown or rejected. */
export async function outcomeOf(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return error;
  }
}
