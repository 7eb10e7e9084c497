import type { BackendHealth, CacheBackend } from "./backend.ts";
import { CachedValue, ReadFailure } from "./cached-value.ts";
import { durationText } from "./duration.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import { ReadThroughProxy } from "./read-through.ts";
import type { RegionState } from "./region-state.ts";
import type { ResolvedRegionOptions } from "./resolved-region-options.ts";
import { ScopeProxy } from "./scope-proxy.ts";
import { chainOfTiers, tiersOf } from "./tiers.ts";

/** Which of the promises hold on a chain, and why the others do not. */
export interface Guarantee {
  readonly name: string;
  readonly holds: boolean;
  readonly why: string;
}

function guaranteesOf(backend: CacheBackend): readonly Guarantee[] {
  const tiers = tiersOf(backend);
  const authority = tiers.at(-1) as CacheBackend;
  const promises = promisesOf(authority, tiers.length);
  if (authority.shared) return promises;
  return promises.map(({ name }) => ({ name, holds: true, why: `${authority.name} is this process's own` }));
}

function promisesOf(authority: CacheBackend, count: number): readonly Guarantee[] {
  const { leases, changes, marks, revisions } = authority;
  const promise = (name: string, holds: boolean, because: string, why: string) => ({
    name,
    holds,
    why: holds ? because : why,
  });
  return [
    promise(
      "no stale fill in the authority",
      leases !== undefined,
      "fills carry a lease that a change breaks",
      `${authority.name} has no leases: another process's late creation can overwrite`,
    ),
    promise(
      "one creator in the cluster",
      leases !== undefined || authority.getMutex("") !== null,
      leases === undefined ? "creations take the store's lock" : "creations are leased",
      `${authority.name} has no leases and no locks`,
    ),
    promise(
      "bounded staleness of near tiers",
      changes !== undefined || count === 1,
      changes === undefined ? "there is no near tier" : heard(authority),
      `${authority.name} does not tell what changes: a near entry lives for its tier's ttl`,
    ),
    promise(
      "invalidation of regions and tags in all processes",
      marks !== undefined,
      "marks are kept by the authority",
      `${authority.name} keeps no marks: only this process sees them`,
    ),
    promise(
      "order by the store, not by clocks",
      revisions !== undefined,
      "each change takes the next number",
      `${authority.name} counts nothing: the machines' clocks decide what an invalidation covers`,
    ),
  ];
}

function heard({ changes }: CacheBackend): string {
  if (changes?.atomic !== false) return "changes are heard, and doubts are confirmed";
  return "changes are heard, announced before they are made and told apart from the write; doubts are confirmed";
}

async function describeKey(
  tiers: readonly CacheBackend[],
  state: RegionState,
  key: string,
): Promise<readonly string[]> {
  return Promise.all(
    tiers.map(async (tier) => {
      try {
        const found = await tier.get(key);
        if (found instanceof ReadFailure) return `  ${tier.name}: could not be read: ${found.error.message}`;
        if (!(found instanceof CachedValue)) return `  ${tier.name}: nothing`;
        const why = state.freshness.why(key, found) ?? "fresh";
        const [age, left] = [state.freshness.ageMs(found), state.freshness.remainingMs(found)].map(Math.round);
        return `  ${tier.name}: ${why}, ${age} ms old, ${left} ms left`;
      } catch (error) {
        return `  ${tier.name}: could not be read: ${error instanceof Error ? error.message : String(error)}`;
      }
    }),
  );
}

/** What a region says of itself. */
export const explainRegion: {
  /** The tiers, nearest first. */
  tiers(backend: CacheBackend): readonly CacheBackend[];
  /** Which promises hold on the chain, and why the others do not. */
  guarantees(backend: CacheBackend): readonly Guarantee[];
  /** Each tier's health, nearest first. */
  health(backend: CacheBackend): ReadonlyMap<string, BackendHealth>;
  /** Everything in words. */
  text(options: ResolvedRegionOptions, state: RegionState, key: string | undefined): Promise<string>;
} = {
  tiers: tiersOf,
  guarantees: guaranteesOf,

  health(backend) {
    return new Map(tiersOf(backend).map((tier) => [tier.name, tier.health()]));
  },

  async text(options, state, key) {
    const tiers = tiersOf(state.backend);
    const { ttlMs, graceMs } = options;
    const afterwards = graceMs === 0 ? "never stale" : `then stale for ${durationText(graceMs)}`;
    const lines = [`region "${options.name}": fresh for ${durationText(ttlMs)}, ${afterwards}`];
    const around = proxyNames(state.backend);
    if (tiers.length > 1 && around.length > 0) lines.push(`  behind ${around.join(", ")}`);
    for (const [index, { tier, capMs }] of chainOfTiers(state.backend).entries())
      lines.push(`  ${index + 1}. ${tierText(tier, capMs)}`);
    for (const promise of guaranteesOf(state.backend))
      lines.push(`  ${promise.holds ? "yes" : "no "} ${promise.name}: ${promise.why}`);
    if (key !== undefined) lines.push(`key ${JSON.stringify(key)}:`, ...(await describeKey(tiers, state, key)));
    return lines.join("\n");
  },
};

function tierText(tier: CacheBackend, capMs: number): string {
  const kind = [tier.remote ? "remote" : "local", tier.shared ? "shared" : "private"].join(", ");
  const kept = capMs === Number.POSITIVE_INFINITY ? "" : `, keeps an entry for ${durationText(capMs)}`;
  const behind = proxyNames(tier);
  return `${tier.name} (${kind}): ${tier.health().state}${kept}${behind.length === 0 ? "" : `, behind ${behind.join(", ")}`}`;
}

/** What stands around a tier or a chain, outermost first: `CompressProxy` is `compress`. Its scope is no news. */
function proxyNames(backend: CacheBackend): readonly string[] {
  const names: string[] = [];
  for (let at = backend; at instanceof ProxyBackend && !(at instanceof ReadThroughProxy); at = at.proxied) {
    const name = /^(.+)Proxy$/.exec(at.constructor.name)?.[1];
    if (name !== undefined && !(at instanceof ScopeProxy)) names.push(name.charAt(0).toLowerCase() + name.slice(1));
  }
  return names;
}
