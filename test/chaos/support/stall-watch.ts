import { hostNow } from "./history-record.ts";

const tickMs = 5;
const noticedMs = 15;

/** Notes when the machine, or long work, kept this process from running: what a process can't hear, it can't know. */
export class StallWatch {
  readonly #stalls: (readonly [number, number])[] = [];
  readonly #timer: NodeJS.Timeout;
  #at = hostNow();

  constructor() {
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  stop(): readonly (readonly [number, number])[] {
    clearInterval(this.#timer);
    return this.#stalls;
  }

  /** For how long of this stretch nothing ran. A stall that is not over yet counts as well. */
  during(from: number, to: number): number {
    const open = to - this.#at > noticedMs ? [[this.#at, to] as const] : [];
    return stalledMs([...this.#stalls, ...open], from, to);
  }

  #tick(): void {
    const now = hostNow();
    if (now - this.#at > noticedMs) this.#stalls.push([this.#at, now]);
    this.#at = now;
  }
}

/** For how much of the stretch from `from` to `to` the stalls lasted. */
export function stalledMs(stalls: readonly (readonly [number, number])[], from: number, to: number): number {
  let sum = 0;
  for (const [start, end] of stalls) sum += Math.max(0, Math.min(end, to) - Math.max(start, from) - tickMs);
  return sum;
}
