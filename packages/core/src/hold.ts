import type { Clock, Timer } from "./clock.ts";

const dayMs = 86_400_000;

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
    this.#timer ??= this.#again();
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

  /** A timer that does nothing: it is there. */
  #again(): Timer {
    return this.#clock.schedule(
      () => {
        this.#timer = this.#again();
      },
      dayMs,
      true,
    );
  }

  #end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
