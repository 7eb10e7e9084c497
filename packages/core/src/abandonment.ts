import type { Timer } from "./clock.ts";
import { type Job, ShortJob } from "./creation-job.ts";
import { TimeoutError } from "./errors.ts";
import type { ResolvedRegionOptions } from "./resolved-region-options.ts";

/** What follows for a creation that is given up. */
export interface Abandonment {
  /** It is told to stop. */
  stopped(job: Job): void;
  /** What it makes is of no use any more, and nobody shall join it. */
  gone(job: Job): void;
}

/**
 * Tells a creator to stop once nobody waits for any of its keys; or at the hard timeout where its callers have been served
 * something stale and none of them will leave. Until it is cancelled, when the creator has answered.
 *
 * One that has taken its signal will fail soon, so whoever comes next starts anew instead of sharing a failure that is not
 * his. One that has not can't know: its result is still worth having for the time of a lease, and then it holds nothing up.
 */
export class AbandonmentWatch implements Timer {
  readonly #job: Job;
  readonly #abandonment: Abandonment;
  readonly #region: ResolvedRegionOptions;
  #timer: Timer | undefined;

  constructor(job: Job, abandonment: Abandonment, region: ResolvedRegionOptions) {
    this.#job = job;
    this.#abandonment = abandonment;
    this.#region = region;
    const { hardTimeoutMs } = job.options;
    if (job instanceof ShortJob) job.flight.watch = this;
    else for (const flight of job.flights) flight.watch = this;
    if (hardTimeoutMs !== Number.POSITIVE_INFINITY && job.flights.some(({ stale }) => stale !== undefined))
      this.#timer = region.clock.schedule(() => this.#stop(this.#timeout()), hardTimeoutMs);
  }

  /** The last caller of one of the flights has left. */
  left(): void {
    if (this.#job.flights.every(({ waiters }) => waiters === 0))
      this.#stop(new Error("nobody waits for this creation any more"));
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  #stop(reason: Error): void {
    const { stopper } = this.#job;
    if (stopper.stopped) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const isTold = stopper.stop(reason);
    this.#abandonment.stopped(this.#job);
    const gone = () => this.#abandonment.gone(this.#job);
    if (isTold) gone();
    else this.#timer = this.#region.clock.schedule(gone, this.#region.leaseMs);
  }

  #timeout(): TimeoutError {
    const { flights, options } = this.#job;
    const keys = flights.map(({ givenKey }) => JSON.stringify(givenKey)).join(", ");
    return new TimeoutError(`the creation of ${keys}`, options.hardTimeoutMs);
  }
}
