import type { Clock } from "@cascata/core";

const trustedForMs = 60_000;
/** Less than that is not worth giving instants another offset than before. */
const toleranceMs = 5;

/**
 * How far the server's clock is from ours, measured by asking it for the time: the answer was made somewhere between
 * asking and hearing. The sharpest measurement of the last minute counts, unless a newer one contradicts it.
 */
export class ServerClock {
  readonly #clock: Clock;
  #offset = 0;
  #measured = 0;
  #error = Number.POSITIVE_INFINITY;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whole milliseconds to add to our instants to get the server's, right to a few of them; 0 until measured. It stays the
   * same while it can, so that an instant that is written and read again does not move.
   */
  get offsetMs(): number {
    return this.#offset;
  }

  /** Takes what `TIME` gave (seconds and microseconds) to a question asked at `askedAt`. */
  measured(askedAt: number, time: unknown): void {
    const now = this.#clock.now();
    const [seconds, micros] = Array.isArray(time) ? time : [];
    const server = Number(String(seconds)) * 1000 + Number(String(micros)) / 1000;
    if (!Number.isFinite(server)) return;
    const error = (now - askedAt) / 2;
    const offset = server - (askedAt + now) / 2;
    const contradicts = Math.abs(offset - this.#measured) > error + this.#error;
    const old = now - this.#measuredAt > trustedForMs;
    if (error > this.#error && !contradicts && !old) return;
    this.#measured = offset;
    if (Math.abs(offset - this.#offset) > toleranceMs + error) this.#offset = Math.round(offset);
    this.#error = error;
    this.#measuredAt = now;
  }

  /** The instant on the server's clock after which a command that is due at `deadline` must not be carried out; 0: unknown. */
  deadline(deadline: number): number {
    return this.#error === Number.POSITIVE_INFINITY ? 0 : Math.ceil(deadline + this.#measured + this.#error);
  }
}
