import type { Clock } from "./clock.ts";

// The distance between two neighbouring doubles at today's number of milliseconds since the epoch.
const smallestStep = 2 ** -12;

/**
 * Instants that never repeat: inside a process "before" and "after" are exact, however coarse the clock. A stamp runs ahead
 * of the clock by a quarter of a microsecond for each one taken within the clock's own resolution.
 */
export class Stamps {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): number {
    const now = this.#clock.now();
    this.#last = now > this.#last ? now : this.#last + smallestStep;
    return this.#last;
  }
}
