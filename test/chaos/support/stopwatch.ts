import { hostNow } from "./history-record.ts";
import { StallWatch } from "./stall-watch.ts";

/** How long a call took, and for how much of it the machine did not let this process run. */
export interface Timing {
  readonly ms: number;
  readonly stalledMs: number;
}

/** Times calls against limits; what the machine withheld is taken off. */
export class Stopwatch implements Disposable {
  readonly #stalls = new StallWatch();

  async time(run: () => unknown): Promise<Timing> {
    const from = hostNow();
    await run();
    const to = hostNow();
    return { ms: to - from, stalledMs: this.#stalls.during(from, to) };
  }

  [Symbol.dispose](): void {
    this.#stalls.stop();
  }
}

/** Milliseconds that count. */
export function counted({ ms, stalledMs }: Timing): number {
  return Math.max(0, ms - stalledMs);
}
