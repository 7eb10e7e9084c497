import { CachedValue } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import { type Flight, Landing } from "./flight.ts";
import type { CacheMutex } from "./mutex.ts";
import { readKeys } from "./read-keys.ts";
import type { RegionState } from "./region-state.ts";

/** The backend's own locks, for stores without leases: dogpile's way to one creator among processes. */
export class MutexTurn {
  readonly #state: RegionState;
  readonly #mutexes: ReadonlyMap<string, CacheMutex>;
  readonly #held: CacheMutex[] = [];

  private constructor(state: RegionState, mutexes: ReadonlyMap<string, CacheMutex>) {
    this.#state = state;
    this.#mutexes = mutexes;
  }

  /** `undefined` where the backend has no locks. */
  static for(flights: readonly Flight[], state: RegionState): MutexTurn | undefined {
    let mutexes: Map<string, CacheMutex> | undefined;
    for (const { key } of flights) {
      const mutex = state.backend.getMutex(key);
      if (mutex === null) continue;
      mutexes ??= new Map();
      mutexes.set(key, mutex);
    }
    return mutexes === undefined ? undefined : new MutexTurn(state, mutexes);
  }

  /**
   * Takes the locks in one order over all batches, so that they can't wait for each other, and reads again what others may have
   * created meanwhile. Answers the flights that are left to be created, and those whose lock could not be had in time.
   */
  async acquire(
    flights: readonly Flight[],
    options: ResolvedCreateOptions,
  ): Promise<{ readonly left: readonly Flight[]; readonly refused: readonly Flight[] }> {
    const refused = new Set<Flight>();
    const { freshness, events, flights: registry, backend } = this.#state;
    const byKey = new Map(flights.map((flight) => [flight.key, flight]));
    for (const [key, mutex] of [...this.#mutexes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const flight = byKey.get(key) as Flight;
      try {
        if (await mutex.acquire(flight.stale === undefined)) this.#held.push(mutex);
        else if (flight.stale === undefined) refused.add(flight);
        else {
          // Somebody else regenerates what this caller has a stale value of.
          byKey.delete(key);
          registry.remove(flight);
          flight.land(new Landing(flight.stale, "stale"));
        }
      } catch (error) {
        events.warn(`the lock of ${JSON.stringify(key)} failed: created without it`, error);
      }
    }
    const left = [...byKey.values()];
    if (left.length === 0) return { left, refused: [] };
    const judge = freshness.judgeWith(options.expirationMs);
    const keys = left.map(({ key }) => key);
    const found = await readKeys(backend, keys, { judge });
    const wanted = left.filter((flight, index) => {
      const one = found[index];
      if (options.forceRefresh !== false || !(one instanceof CachedValue) || judge(flight.key, one) !== "fresh")
        return true;
      registry.remove(flight);
      flight.land(new Landing(one, "cached"));
      return false;
    });
    return { left: wanted.filter((one) => !refused.has(one)), refused: wanted.filter((one) => refused.has(one)) };
  }

  /** A lock that can't be released has lapsed: that harms no value, and is told. */
  async release(): Promise<void> {
    for (const mutex of this.#held.splice(0)) {
      try {
        await mutex.release();
      } catch (error) {
        this.#state.events.warn("a lock could not be released", error);
      }
    }
  }
}
