import type { Clock, Timer } from "@cascata/core";

interface Transition {
  readonly timer: Timer;
  readonly end: () => void;
}

/** Changes that have been announced and are not known to be over. Each ends in time, whatever is heard. */
export class Transitions {
  readonly #clock: Clock;
  readonly #open = new Map<number, Transition>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles when the change of this notice is over, after `ms` at the latest. */
  begin(number: number, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#open.delete(number);
        resolve();
      };
      this.#open.set(number, { timer: this.#clock.schedule(end, ms), end });
    });
  }

  end(number: number): void {
    const transition = this.#open.get(number);
    transition?.timer.cancel();
    transition?.end();
  }

  endAll(): void {
    for (const number of [...this.#open.keys()]) this.end(number);
  }
}
