import { type Clock, systemClock } from "./clock.ts";
import { isTimeout } from "./deadline.ts";
import { type Duration, durationMs } from "./duration.ts";
import { ConfigurationError } from "./errors.ts";
import { checkOptionNames, wholeNumber } from "./options.ts";

/** `closed`: calls pass. `open`: none does. `half-open`: one at a time passes, to see. */
export type CircuitState = "closed" | "open" | "half-open";

/** When a circuit opens, and how soon it tries again. */
export interface CircuitBreakerOptions {
  /**
   * Opens after so many timeouts in a row. One counts only if nothing at all succeeded while that call waited, so that
   * one dead node of a cluster doesn't cut off the others. @default 3
   */
  readonly timeouts?: number;
  /** Opens when at least this share of the calls in the window failed: above 0, at most 1. @default 0.75 */
  readonly failureRate?: number;
  /** Fewer calls in the window than this say nothing about the rate. @default 20 */
  readonly minimumCalls?: number;
  /** How far back the rate looks; 0: the rate opens nothing. @default "10s" */
  readonly window?: Duration;
  /** The first wait before a probe; doubles with each probe that fails. Each wait is cut at random by up to half. @default "250ms" */
  readonly retryAfter?: Duration;
  /** The longest wait before a probe. @default "500ms", or `retryAfter` where that is more */
  readonly maxRetryAfter?: Duration;
}

/** Where a breaker gets its time and chance, and whom it tells. */
export interface CircuitBreakerHost {
  /** @default systemClock */
  readonly clock?: Clock;
  /** From 0 up to 1. @default Math.random */
  readonly random?: () => number;
  /** Called at once with each change; `error` is the last failure. Must not throw. */
  readonly onChange?: (state: CircuitState, error: unknown) => void;
  /** Where the options stand, for error messages. @default "breaker" */
  readonly path?: string;
}

/** One call's admission: what its outcome is reported with. */
export interface CircuitPermit {
  readonly generation: number;
  readonly successes: number;
}

const optionNames = ["timeouts", "failureRate", "minimumCalls", "window", "retryAfter", "maxRetryAfter"];

/**
 * Stops asking a store that does not answer, and asks again by one probe at a time. It has no timer of its own: an open
 * circuit becomes half-open with the first call after its wait.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onChange: CircuitBreakerHost["onChange"];
  readonly #timeoutsToOpen: number;
  readonly #rate: number;
  readonly #minimum: number;
  readonly #halfWindowMs: number;
  readonly #retryMs: number;
  readonly #maxRetryMs: number;
  #state: CircuitState = "closed";
  // Raised by every change, so that the outcome of a call from before it counts no more.
  #generation = 0;
  #successes = 0;
  #timeouts = 0;
  #openings = 0;
  #retryAt = 0;
  #failingSince: number | undefined;
  #lastError: unknown;
  #bucketAt = 0;
  #bucket = { calls: 0, failures: 0 };
  #earlier: { readonly calls: number; readonly failures: number } = { calls: 0, failures: 0 };

  /** @throws ConfigurationError naming the option */
  constructor(options: CircuitBreakerOptions = {}, host: CircuitBreakerHost = {}) {
    const { clock = systemClock, random = Math.random, path = "breaker" } = host;
    checkOptionNames(options, optionNames, path);
    this.#clock = clock;
    this.#random = random;
    this.#onChange = host.onChange;
    this.#timeoutsToOpen = wholeNumber(options.timeouts ?? 3, `${path}.timeouts`);
    this.#minimum = wholeNumber(options.minimumCalls ?? 20, `${path}.minimumCalls`);
    this.#rate = options.failureRate ?? 0.75;
    this.#halfWindowMs = durationMs(options.window ?? 10_000, `${path}.window`) / 2;
    this.#retryMs = durationMs(options.retryAfter ?? 250, `${path}.retryAfter`);
    this.#maxRetryMs = durationMs(options.maxRetryAfter ?? Math.max(500, this.#retryMs), `${path}.maxRetryAfter`);
    if (!(this.#rate > 0 && this.#rate <= 1)) {
      throw new ConfigurationError({
        path: `${path}.failureRate`,
        expected: "a share above 0, at most 1",
        received: this.#rate,
      });
    }
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** The clock's instant of the first failure since the last success, if the last outcome was a failure. */
  get failingSince(): number | undefined {
    return this.#failingSince;
  }

  get lastError(): unknown {
    return this.#lastError;
  }

  /** Asks to pass. `undefined`: no. Whoever passes tells the outcome by one of the three methods below. */
  enter(): CircuitPermit | undefined {
    if (this.#state !== "closed") {
      const now = this.#clock.now();
      if (now < this.#retryAt) return undefined;
      if (this.#state === "open") this.#change("half-open");
      // A probe that never tells must not be waited for without end.
      this.#retryAt = now + this.#maxRetryMs;
    }
    return { generation: this.#generation, successes: this.#successes };
  }

  /** The store answered. */
  succeeded(permit: CircuitPermit): void {
    if (permit.generation !== this.#generation) return;
    this.#successes += 1;
    this.#timeouts = 0;
    this.#failingSince = undefined;
    if (this.#state === "half-open") this.#close();
    else this.#count(0);
  }

  /** The store failed, or did not answer in time (`error` is a TimeoutError). */
  failed(permit: CircuitPermit, error: unknown): void {
    if (permit.generation !== this.#generation) return;
    this.#failingSince ??= this.#clock.now();
    this.#lastError = error;
    if (isTimeout(error) && permit.successes === this.#successes) this.#timeouts += 1;
    const tooMany = this.#count(1) || this.#timeouts >= this.#timeoutsToOpen;
    if (tooMany || this.#state === "half-open") this.#open();
  }

  /** The outcome says nothing about the store. */
  abandoned(permit: CircuitPermit): void {
    if (permit.generation === this.#generation && this.#state === "half-open") this.#retryAt = 0;
  }

  #open(): void {
    const wait = Math.min(this.#retryMs * 2 ** this.#openings, this.#maxRetryMs);
    this.#openings += 1;
    this.#retryAt = this.#clock.now() + wait * (1 - this.#random() / 2);
    this.#change("open");
  }

  #close(): void {
    this.#openings = 0;
    // As if its window had passed: the next call starts to count anew.
    this.#bucketAt = 0;
    this.#change("closed");
  }

  #change(state: CircuitState): void {
    this.#state = state;
    this.#generation += 1;
    this.#timeouts = 0;
    this.#onChange?.(state, this.#lastError);
  }

  /** Counts a call; whether too many failed. Two buckets of half a window each slide well enough. */
  #count(failures: 0 | 1): boolean {
    const elapsed = this.#clock.now() - this.#bucketAt;
    if (elapsed >= this.#halfWindowMs) {
      this.#earlier = elapsed < 2 * this.#halfWindowMs ? this.#bucket : { calls: 0, failures: 0 };
      this.#bucket = { calls: 0, failures: 0 };
      this.#bucketAt += elapsed;
    }
    const bucket = this.#bucket;
    bucket.calls += 1;
    bucket.failures += failures;
    const calls = bucket.calls + this.#earlier.calls;
    return calls >= this.#minimum && bucket.failures + this.#earlier.failures >= this.#rate * calls;
  }
}
