import { CachedValue, type Found } from "./cached-value.ts";

/** Which tier had what a read came back with, as the tiers tell on its way. For who asks: a read costs more with it. */
export class Sightings {
  readonly #otherwise: string;
  readonly #byEntry = new Map<CachedValue, string>();
  readonly #byKey = new Map<string, string>();

  /** @param otherwise what has an entry that no tier has told of: a backend that is no chain */
  constructor(otherwise: string) {
    this.#otherwise = otherwise;
  }

  readonly observe = (tier: string, key: string, found: Found): void => {
    if (!(found instanceof CachedValue)) return;
    this.#byKey.set(key, tier);
    if (!this.#byEntry.has(found)) this.#byEntry.set(found, tier);
  };

  /** Of an entry that a proxy has changed since: the farthest that had one, since nobody asks further than it has to. */
  tierOf(key: string, entry: unknown): string {
    return this.#byEntry.get(entry as CachedValue) ?? this.#byKey.get(key) ?? this.#otherwise;
  }
}
