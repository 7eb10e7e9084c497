import type { Order } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { LeaseAnswer, LeaseRequest } from "./contexts.ts";
import type { Flight } from "./flight.ts";
import type { RegionState } from "./region-state.ts";

/** One wish for leases and what the authority has answered. */
export class LeaseTurn implements LeaseRequest {
  readonly token: string;
  readonly ms: number;
  /** A lease that was granted may have ended then. */
  readonly until: number;
  /** What had been announced when it left. */
  readonly announced: number;
  readonly rejects: Map<string, Order | "any"> = new Map();
  readonly answers: Map<string, LeaseAnswer> = new Map();
  /** Whose answer was lost, so that the lease may have been taken. */
  readonly lost: Flight[] = [];

  constructor(token: string, ms: number, until: number, announced: number) {
    this.token = token;
    this.ms = ms;
    this.until = until;
    this.announced = announced;
  }

  answer(key: string, answer: LeaseAnswer): void {
    this.answers.set(key, answer);
  }
}

/** Makes the turns of a region, each with a token of its own. */
export class LeaseTurns {
  readonly #state: RegionState;
  #turns = 0;

  constructor(state: RegionState) {
    this.#state = state;
  }

  /** `undefined` where the store has no leases. @param rejected what is there of them is asked for in spite of it */
  next(options: ResolvedCreateOptions, rejected: readonly Flight[]): LeaseTurn | undefined {
    if (this.#state.backend.leases === undefined) return undefined;
    this.#turns += 1;
    const { clock, leaseMs } = this.#state.options;
    const { count } = this.#state.announcements;
    const turn = new LeaseTurn(`${this.#state.sender}.${this.#turns}`, leaseMs, clock.now() + leaseMs, count);
    for (const { key, stale } of rejected) turn.rejects.set(key, stale?.metadata.revision ?? "any");
    if (options.forceRefresh !== false) for (const { key } of rejected) turn.rejects.set(key, "any");
    return turn;
  }
}
