/** A scheduled call that can be taken back. */
export interface Timer {
  cancel(): void;
}

/**
 * Time, as the library sees it. One clock serves a region and everything below it; tests pass a manual one.
 * All instants are milliseconds since the Unix epoch as this process counts them: they may differ from another machine's.
 */
export interface Clock {
  /** The instant now, with a fraction. Never goes back. */
  now(): number;
  /**
   * The same scale, as of this turn of the event loop (where the host can't tell turns, some milliseconds behind at the
   * most); costs a field read after the turn's first.
   */
  coarse(): number;
  /** Calls `run` once after `ms`. Keeps the process alive only when asked to: when a caller waits for nothing else. */
  schedule(run: () => void, ms: number, keepAlive?: boolean): Timer;
}

interface Host {
  readonly performance: { readonly timeOrigin: number; now(): number };
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  readonly setImmediate?: (run: () => void) => unknown;
}

const host = globalThis as unknown as Host;
const coarseMs = 5;
const longestTimer = 2 ** 31 - 1;

class SystemClock implements Clock {
  readonly #origin = host.performance.timeOrigin;
  #coarse = 0;
  #isOfThisTurn = false;

  now(): number {
    return this.#origin + host.performance.now();
  }

  coarse(): number {
    // Reading a real clock costs 40 ns, more than a whole look-up, so the first in a turn reads it for everybody.
    if (!this.#isOfThisTurn) this.#look();
    return this.#coarse;
  }

  schedule(run: () => void, ms: number, keepAlive = false): Timer {
    let timer: unknown;
    // A host's timer holds 24 days and runs at once when it is given more, so a longer wait is made of several.
    const wait = (left: number) => {
      const next = left > longestTimer ? () => wait(left - longestTimer) : run;
      timer = host.setTimeout(next, Math.min(left, longestTimer));
      if (!keepAlive) unref(timer);
    };
    wait(Math.max(ms, 0));
    return { cancel: () => host.clearTimeout(timer) };
  }

  #look(): void {
    this.#coarse = this.now();
    this.#isOfThisTurn = true;
    const over = () => {
      this.#isOfThisTurn = false;
    };
    // Not a timer where it can be helped: a process that was stopped handles what has arrived meanwhile before its timers.
    if (host.setImmediate !== undefined) host.setImmediate(over);
    else unref(host.setTimeout(over, coarseMs));
  }
}

function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}

/** The machine's clock: monotonic, started at the machine's wall time. */
export const systemClock: Clock = new SystemClock();
