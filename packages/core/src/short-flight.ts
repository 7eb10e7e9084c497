import type { Order } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Flight } from "./flight.ts";
import type { EntryPlan } from "./new-entry.ts";
import type { RunningCreator } from "./reentry.ts";

/**
 * What stands for a flight while a creator of one key is being called: a change of the key finds it, and the creator itself
 * does. Nobody else can, since nothing else runs meanwhile. It is also the plan of the entry, so that one object does.
 */
export class ShortFlight implements RunningCreator, EntryPlan {
  readonly key: string;
  readonly givenKey: string;
  /** The key was changed by the creator: what it makes is not stored. */
  broken = false;
  /** The one that it stands within, while both creators are being called. */
  around: ShortFlight | undefined = undefined;
  outer: RunningCreator | undefined = undefined;
  /** The creator will answer later: its flight from then on. */
  flight: Flight | undefined = undefined;
  readonly startedAt: number;
  readonly startedOrder: Order | undefined;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly ownTtl: boolean;
  readonly tags: readonly string[] | undefined;

  constructor(
    key: string,
    givenKey: string,
    startedAt: number,
    startedOrder: Order | undefined,
    { ttlMs, graceMs, ownTtl, tags }: ResolvedCreateOptions,
  ) {
    this.key = key;
    this.givenKey = givenKey;
    this.startedAt = startedAt;
    this.startedOrder = startedOrder;
    this.ttlMs = ttlMs;
    this.graceMs = graceMs;
    this.ownTtl = ownTtl;
    // Those of a function are asked for when the value is there, on the long way.
    this.tags = typeof tags === "function" ? undefined : tags;
  }

  creates(key: string): string | undefined {
    return key === this.key && this.flight?.settled !== true ? this.givenKey : undefined;
  }
}
