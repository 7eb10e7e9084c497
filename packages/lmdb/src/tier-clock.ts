import { type Clock, systemClock } from "@cascata/core";

/** Two readings of the same clock differ by less. */
const noiseMs = 50;

/**
 * The clock of the file: the machine's wall clock, which all processes on it share. A process counts from the wall time
 * of its start, so two of them differ once the wall clock has been set; what is stored is therefore shifted by the offset.
 */
export class TierClock {
  readonly #clock: Clock;
  #offsetMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.measure();
  }

  /** What to add to the process's clock to get the tier's. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  /** An instant of the tier as the process counts. */
  local(instant: number): number {
    return instant - this.#offsetMs;
  }

  /** Notices that the wall clock has been set. A clock that isn't the machine's is the tier's own. */
  measure(): void {
    if (this.#clock !== systemClock) return;
    const offset = Date.now() - this.#clock.now();
    if (Math.abs(offset - this.#offsetMs) > noiseMs) this.#offsetMs = Math.abs(offset) > noiseMs ? offset : 0;
  }
}
