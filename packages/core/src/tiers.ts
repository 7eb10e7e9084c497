import type { CacheBackend } from "./backend.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import { ReadThroughProxy } from "./read-through.ts";

/** The outermost read-through tier of a backend, below any proxies. */
export function chainOf(backend: CacheBackend): ReadThroughProxy | undefined {
  let at: CacheBackend | undefined = backend;
  while (at !== undefined && !(at instanceof ReadThroughProxy))
    at = "proxied" in at ? (at.proxied as CacheBackend) : undefined;
  return at;
}

/** The tiers of a chain, nearest first, each with the proxies that stand around it alone. */
export function tiersOf(backend: CacheBackend): readonly CacheBackend[] {
  return chainOfTiers(backend).map(({ tier }) => tier);
}

/** One tier of a chain, and how long it keeps an entry at most, where the chain bounds that. */
export interface ChainTier {
  readonly tier: CacheBackend;
  readonly capMs: number;
}

/** The same with what the chain wants of each. */
export function chainOfTiers(backend: CacheBackend): readonly ChainTier[] {
  const tiers: ChainTier[] = [];
  let at: CacheBackend = backend;
  let tier: CacheBackend = backend;
  for (;;) {
    if (at instanceof ReadThroughProxy) {
      tiers.push({ tier: at.near, capMs: at.capMs });
      at = at.proxied;
      tier = at;
    } else if (at instanceof ProxyBackend && containsChain(at.proxied)) {
      at = at.proxied;
      tier = at;
    } else {
      tiers.push({ tier, capMs: Number.POSITIVE_INFINITY });
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
