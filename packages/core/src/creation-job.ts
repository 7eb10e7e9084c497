import type { Order } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Timer } from "./clock.ts";
import type { CreatorContext, EntryContext, Stopper } from "./creator.ts";
import { type Right, unleased } from "./fill.ts";
import type { Flight } from "./flight.ts";
import type { ShortFlight } from "./short-flight.ts";

/** One call of a creator that is under way. */
export interface Job {
  readonly flights: readonly Flight[];
  readonly contexts: readonly EntryContext[];
  readonly stopper: Stopper;
  readonly options: ResolvedCreateOptions;
  readonly right: Right;
  readonly startedAt: number;
  readonly startedOrder: Order | undefined;
  readonly awaitFill: boolean;
  readonly renewal: Timer | undefined;
  /** The errors of those that have failed by themselves. */
  failures: Map<Flight, unknown> | undefined;
}

/**
 * The job of a creator that was called on the short way, for one flight: its lists are made for who asks for them. A
 * class, and without lists, for the reason that {@link newEntry} gives: a dead job in the old generation would keep its flight.
 */
export class ShortJob implements Job {
  readonly flight: Flight;
  readonly context: CreatorContext;
  readonly options: ResolvedCreateOptions;
  readonly startedAt: number;
  readonly startedOrder: Order | undefined;
  failures: Map<Flight, unknown> | undefined = undefined;

  constructor(
    flight: Flight,
    context: CreatorContext,
    options: ResolvedCreateOptions,
    { startedAt, startedOrder }: ShortFlight,
  ) {
    this.flight = flight;
    this.context = context;
    this.options = options;
    this.startedAt = startedAt;
    this.startedOrder = startedOrder;
  }

  get flights(): readonly Flight[] {
    return [this.flight];
  }

  get contexts(): readonly EntryContext[] {
    return [this.context];
  }

  get stopper(): Stopper {
    return this.context.stopper;
  }

  get right(): Right {
    return unleased;
  }

  get awaitFill(): boolean {
    return this.options.awaitFill;
  }

  get renewal(): undefined {
    return undefined;
  }
}
