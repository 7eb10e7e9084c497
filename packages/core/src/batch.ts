import type { Answers } from "./answers.ts";
import { batchRequest } from "./batch-request.ts";
import type { CachedValue } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Creations } from "./creations.ts";
import type { BatchCreator } from "./creator.ts";
import type { Hit } from "./early-refresh.ts";
import type { Flight } from "./flight.ts";
import type { RegionReads } from "./region-reads.ts";
import type { RegionState } from "./region-state.ts";
import { waitFor } from "./waiting.ts";

export type BatchOutcome<T> =
  | { readonly status: "fulfilled"; readonly value: T }
  | { readonly status: "rejected"; readonly reason: unknown };

/** Each key's own outcome, in the order of the keys' first occurrence. */
export type BatchOutcomes<T> = Map<string, BatchOutcome<T>>;

/** One call of `getOrCreateMulti`. */
export class Batch<T> {
  readonly #state: RegionState;
  readonly #reads: RegionReads;
  readonly #answers: Answers;
  readonly #creations: Creations;
  readonly #onHit: ((hit: Hit) => void) | undefined;

  /** @param onHit told of what memory has, before `run` answers */
  constructor(
    state: RegionState,
    reads: RegionReads,
    answers: Answers,
    creations: Creations,
    onHit?: (hit: Hit) => void,
  ) {
    this.#onHit = onHit;
    this.#state = state;
    this.#reads = reads;
    this.#answers = answers;
    this.#creations = creations;
  }

  async run(
    keys: readonly string[],
    creator: BatchCreator<T>,
    options: ResolvedCreateOptions,
  ): Promise<BatchOutcomes<T>> {
    const inner = new Map<string, string>();
    const innerOf = new Map<string, string>();
    for (const key of keys) {
      const mangled = this.#state.inner(key);
      innerOf.set(key, mangled);
      // Two keys that mangle to one are one: otherwise the batch would wait for itself.
      if (!inner.has(mangled)) inner.set(mangled, key);
    }
    const outcomes: BatchOutcomes<T> = new Map();
    if (inner.size === 0) return outcomes;
    const waits = this.#begin(inner, creator, options);
    // One after the other costs no time: none of them rejects, and all are under way.
    const settled = new Map<string, BatchOutcome<T>>();
    for (const [mangled, wait] of waits) settled.set(mangled, "status" in wait ? wait : await wait);
    for (const [key, mangled] of innerOf) {
      const outcome = settled.get(mangled);
      if (outcome !== undefined) outcomes.set(key, outcome);
    }
    return outcomes;
  }

  #begin(
    inner: ReadonlyMap<string, string>,
    creator: BatchCreator<T>,
    options: ResolvedCreateOptions,
  ): ReadonlyMap<string, BatchOutcome<T> | Promise<BatchOutcome<T>>> {
    const state = this.#state;
    const waits = new Map<string, BatchOutcome<T> | Promise<BatchOutcome<T>>>();
    const mangled = [...inner.keys()];
    const near = this.#near(mangled, options);
    const own: Flight[] = [];
    const flights: Flight[] = [];
    mangled.forEach((key, index) => {
      const entry = near[index];
      if (entry !== undefined) {
        const givenKey = inner.get(key) as string;
        waits.set(key, { status: "fulfilled", value: this.#answers.served<T>(givenKey, entry) });
        this.#onHit?.({ key, givenKey, entry });
        return;
      }
      const joined = this.#join(key, waits);
      if (joined === "refused") return;
      const flight = joined ?? this.#creations.begin(key, inner.get(key) as string);
      if (joined === undefined) own.push(flight);
      flights.push(flight);
    });
    if (own.length > 0) this.#creations.lead(own, batchRequest(creator, options, this.#answers.sightingsIfTold()));
    const mine = new Set(own);
    for (const flight of flights) {
      waits.set(
        flight.key,
        waitFor(flight, mine.has(flight), options, state).then(
          (landing): BatchOutcome<T> => ({
            status: "fulfilled",
            value: this.#answers.landed<T>(inner.get(flight.key) as string, landing, !mine.has(flight)),
          }),
          (reason: unknown): BatchOutcome<T> => ({ status: "rejected", reason }),
        ),
      );
    }
    return waits;
  }

  #near(keys: readonly string[], options: ResolvedCreateOptions): readonly (CachedValue | undefined)[] {
    const plain =
      options.expirationMs === undefined && options.forceRefresh === false && options.skipRead === undefined;
    return plain ? this.#reads.nearMulti(keys) : keys.map(() => undefined);
  }

  #join(key: string, waits: Map<string, BatchOutcome<T> | Promise<BatchOutcome<T>>>): Flight | undefined | "refused" {
    try {
      return this.#creations.joinable(key);
    } catch (reason) {
      waits.set(key, { status: "rejected", reason });
      return "refused";
    }
  }
}
