import type { Awaitable } from "./awaitable.ts";
import type { CacheBackend } from "./backend.ts";
import { CachedValue, type Found, ReadFailure } from "./cached-value.ts";
import type { Clock } from "./clock.ts";
import type { ReadContext } from "./contexts.ts";
import type { NearTier } from "./near-tier.ts";
import type { RelayedFeed } from "./relayed-feed.ts";
import { Revalidation, type Verdict } from "./revalidation.ts";
import { isFresh } from "./tier-judgement.ts";

/** The far half of a read-through tier: what is asked when the near one can't answer, and what its answer is worth. */
export class FarTier {
  readonly backend: CacheBackend;
  /** Whether it has tiers of its own, which say themselves what is found where. */
  readonly isChain: boolean;
  readonly #near: NearTier;
  readonly #feed: RelayedFeed | undefined;
  readonly #revalidation: Revalidation;

  constructor(backend: CacheBackend, near: NearTier, feed: RelayedFeed | undefined, isChain: boolean, clock: Clock) {
    this.backend = backend;
    this.isChain = isChain;
    this.#near = near;
    this.#feed = feed;
    this.#revalidation = new Revalidation(near, backend, clock);
  }

  /** Its changes are listened to before anything is taken from it. */
  attach(): void {
    this.#feed?.attach();
  }

  /** Somebody has to see whether the authority is back; nobody waits for it. */
  probe(key: string, entry: CachedValue): void {
    if (this.#near.confidence.takeProbe()) this.#near.quietly(this.confirm(new Map([[key, entry]]), false));
  }

  /** Nothing, if the callers can be served without it and it takes too long. */
  confirm(
    doubtful: ReadonlyMap<string, CachedValue>,
    bearable: boolean,
  ): Awaitable<ReadonlyMap<string, Verdict> | undefined> {
    this.#feed?.attach();
    return bearable ? this.#revalidation.confirmSoon(doubtful) : this.#revalidation.confirm(doubtful);
  }

  isFillable(key: string, found: Found, context: ReadContext | undefined): boolean {
    if (!(found instanceof CachedValue) || context?.skip?.has(this.#near.backend.name)) return false;
    return context?.judge === undefined || context.judge(key, found) !== "absent";
  }

  /** What the farther tier said, or the better candidate of this one. */
  best(
    key: string,
    context: ReadContext | undefined,
    found: Found,
    candidate: CachedValue | undefined,
    confirmed: boolean,
  ): Found {
    if (found instanceof ReadFailure) {
      this.#near.confidence.failed();
      const own = candidate === undefined || confirmed ? candidate : this.#lastResort(candidate);
      return own === undefined ? found : new ReadFailure(found.tier, found.error, newer(own, found.candidate));
    }
    this.#near.confidence.answered();
    if (candidate === undefined) return found;
    // The authority says that it is gone: an unconfirmed copy is no candidate any more.
    if (!(found instanceof CachedValue)) return confirmed ? candidate : found;
    return confirmed && !isFresh(key, found, context) ? newer(candidate, found) : found;
  }

  /** What the authority could not confirm: served for a while, then a candidate. @param failure absent: it takes too long */
  unconfirmed(entry: CachedValue, failure: ReadFailure | undefined): CachedValue | ReadFailure {
    if (failure === undefined || this.#near.confidence.bearable(entry)) return this.#near.confidence.doubted(entry);
    return new ReadFailure(failure.tier, failure.error, this.#lastResort(entry));
  }

  /** What can't be confirmed, as a stale candidate for as long as it may be one. */
  #lastResort(entry: CachedValue): CachedValue | undefined {
    return this.#near.confidence.isLastResort(entry) ? entry : undefined;
  }
}

function newer(a: CachedValue, b: CachedValue | undefined): CachedValue {
  return b === undefined || a.metadata.createdAt >= b.metadata.createdAt ? a : b;
}
