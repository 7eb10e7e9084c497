import type { Clock, Timer } from "./clock.ts";

/**
 * Keeps the process alive while somebody waits for what is not confirmed yet. Without it a program whose only work is
 * `await report.settled` would end in the middle: the timers of the retries keep nothing alive.
 */
export class Hold {
  readonly #clock: Clock;
  #waits = 0;
  #timer: Timer | undefined;
  #released = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until `work` has ended, whichever way. */
  until(work: Promise<unknown>): void {
    if (this.#released) return;
    this.#waits += 1;
    // It does nothing, and never comes: it is there.
    this.#timer ??= this.#clock.schedule(() => undefined, Number.POSITIVE_INFINITY, true);
    const over = () => {
      this.#waits -= 1;
      if (this.#waits === 0) this.#end();
    };
    work.then(over, over);
  }

  /** Nothing will be confirmed any more, and nobody is kept waiting for it. */
  release(): void {
    this.#released = true;
    this.#end();
  }

  #end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
