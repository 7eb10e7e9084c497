import type { CacheBackend } from "./backend.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import { ReadThroughProxy } from "./read-through.ts";

/** The tiers of a chain, nearest first, each with the proxies that stand around it alone. */
export function tiersOf(backend: CacheBackend): readonly CacheBackend[] {
  const tiers: CacheBackend[] = [];
  let at: CacheBackend = backend;
  let tier: CacheBackend = backend;
  for (;;) {
    if (at instanceof ReadThroughProxy) {
      tiers.push(at.near);
      at = at.proxied;
      tier = at;
    } else if (at instanceof ProxyBackend && containsChain(at.proxied)) {
      at = at.proxied;
      tier = at;
    } else {
      tiers.push(tier);
      return tiers;
    }
  }
}

function containsChain(backend: CacheBackend): boolean {
  for (let at = backend; ; at = at.proxied) {
    if (at instanceof ReadThroughProxy) return true;
    if (!(at instanceof ProxyBackend)) return false;
  }
}

/** The names of a chain's tiers. */
export interface TierNames {
  /** All but the farthest, nearest first. */
  readonly near: readonly string[];
  readonly farthest: string;
}

export function tierNamesOf(backend: CacheBackend): TierNames {
  const names = tiersOf(backend).map(({ name }) => name);
  return { near: names.slice(0, -1), farthest: names.at(-1) ?? backend.name };
}
