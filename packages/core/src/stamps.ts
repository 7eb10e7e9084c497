import type { Clock } from "./clock.ts";

// The distance between two neighbouring doubles at today's number of milliseconds since the epoch.
const smallestStep = 2 ** -12;

/** The nearest whole microsecond: what takes few digits to store. */
export function wholeMicros(instant: number): number {
  return Math.round(instant * 1000) / 1000;
}

/**
 * Instants that never repeat: inside a process "before" and "after" are exact, however coarse the clock. They are whole
 * microseconds; a stamp runs ahead of the clock by a quarter of one for each that is taken within the same.
 */
export class Stamps {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): number {
    return this.#after(wholeMicros(this.#clock.now()));
  }

  /** Not later than now, as of this turn of the event loop: without a look at the clock, and after all that were taken. */
  ofThisTurn(): number {
    return this.#after(wholeMicros(this.#clock.coarse()));
  }

  #after(now: number): number {
    this.#last = now > this.#last ? now : this.#last + smallestStep;
    return this.#last;
  }
}
