import { type Duration, durationMs, type RegionOptions, resolveRegionOptions } from "@cascata/core";
import type { TierConfig } from "./caches-config.ts";
import { hintFor, type Mistakes, pathOf } from "./mistakes.ts";
import { isName } from "./plan-backends.ts";
import { planWrap, type WrapPlan } from "./plan-wrap.ts";
import { defaultsSchema, type RegionShape, regionSchema } from "./region-schema.ts";

/** A tier of a region: a backend by name, and how long it keeps an entry at most. */
export interface TierPlan {
  readonly backend: string;
  readonly ttl: Duration | undefined;
  /** Whether its single reads are gathered. */
  readonly batch: boolean;
}

export interface RegionPlan {
  readonly name: string;
  readonly path: string;
  /** Nearest first. */
  readonly tiers: readonly TierPlan[];
  readonly options: RegionOptions;
  readonly maxStaleness: Duration | undefined;
  readonly wrap: readonly WrapPlan[];
}

type Defaults = Omit<RegionShape, "tiers" | "ttl"> & { readonly ttl?: Duration };

/** Reads `regions` and `defaults`. */
export function planRegions(
  regions: unknown,
  defaults: unknown,
  backends: readonly string[],
  mistakes: Mistakes,
): readonly RegionPlan[] {
  const sound = defaults === undefined || mistakes.check(defaultsSchema, defaults, "defaults");
  const common = (sound ? (defaults ?? {}) : {}) as Defaults;
  // Looked at by itself, also when no region inherits it or something else is wrong with the defaults.
  planWrap((defaults as Defaults | null | undefined)?.wrap, "defaults.wrap", mistakes);
  if (typeof regions !== "object" || regions === null || Array.isArray(regions)) {
    mistakes.add({ path: "regions", expected: "regions by name", received: regions });
    return [];
  }
  return Object.entries(regions).flatMap(([name, given]) => {
    const path = pathOf("regions", [name]);
    if (!isName(name)) {
      const expected = "a name of 1 to 100 letters, digits, dots, underscores or hyphens";
      mistakes.add({ path, expected, received: name });
      return [];
    }
    return planRegion(name, path, given as RegionShape, common, backends, mistakes) ?? [];
  });
}

function planRegion(
  name: string,
  path: string,
  given: RegionShape,
  defaults: Defaults,
  backends: readonly string[],
  mistakes: Mistakes,
): RegionPlan | undefined {
  const sound = mistakes.check(regionSchema, given, path);
  if (typeof given !== "object" || given === null) return undefined;
  const own = given.wrap === undefined ? defaults.wrap : given.wrap;
  const wrap = planWrap(own, given.wrap === undefined ? "defaults.wrap" : `${path}.wrap`, mistakes);
  const tiers = Array.isArray(given.tiers) ? planTiers(given, path, backends, mistakes) : [];
  if (!sound) return undefined;
  const { tiers: _tiers, ttl: _ttl, wrap: _wrap, maxStaleness: _own, ...settings } = given;
  const { ttl: usual, wrap: _usualWrap, maxStaleness: usualStaleness, ...common } = defaults;
  const farthest = tiers.at(-1);
  const scalar = isByTier(given.ttl) ? undefined : given.ttl;
  const life = scalar ?? farthest?.ttl ?? usual;
  const options: RegionOptions = { ...common, ...settings, name, ...(life !== undefined && { ttl: life }) };
  mistakes.collect(
    path,
    () => resolveRegionOptions(options),
    (ownPath) => ownPath.replace(/^region/, path),
  );
  // The farthest tier's time is the life itself, unless the region has one of its own.
  const kept = tiers.map((tier) => (tier === farthest && scalar === undefined ? { ...tier, ttl: undefined } : tier));
  return { name, path, tiers: kept, options, maxStaleness: given.maxStaleness ?? usualStaleness, wrap };
}

function planTiers(
  region: RegionShape,
  path: string,
  backends: readonly string[],
  mistakes: Mistakes,
): readonly TierPlan[] {
  const byTier = isByTier(region.ttl) ? region.ttl : {};
  if (region.tiers.length === 0) {
    const expected = `one tier at least: ${backends.join(", ")}`;
    mistakes.add({ path: `${path}.tiers`, expected, received: region.tiers });
  }
  const seen = new Set<string>();
  const tiers = region.tiers.flatMap((tier: TierConfig, index) => {
    const at = `${path}.tiers[${index}]`;
    const { backend, ttl, batch }: Partial<Exclude<TierConfig, string>> =
      typeof tier === "string" ? { backend: tier } : (tier ?? {});
    if (typeof backend !== "string") return [];
    const where = typeof tier === "string" ? at : `${at}.backend`;
    if (!backends.includes(backend)) {
      const expected = backends.length === 0 ? "a backend of the configuration" : `one of ${backends.join(", ")}`;
      mistakes.add({ path: where, expected, received: backend, ...hintFor(backend, backends) });
    } else if (seen.has(backend)) {
      mistakes.add({ path: where, expected: "each backend once", received: backend });
    }
    seen.add(backend);
    const other = Object.hasOwn(byTier, backend) ? byTier[backend] : undefined;
    if (ttl !== undefined && other !== undefined) {
      const expected = `no ttl here beside ${pathOf(`${path}.ttl`, [backend])}`;
      mistakes.add({ path: `${at}.ttl`, expected, received: ttl });
    }
    return [{ backend, ttl: ttl ?? other, batch: batch === true }];
  });
  for (const [backend, received] of Object.entries(byTier)) {
    if (seen.has(backend)) continue;
    const names = [...seen];
    const expected = `a tier of this region: ${names.join(", ")}`;
    mistakes.add({ path: pathOf(`${path}.ttl`, [backend]), expected, received, ...hintFor(backend, names) });
  }
  return tiers;
}

function isByTier(ttl: RegionShape["ttl"]): ttl is Readonly<Record<string, Duration>> {
  return typeof ttl === "object" && ttl !== null && !Array.isArray(ttl);
}

/** In milliseconds; what was checked before. */
export function ms(duration: Duration): number {
  return durationMs(duration, "ttl");
}
