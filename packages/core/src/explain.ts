import type { BackendHealth, CacheBackend } from "./backend.ts";
import { CachedValue, ReadFailure } from "./cached-value.ts";
import type { ResolvedRegionOptions } from "./region-options.ts";
import type { RegionState } from "./region-state.ts";
import { tiersOf } from "./tiers.ts";

/** Which of the promises hold on a chain, and why the others do not. */
export interface Guarantee {
  readonly name: string;
  readonly holds: boolean;
  readonly why: string;
}

function guaranteesOf(backend: CacheBackend): readonly Guarantee[] {
  const tiers = tiersOf(backend);
  const authority = tiers.at(-1) as CacheBackend;
  const alone = !authority.shared;
  const feed = alone || authority.changes !== undefined;
  const leases = alone || authority.leases !== undefined;
  const marks = alone || authority.marks !== undefined;
  const counted = alone || authority.revisions !== undefined;
  return [
    {
      name: "no stale fill in the authority",
      holds: leases,
      why: leases
        ? "fills carry a lease that a change breaks"
        : `${authority.name} has no leases: another process's late creation can overwrite`,
    },
    {
      name: "one creator in the cluster",
      holds: leases || authority.getMutex("") !== null,
      why: leases ? "creations are leased" : `${authority.name} has no leases`,
    },
    {
      name: "bounded staleness of near tiers",
      holds: feed || tiers.length === 1,
      why: feed
        ? heard(authority)
        : `${authority.name} does not tell what changes: a near entry lives for its tier's ttl`,
    },
    {
      name: "invalidation of regions and tags in all processes",
      holds: marks,
      why: marks ? "marks are kept by the authority" : `${authority.name} keeps no marks: only this process sees them`,
    },
    {
      name: "order by the store, not by clocks",
      holds: counted,
      why: counted
        ? "each change takes the next number"
        : `${authority.name} counts nothing: the machines' clocks decide what an invalidation covers`,
    },
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
        return `  ${tier.name}: ${why}, ${Math.round(state.freshness.ageMs(found))} ms old, ${Math.round(state.freshness.remainingMs(found))} ms left`;
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
    const lines = [
      `region "${options.name}": fresh for ${span(options.ttlMs)}, then stale for ${span(options.graceMs)}`,
    ];
    tiers.forEach((tier, index) => {
      const kind = [tier.remote ? "remote" : "local", tier.shared ? "shared" : "private"].join(", ");
      lines.push(`  ${index + 1}. ${tier.name} (${kind}): ${tier.health().state}`);
    });
    for (const promise of guaranteesOf(state.backend))
      lines.push(`  ${promise.holds ? "yes" : "no "} ${promise.name}: ${promise.why}`);
    if (key !== undefined) lines.push(`key ${JSON.stringify(key)}:`, ...(await describeKey(tiers, state, key)));
    return lines.join("\n");
  },
};

function span(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? "ever" : `${ms} ms`;
}
