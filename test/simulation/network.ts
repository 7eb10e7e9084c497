import { type LinkCall, LinkError, type Random, type Transport } from "@cascata/testing";
import type { SimClock } from "./sim-clock.ts";

/** One process's connection: messages keep their order, in each direction, whatever their delay. */
export class Connection {
  /** One way, in milliseconds: at least, and up to so much more. */
  latency = { base: 0.3, spread: 1 };
  /** Messages vanish, and nobody is told. */
  blackHole = false;
  readonly #clock: SimClock;
  readonly #random: Random;
  #down = false;
  #lastArrival = 0;
  #lastReply = 0;
  #generation = 0;
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(clock: SimClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Breaks the connection: what is under way hears it at once, and new calls fail until it is mended. */
  cut(): void {
    this.#down = true;
    this.#generation += 1;
    for (const fail of [...this.#waiting]) fail(new LinkError("the connection was cut"));
  }

  mend(): void {
    this.#down = false;
    this.blackHole = false;
  }

  readonly transport: Transport = <T>(call: LinkCall<T>): Promise<T> => {
    if (this.#down) return Promise.reject(new LinkError("the connection is down"));
    const generation = this.#generation;
    return new Promise<T>((resolve, reject) => {
      const fail = (error: Error) => {
        this.#waiting.delete(fail);
        reject(error);
      };
      this.#waiting.add(fail);
      const answer = (deliver: () => void) => {
        if (this.blackHole) return;
        this.#lastReply = Math.max(this.#lastReply, this.#clock.now() + this.#delay());
        this.#at(this.#lastReply, () => {
          if (this.blackHole || generation !== this.#generation) return;
          this.#waiting.delete(fail);
          deliver();
        });
      };
      if (this.blackHole) return;
      this.#lastArrival = Math.max(this.#lastArrival, this.#clock.now() + this.#delay());
      this.#at(this.#lastArrival, () => {
        if (this.blackHole || generation !== this.#generation) return;
        Promise.resolve()
          .then(() => call.run())
          .then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          );
      });
    });
  };

  #delay(): number {
    return this.latency.base + this.#random.next() * this.latency.spread;
  }

  #at(instant: number, run: () => void): void {
    this.#clock.schedule(run, instant - this.#clock.now());
  }
}
