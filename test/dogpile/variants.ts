import {
  type CacheBackend,
  createRegion,
  type KeyMangler,
  ProxyBackend,
  type ProxyFactory,
  type Region,
  type RegionInvalidationStrategy,
  type RegionOptions,
  stackWith,
} from "@cascata/core";
import { DefaultInvalidationStrategy, type InvalidationCandidate } from "@cascata/core/dogpile";
import { AuthorityStore, ManualClock, MapBackend, ReferenceAuthority } from "@cascata/testing";

/** Overrides nothing. */
export class PassThrough extends ProxyBackend {}

/** A user's own strategy that answers at once. */
export class CustomStrategy extends DefaultInvalidationStrategy {
  asked = 0;

  override verdicts(entries: readonly InvalidationCandidate[]) {
    this.asked += 1;
    return super.verdicts(entries);
  }
}

/** One that keeps its state elsewhere and answers later. */
export class RemoteStrategy implements RegionInvalidationStrategy {
  readonly #inner = new DefaultInvalidationStrategy();

  async invalidate(request: { readonly hard: boolean; readonly at: number }) {
    await this.#inner.invalidate(request);
  }

  async verdicts(entries: readonly InvalidationCandidate[]) {
    await Promise.resolve();
    return this.#inner.verdicts(entries);
  }
}

/** A Map whose keys are mangled, and can be looked at. */
export class ManglingMap extends MapBackend {
  readonly #mangler: KeyMangler | undefined;

  constructor(clock: ManualClock, mangler?: KeyMangler) {
    super({ clock });
    this.#mangler = mangler;
  }

  override get keyMangler(): KeyMangler | undefined {
    return this.#mangler;
  }
}

export interface Opened {
  readonly region: Region;
  readonly clock: ManualClock;
}

/** One of the ways in which the region suite runs. */
export interface Variant {
  readonly name: string;
  /** A backend of the variant's kind, with the mangler if one is given. */
  backend(clock: ManualClock, mangler?: KeyMangler): CacheBackend;
  readonly wrap: readonly ProxyFactory[];
  strategy(): RegionInvalidationStrategy | undefined;
}

/** dogpile keeps what is stale for as long as the store does: a grace without end. */
export function open(variant: Variant, options: Partial<RegionOptions> = {}): Opened {
  const clock = new ManualClock();
  return { clock, region: openWith(variant, clock, options) };
}

export function openWith(
  variant: Variant,
  clock: ManualClock,
  options: Partial<RegionOptions> = {},
  backend: CacheBackend = variant.backend(clock),
): Region {
  const regionInvalidator = variant.strategy();
  return createRegion({
    name: "r",
    clock,
    grace: Number.POSITIVE_INFINITY,
    ...options,
    backend,
    wrap: variant.wrap,
    ...(regionInvalidator !== undefined && { regionInvalidator }),
  });
}

const none = () => undefined;

export const variants: readonly Variant[] = [
  { name: "plain", backend: (clock, mangler) => new ManglingMap(clock, mangler), wrap: [], strategy: none },
  {
    name: "through a pass-through proxy",
    backend: (clock, mangler) => new ManglingMap(clock, mangler),
    wrap: [PassThrough],
    strategy: none,
  },
  {
    name: "with a custom invalidation strategy",
    backend: (clock, mangler) => new ManglingMap(clock, mangler),
    wrap: [],
    strategy: () => new CustomStrategy(),
  },
  {
    name: "with an asynchronous invalidation strategy over two tiers",
    backend: (clock, mangler) => stackWith({ clock }, new MapBackend({ clock }), new ManglingMap(clock, mangler)),
    wrap: [],
    strategy: () => new RemoteStrategy(),
  },
  {
    name: "through a stack of two tiers",
    backend: (clock, mangler) => stackWith({ clock }, new MapBackend({ clock }), new ManglingMap(clock, mangler)),
    wrap: [],
    strategy: none,
  },
  {
    name: "through a stack with a leasing authority",
    backend: (clock) =>
      stackWith({ clock }, new MapBackend({ clock }), new ReferenceAuthority(new AuthorityStore({ clock }))),
    wrap: [],
    strategy: none,
  },
];
