import type { CreationFailure } from "./capabilities.ts";
import type { Timer } from "./clock.ts";
import { isCacheError } from "./errors.ts";
import type { RegionState } from "./region-state.ts";

interface Owed {
  readonly keys: readonly string[];
  /** The lease has ended by itself then. */
  readonly until: number;
}

const retryMs = 100;
/** More than that, and the oldest are left to end by themselves. */
const most = 1000;

/**
 * Leases that this process may hold and does not use. What can't be given back because the store can't be reached is
 * tried again until the lease has ended: otherwise everybody would wait for it when the store is back.
 */
export class LeaseReturns {
  readonly #state: RegionState;
  readonly #owed = new Map<string, Owed>();
  #timer: Timer | undefined;

  constructor(state: RegionState) {
    this.#state = state;
    state.atEnd(() => {
      this.#owed.clear();
      this.#timer?.cancel();
    });
  }

  /** Gives them back, now or later. How the creation has failed is told now or not at all: who asks later than that starts anew. */
  give(keys: readonly string[], token: string, failure?: CreationFailure): void {
    const until = this.#state.options.clock.now() + this.#state.options.leaseMs;
    this.#state.inBackground(this.#try(token, { keys, until }, failure), "giving back a lease");
  }

  async #try(token: string, owed: Owed, failure?: CreationFailure): Promise<boolean> {
    try {
      await this.#state.backend.leases?.release(owed.keys, token, failure);
      this.#state.announcements.announce(owed.keys);
      return true;
    } catch (error) {
      if (this.#state.closed || (isCacheError(error) && error.code === "CLOSED")) throw error;
      const earlier = this.#owed.get(token)?.keys ?? [];
      this.#owed.set(token, { keys: [...earlier, ...owed.keys], until: owed.until });
      const [oldest] = this.#owed.keys();
      if (this.#owed.size > most && oldest !== undefined) this.#owed.delete(oldest);
      this.#later();
      return false;
    }
  }

  #later(): void {
    this.#timer ??= this.#state.options.clock.schedule(() => {
      this.#timer = undefined;
      this.#state.inBackground(this.#again(), "giving back leases");
    }, retryMs);
  }

  /** One is tried first; when the store has taken it, it gets the others too. */
  async #again(): Promise<void> {
    const now = this.#state.options.clock.now();
    for (const [token, { until }] of this.#owed) if (until <= now) this.#owed.delete(token);
    const all = [...this.#owed];
    const [first, ...others] = all;
    if (first === undefined) return;
    this.#owed.delete(first[0]);
    if (!(await this.#try(...first))) return;
    for (const [token] of others) this.#owed.delete(token);
    await Promise.all(others.map((one) => this.#try(...one)));
  }
}

/** Whether a failed call can have reached the store. */
export function mayHaveArrived(error: unknown): boolean {
  return !isCacheError(error) || error.code !== "UNAVAILABLE";
}
