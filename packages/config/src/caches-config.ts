import type { Duration, RegionOptions } from "@cascata/core";
import type { BackendConfig } from "./known-backends.ts";
import type { WrapConfig } from "./known-proxies.ts";

/** A tier of a region: a backend's name, alone or with what this region wants of it. */
export type TierConfig<B extends string = string> =
  | B
  | {
      readonly backend: B;
      /** How long this tier keeps an entry at most. In the farthest tier of a region without a ttl it is the entry's life. */
      readonly ttl?: Duration;
      /** Single reads of one turn go to this tier as one batch. @default false */
      readonly batch?: boolean;
    };

/** What configuration may say of all regions, or of one. */
export type RegionSettings = Omit<RegionOptions, "name" | "ttl"> & {
  /**
   * How long what may be out of date is served while the farthest tier can't be asked. @default "10s"
   */
  readonly maxStaleness?: Duration;
  /** Proxies around the whole chain, outermost first; each region gets its own. */
  readonly wrap?: readonly WrapConfig[];
};

/** A region: where its values live, nearest tier first, and for how long. */
export type RegionConfig<B extends string = string> = RegionSettings & {
  readonly tiers: readonly [TierConfig<B>, ...TierConfig<B>[]] | readonly TierConfig<B>[];
  /**
   * How long a value is fresh; or by tier: the farthest tier's time is the entry's life, a nearer one's is how long that
   * tier keeps it. @default Infinity
   */
  readonly ttl?: Duration | { readonly [N in B]?: Duration };
};

/** A whole configuration. Plain data will do; options that are functions or objects need TypeScript. */
export interface CachesConfig<B extends string = string, R extends string = string> {
  /** For editors: the address of the JSON Schema. */
  readonly $schema?: string;
  readonly backends: { readonly [N in B]: BackendConfig };
  readonly regions: { readonly [N in R]: RegionConfig<NoInfer<B>> };
  /** What a region does that says nothing else. */
  readonly defaults?: RegionSettings & { readonly ttl?: Duration };
}

/** The same configuration, checked by the compiler: names in tiers, options of known packages and proxies. */
export function defineConfig<const B extends string, const R extends string>(
  config: CachesConfig<B, R>,
): CachesConfig<B, R> {
  return config;
}
