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

  #tick(): void {
    const now = hostNow();
    if (now - this.#at > noticedMs) this.#stalls.push([this.#at, now]);
    this.#at = now;
  }
}
