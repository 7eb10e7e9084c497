import type { CachedValue } from "./cached-value.ts";
import type { Landing } from "./flight.ts";
import type { Staleness } from "./freshness.ts";
import { isNoValue } from "./no-value.ts";
import type { RegionState } from "./region-state.ts";
import { Sightings } from "./sightings.ts";

/** An entry with what is known of it. */
export interface Entry<T = unknown> {
  readonly payload: T;
  /** The tier that it was found in; `undefined`: it was created now. */
  readonly tier: string | undefined;
  readonly createdAt: number;
  readonly ageMs: number;
  /** Milliseconds of freshness left; negative when stale; `Infinity` when it never expires. */
  readonly remainingMs: number;
  readonly stale: boolean;
  /** Whether this call's creator, or one that it joined, has just made it. */
  readonly created: boolean;
  /** Why it is stale or would not be served. */
  readonly why: Staleness | undefined;
  readonly tags: readonly string[];
  readonly metadata: CachedValue["metadata"];
}

/** What callers are given of entries, and who is told of it. */
export class Answers {
  readonly #state: RegionState;
  /** Callers are given the very object that is kept. */
  readonly #shares: boolean;

  constructor(state: RegionState) {
    this.#state = state;
    this.#shares = state.options.isolation === "share";
  }

  /** What a caller is given of an entry. */
  handOut<T>(entry: CachedValue): T {
    return (this.#shares ? entry.payload : this.#state.isolator.apart(entry.payload)) as T;
  }

  /** The same of one that the nearest tier has, which is told. */
  served<T>(givenKey: string, entry: CachedValue): T {
    const { events, nearName } = this.#state;
    if (events.observesHits) events.hit(givenKey, nearName);
    return this.handOut<T>(entry);
  }

  /** The same of what was created for this caller at once. */
  created<T>(givenKey: string, entry: CachedValue): T {
    this.#state.events.served(givenKey, "created", undefined);
    return this.handOut<T>(entry);
  }

  /** The same of what a flight has landed with. @param joined it was under way before this caller came */
  landed<T>(givenKey: string, landing: Landing, joined: boolean): T {
    this.tell(givenKey, landing, joined);
    return (isNoValue(landing.entry) ? landing.entry : this.handOut<T>(landing.entry)) as T;
  }

  /** How a caller has come by what a flight has landed with. */
  tell(givenKey: string, { entry, origin, tier }: Landing, joined: boolean): void {
    if (!isNoValue(entry))
      this.#state.events.served(givenKey, joined && origin === "created" ? "joined" : origin, tier);
  }

  /** For a read that is to find out which tier answers. */
  sightings(): Sightings {
    return new Sightings(this.#state.backend.name);
  }

  /** The same, if anybody listens to hits. */
  sightingsIfTold(): Sightings | undefined {
    return this.#state.events.observesHits ? this.sightings() : undefined;
  }

  describe<T>(key: string, entry: CachedValue, tier: string | undefined, created: boolean): Entry<T> {
    const { freshness } = this.#state;
    const why = freshness.why(key, entry);
    return {
      payload: this.handOut<T>(entry),
      tier,
      createdAt: entry.metadata.createdAt,
      ageMs: freshness.ageMs(entry),
      remainingMs: freshness.remainingMs(entry),
      stale: why !== undefined,
      created,
      why,
      tags: entry.metadata.tags ?? [],
      metadata: entry.metadata,
    };
  }
}
