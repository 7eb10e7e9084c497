import { AdaptiveStore, LruStore, type Store } from "@cascata/memory";
import { LRUCache } from "lru-cache";

/** What is stored in all candidates: one object, so that values weigh nothing in the comparison. */
export interface Payload {
  readonly id: number;
}

/** A store under measurement, at a fixed life of its entries. */
export interface Candidate {
  get(key: string): Payload | undefined;
  set(key: string, value: Payload): void;
}

export const candidateNames = ["lru-cache", "lru", "adaptive"] as const;
export type CandidateName = (typeof candidateNames)[number];

const lifeMs = 600_000;
const clockStepMs = 5;

/** Reads the machine's clock every few milliseconds, as the tier above a store does. */
class CoarseClock {
  now: number = Date.now();

  constructor() {
    setInterval(() => {
      this.now = Date.now();
    }, clockStepMs).unref();
  }
}

/** lru-cache's own expiry is used, as its documentation shows it; `lru` is the store that the memory tier makes of it. */
export function makeCandidate(name: CandidateName, maxEntries: number, hasLife: boolean): Candidate {
  if (name === "lru-cache") {
    return new LRUCache<string, Payload>({ max: maxEntries, ...(hasLife && { ttl: lifeMs }) });
  }
  const bounds = { maxEntries, maxWeight: Number.POSITIVE_INFINITY };
  // Each call has a shape of its own to see: one wrapper over both would make either look slower than it is.
  return name === "lru"
    ? throughStore(new LruStore<Payload>(bounds), hasLife)
    : throughStore(new AdaptiveStore<Payload>(bounds), hasLife);
}

function throughStore(store: Store<Payload>, hasLife: boolean): Candidate {
  const clock = new CoarseClock();
  const life = hasLife ? lifeMs : Number.POSITIVE_INFINITY;
  return {
    get: (key) => store.get(key, clock.now),
    set: (key, value) => {
      store.set(key, value, clock.now + life, 1, clock.now);
    },
  };
}
