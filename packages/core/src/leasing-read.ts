import { type Awaitable, andThen } from "./awaitable.ts";
import { CachedValue, type Found } from "./cached-value.ts";
import type { ReadContext } from "./contexts.ts";
import type { CreationRequest } from "./creation.ts";
import type { Flight } from "./flight.ts";
import type { LeaseTurn } from "./lease-turn.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import { readKey, readKeys } from "./read-keys.ts";
import type { RegionState } from "./region-state.ts";
import { settledRead } from "./settled-read.ts";

const nothingFound: readonly Found[] = [NO_VALUE];

/** The read of what flights are for: all tiers, leases asked for on the way, and the marks that say what it is worth. */
export class LeasingRead {
  readonly #state: RegionState;
  readonly #plainContext: ReadContext;

  constructor(state: RegionState) {
    this.#state = state;
    this.#plainContext = { judge: state.freshness.judge };
  }

  /** What is found, aligned with the flights. */
  of(flights: readonly Flight[], request: CreationRequest, turn: LeaseTurn | undefined): Awaitable<readonly Found[]> {
    const { backend, pending } = this.#state;
    const context = this.#context(request, turn);
    const [only] = flights;
    if (flights.length === 1 && only !== undefined && pending.size === 0) {
      const found = readKey(backend, only.key, context);
      // What a tier of this process lacks is known at once.
      if (isNoValue(found)) return nothingFound;
      return this.#learned(andThen(found, (one) => [one]));
    }
    return this.#readMany(flights, context);
  }

  #readMany(flights: readonly Flight[], context: ReadContext): Awaitable<readonly Found[]> {
    const { backend, pending } = this.#state;
    const keys = flights.map(({ key }) => key);
    return settledRead(keys, pending, (wanted) => {
      const [first] = wanted;
      const found =
        wanted.length === 1 && first !== undefined
          ? andThen(readKey(backend, first, context), (one): readonly Found[] => [one])
          : readKeys(backend, wanted, context);
      return this.#learned(found);
    });
  }

  #context({ options, sightings }: CreationRequest, lease: LeaseTurn | undefined): ReadContext {
    const { expirationMs, skipRead } = options;
    const isPlain =
      lease === undefined && expirationMs === undefined && skipRead === undefined && sightings === undefined;
    if (isPlain) return this.#plainContext;
    const context: { -readonly [K in keyof ReadContext]: ReadContext[K] } = {
      judge: this.#state.freshness.judgeWith(expirationMs),
    };
    if (lease !== undefined) context.lease = lease;
    if (skipRead !== undefined) context.skip = skipRead;
    if (sightings !== undefined) context.observe = sightings.observe;
    return context;
  }

  #learned(found: Awaitable<readonly Found[]>): Awaitable<readonly Found[]> {
    const { marks } = this.#state;
    return andThen(found, (all) => {
      const entries = all.filter((one) => one instanceof CachedValue);
      if (entries.every(({ metadata }) => marks.knows(metadata))) return all;
      return andThen(marks.learn(entries), () => all);
    });
  }
}
