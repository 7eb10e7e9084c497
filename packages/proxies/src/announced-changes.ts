import type { Clock, Timer } from "@cascata/core";

interface Announced {
  readonly timer: Timer;
  readonly resolve: () => void;
}

/** Changes that were announced and are not known to be over. Each ends in time, whatever is heard. */
export class AnnouncedChanges {
  readonly #clock: Clock;
  readonly #open = new Map<string, Announced>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles with {@link end}. When nothing is heard of the end for `ms`, `lapsed` is called first: it may have happened. */
  begin(id: string, ms: number, lapsed: () => void): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(() => {
        lapsed();
        this.end(id);
      }, ms);
      this.#open.set(id, { timer, resolve });
    });
  }

  end(id: string): void {
    const announced = this.#open.get(id);
    this.#open.delete(id);
    announced?.timer.cancel();
    announced?.resolve();
  }

  endAll(): void {
    for (const id of [...this.#open.keys()]) this.end(id);
  }
}
