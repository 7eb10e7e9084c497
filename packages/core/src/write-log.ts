import type { WriteOutcome } from "./contexts.ts";

/** What became of a write, a delete or an invalidation. */
export interface WriteReport {
  /** Whether the farthest tier has done it, for every key. */
  readonly confirmed: boolean;
  /** By key, what the farthest tier said. */
  readonly outcomes: ReadonlyMap<string, WriteOutcome>;
  /** By tier and key, as far as it is known when the call answers. */
  readonly tiers: ReadonlyMap<string, ReadonlyMap<string, WriteOutcome>>;
  /** Fulfilled when what was not confirmed has been, or something newer has taken its place. */
  readonly settled: Promise<void>;
}

interface Noted {
  readonly tier: string;
  readonly key: string;
  readonly outcome: WriteOutcome;
}

/**
 * Collects what each tier did, in the caller's keys. Most callers look at nothing but `confirmed`, and a Map costs more than
 * a whole write to memory: what was told is sorted into Maps only when somebody asks.
 */
export class WriteLog {
  allStored = true;
  firstError: Error | undefined;
  readonly #nameOf: (inner: string) => string;
  readonly #noted: Noted[] = [];
  readonly #farthest: Noted[] = [];

  /** @param nameOf the caller's key of one below the region */
  constructor(nameOf: (inner: string) => string) {
    this.#nameOf = nameOf;
  }

  readonly observe = (tier: string, key: string, outcome: WriteOutcome): void => {
    this.#noted.push({ tier, key, outcome });
  };

  farthest(key: string, outcome: WriteOutcome, tier: string): void {
    this.#farthest.push({ tier, key, outcome });
    if (outcome.status === "stored") return;
    this.allStored = false;
    if (outcome.status !== "refused") this.firstError ??= outcome.error;
  }

  get outcomes(): ReadonlyMap<string, WriteOutcome> {
    return new Map(this.#farthest.map(({ key, outcome }) => [this.#nameOf(key), outcome]));
  }

  get tiers(): ReadonlyMap<string, ReadonlyMap<string, WriteOutcome>> {
    const tiers = new Map<string, Map<string, WriteOutcome>>();
    for (const { tier, key, outcome } of this.#noted) {
      const ofTier = tiers.get(tier) ?? new Map<string, WriteOutcome>();
      tiers.set(tier, ofTier.set(this.#nameOf(key), outcome));
    }
    // A chain names its tiers itself; a backend that is one alone has only its answer.
    for (const { tier, key, outcome } of this.#farthest) {
      if (this.#noted.length > 0 && !tiers.has(tier)) continue;
      const ofTier = tiers.get(tier) ?? new Map<string, WriteOutcome>();
      tiers.set(tier, ofTier.set(this.#nameOf(key), outcome));
    }
    return tiers;
  }
}

/** A report over a log. */
export class LoggedReport implements WriteReport {
  readonly confirmed: boolean;
  readonly settled: Promise<void>;
  readonly #log: WriteLog;
  #outcomes: WriteReport["outcomes"] | undefined;

  constructor(log: WriteLog, settled: Promise<void>) {
    this.confirmed = log.allStored;
    this.settled = settled;
    this.#log = log;
  }

  get outcomes(): WriteReport["outcomes"] {
    this.#outcomes ??= this.#log.outcomes;
    return this.#outcomes;
  }

  get tiers(): WriteReport["tiers"] {
    return this.#log.tiers;
  }
}
