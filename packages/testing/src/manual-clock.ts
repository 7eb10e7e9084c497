import type { Clock, Timer } from "@cascata/core";

interface Scheduled {
  readonly at: number;
  readonly turn: number;
  readonly run: () => void;
}

interface Host {
  readonly setImmediate?: (run: () => void) => unknown;
  setTimeout(run: () => void, ms: number): unknown;
}

// Taken when this module is loaded, so that a runner's fake timers don't stop the manual clock too.
const host = globalThis as unknown as Host;
const immediately = host.setImmediate ?? ((run: () => void) => host.setTimeout(run, 0));

/**
 * Resolves when every promise reaction that is due has run, however long the chains are. No time passes: nothing that
 * waits for a timer, a socket or a file is waited for.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => void immediately(resolve));
}

/**
 * Time that passes when the test says so. Timers run in the order of their instants, those of one instant in the order
 * in which they were scheduled; between two of them all promise reactions run. The same calls give the same run.
 */
export class ManualClock implements Clock {
  #now: number;
  #turn = 0;
  readonly #timers = new Set<Scheduled>();

  /** @param startAt the first instant, in milliseconds since the epoch */
  constructor(startAt = 1_700_000_000_000) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  /** The same as {@link now}. */
  coarse(): number {
    return this.#now;
  }

  /** A negative or NaN `ms` is 0; an infinite one never comes. */
  schedule(run: () => void, ms: number): Timer {
    const timer: Scheduled = { at: this.#now + (Number.isNaN(ms) ? 0 : Math.max(ms, 0)), turn: this.#turn++, run };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** How many timers have neither run nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The instant of the next timer, if there is one. */
  get nextAt(): number | undefined {
    return this.#next()?.at;
  }

  /**
   * Lets `ms` milliseconds pass: runs what becomes due, what that schedules for the same stretch included.
   * What a timer throws is thrown here, at that timer's instant.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0) || ms === Number.POSITIVE_INFINITY) throw new RangeError(`a clock can't advance by ${ms} ms`);
    const until = this.#now + ms;
    await settled();
    for (let timer = this.#next(); timer !== undefined && timer.at <= until; timer = this.#next()) {
      this.#timers.delete(timer);
      this.#now = timer.at;
      timer.run();
      await settled();
    }
    this.#now = until;
    await settled();
  }

  /** A clock of another machine: it runs with this one and is `offsetMs` ahead. */
  skewed(offsetMs: number): Clock {
    return {
      now: () => this.#now + offsetMs,
      coarse: () => this.#now + offsetMs,
      schedule: (run, ms) => this.schedule(run, ms),
    };
  }

  #next(): Scheduled | undefined {
    let next: Scheduled | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.turn < next.turn)) next = timer;
    }
    return next;
  }
}
