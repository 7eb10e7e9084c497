import type { Order } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Timer } from "./clock.ts";
import type { EntryContext, Stopper } from "./creator.ts";
import { type Right, unleased } from "./fill.ts";
import type { Flight } from "./flight.ts";
import type { CalledCreator } from "./short-creation.ts";

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

/** The job of a creator that was called on the short way. */
export function jobOf({ flight, context, options, startedAt, startedOrder }: CalledCreator): Job {
  // Written out: a rest and two spreads take five times as long as the rest of a creation.
  return {
    flights: [flight],
    contexts: [context],
    stopper: context.stopper,
    options,
    right: unleased,
    startedAt,
    startedOrder,
    awaitFill: options.awaitFill,
    renewal: undefined,
    failures: undefined,
  };
}
