import { type CacheBackend, explainRegion, type Guarantee, type Region } from "@cascata/core";
import { ms, type RegionPlan } from "./plan-regions.ts";

/** What the doctor says of one region. */
export interface RegionReport {
  readonly region: string;
  /** The tiers' names, nearest first. */
  readonly tiers: readonly string[];
  /** Which promises hold on its chain, and why the others do not. */
  readonly guarantees: readonly Guarantee[];
  /** What could be better. Nothing here is wrong. */
  readonly hints: readonly string[];
}

/** What the doctor says. As a text it is a page to read. */
export interface DoctorReport {
  readonly regions: readonly RegionReport[];
  /** What concerns no single region. */
  readonly hints: readonly string[];
  toString(): string;
}

/** Looks at what was made, region by region; it asks no store. */
export function examine(
  regions: readonly (readonly [RegionPlan, Region])[],
  backends: ReadonlyMap<string, CacheBackend>,
): DoctorReport {
  const reports = regions.map(([plan, region]) => ({
    region: plan.name,
    tiers: plan.tiers.map(({ backend }) => backend),
    guarantees: explainRegion.guarantees(region.backend),
    hints: hintsFor(plan, region, backends),
  }));
  const used = new Set(reports.flatMap(({ tiers }) => tiers));
  const hints = [...backends.keys()]
    .filter((name) => !used.has(name))
    .map((name) => `backend "${name}" is no region's tier: it is made and connected for nothing`);
  return { regions: reports, hints, toString: () => asText(reports, hints) };
}

function hintsFor(plan: RegionPlan, region: Region, backends: ReadonlyMap<string, CacheBackend>): readonly string[] {
  const { ttl, grace, softTimeout, hardTimeout } = plan.options;
  const hints: string[] = [];
  const chain = plan.tiers.map(({ backend }) => backends.get(backend) as CacheBackend);
  const farthest = chain.at(-1) as CacheBackend;
  const life = ttl === undefined ? Number.POSITIVE_INFINITY : ms(ttl);
  if (life === Number.POSITIVE_INFINITY) {
    hints.push(
      "no ttl: a value stays until it is deleted, invalidated or evicted; give it one if its source can change",
    );
  }
  if (grace !== undefined && ms(grace) === Number.POSITIVE_INFINITY) {
    hints.push("the grace has no end: whatever was ever cached may be served stale; a day outlasts most outages");
  }
  if (grace !== undefined && ms(grace) > 0 && softTimeout === undefined) {
    hints.push(
      "a grace without softTimeout: the caller that regenerates waits for a slow creator, though a stale value is there",
    );
  }
  if (hardTimeout === undefined) {
    hints.push("no hardTimeout: where nothing stale exists, callers wait for as long as a creator takes");
  }
  for (const [index, tier] of plan.tiers.entries()) {
    if (tier.ttl !== undefined && ms(tier.ttl) > life) {
      hints.push(
        `${tier.backend}'s ttl is longer than the region's: it only matters for entries with a longer ttl of their own`,
      );
    }
    if (index < chain.length - 1 && chain[index]?.remote) {
      hints.push(
        `${tier.backend} is remote and stands before the farthest tier: each read that it can't answer costs its round trip`,
      );
    }
  }
  if (chain.length > 1 && farthest.shared && farthest.changes === undefined) {
    const uncapped = plan.tiers.slice(0, -1).filter((tier) => tier.ttl === undefined);
    for (const { backend } of uncapped) {
      hints.push(
        `${plan.tiers.at(-1)?.backend} has no change feed and ${backend} no ttl: another process's change is seen when the entry's life ends`,
      );
    }
  }
  if (chain.length > 1 && !farthest.shared) {
    hints.push(
      `the farthest tier, ${plan.tiers.at(-1)?.backend}, is private to this process: nothing is shared or survives a restart`,
    );
  }
  return hints.length === 0 && region.isConfigured ? [] : hints;
}

function asText(regions: readonly RegionReport[], hints: readonly string[]): string {
  const lines = regions.flatMap(({ region, tiers, guarantees, hints: own }) => [
    `region "${region}": ${tiers.join(" → ")}`,
    ...guarantees.map(({ name, holds, why }) => `  ${holds ? "yes" : "no "} ${name}: ${why}`),
    ...own.map((hint) => `  hint: ${hint}`),
  ]);
  return [...lines, ...hints.map((hint) => `hint: ${hint}`)].join("\n");
}
