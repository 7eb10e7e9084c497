import type { Awaitable } from "./awaitable.ts";
import { STORED, type WriteOutcome } from "./contexts.ts";
import { InvalidationPendingError } from "./errors.ts";
import type { Hold } from "./hold.ts";

/** What became of a write, a delete or an invalidation. */
export interface WriteReport {
  /** Whether the farthest tier has done it, for every key. */
  readonly confirmed: boolean;
  /** By key, what the farthest tier said. */
  readonly outcomes: ReadonlyMap<string, WriteOutcome>;
  /** By tier and key, as far as it is known when the call answers. */
  readonly tiers: ReadonlyMap<string, ReadonlyMap<string, WriteOutcome>>;
  /**
   * Fulfilled when what was not confirmed has been, or something newer has taken its place. While it is not, whoever has asked
   * for it keeps the process alive, until the region is closed: then it stays as it is, and `close` tells what is left.
   */
  readonly settled: Promise<void>;
}

/** What is still to be confirmed, as a report tells it: who asks for `settled` waits for it. */
export class Unsettled {
  readonly #settled: Promise<void>;
  readonly #hold: Hold;

  constructor(settled: Promise<void>, hold: Hold) {
    this.#settled = settled;
    this.#hold = hold;
  }

  get settled(): Promise<void> {
    this.#hold.until(this.#settled);
    return this.#settled;
  }
}

export const done: { readonly settled: Promise<void> } = Object.freeze({ settled: Promise.resolve() });

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
  readonly #log: WriteLog;
  readonly #rest: { readonly settled: Promise<void> };
  #outcomes: WriteReport["outcomes"] | undefined;

  constructor(log: WriteLog, rest: { readonly settled: Promise<void> }) {
    this.confirmed = log.allStored;
    this.#rest = rest;
    this.#log = log;
  }

  get settled(): Promise<void> {
    return this.#rest.settled;
  }

  get outcomes(): WriteReport["outcomes"] {
    this.#outcomes ??= this.#log.outcomes;
    return this.#outcomes;
  }

  get tiers(): WriteReport["tiers"] {
    return this.#log.tiers;
  }
}

/** The report of keys that one tier, which is all there is, has stored. */
export class StoredReport implements WriteReport {
  readonly confirmed = true;
  readonly #keys: readonly string[];
  readonly #tier: string;

  constructor(keys: readonly string[], tier: string) {
    this.#keys = keys;
    this.#tier = tier;
  }

  get settled(): Promise<void> {
    return done.settled;
  }

  get outcomes(): WriteReport["outcomes"] {
    return new Map(this.#keys.map((key) => [key, STORED]));
  }

  get tiers(): WriteReport["tiers"] {
    return new Map([[this.#tier, this.outcomes]]);
  }
}

/** What the call answers: the report, or a rejection where the region wants one for what is not confirmed. */
export function answerOf(report: WriteReport, what: string, unconfirmed: "reject" | "resolve"): Awaitable<WriteReport> {
  if (report.confirmed || unconfirmed === "resolve") return report;
  return Promise.reject(new InvalidationPendingError(what, report));
}
