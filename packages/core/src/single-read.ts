import { type Awaitable, andThen } from "./awaitable.ts";
import { CachedValue, type Found } from "./cached-value.ts";
import type { ReadContext } from "./contexts.ts";
import type { FarTier } from "./far-tier.ts";
import type { FillTicket, NearTier } from "./near-tier.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import { readKey } from "./read-keys.ts";
import { judgementOf } from "./tier-judgement.ts";

/** A read of one key through a near and a far tier. */
export class SingleRead {
  readonly #near: NearTier;
  readonly #far: FarTier;

  constructor(near: NearTier, far: FarTier) {
    this.#near = near;
    this.#far = far;
  }

  /** From a near answer that did not end the search at once, on. */
  descend(key: string, context: ReadContext | undefined, found: Found): Awaitable<Found> {
    context?.observe?.(this.#near.backend.name, key, found);
    if (!(found instanceof CachedValue) || this.#near.isMasked(key))
      return this.#fromFar(key, context, undefined, true);
    const judgement = judgementOf(key, found, context);
    if (judgement === "absent") return this.#fromFar(key, context, undefined, true);
    const trusted = this.#near.confidence.trusts(found);
    if (trusted && judgement === "fresh" && !this.#near.isPastCap(found)) return found;
    if (trusted || judgement !== "fresh")
      return this.#fromFar(key, context, found, trusted && !this.#near.isPastCap(found));
    return this.#doubtful(key, context, found);
  }

  /** The near tier has it and it is fresh, but a change may have been missed. */
  #doubtful(key: string, context: ReadContext | undefined, entry: CachedValue): Awaitable<Found> {
    const bearable = this.#near.confidence.bearable(entry);
    if (bearable && this.#near.confidence.suspect) {
      this.#far.probe(key, entry);
      return this.#near.confidence.doubted(entry);
    }
    if (context?.nearestOnly) return NO_VALUE;
    return andThen(this.#far.confirm(new Map([[key, entry]]), bearable), (verdicts) => {
      const verdict = verdicts?.get(key);
      if (verdict === "same") return this.#near.confidence.confirmed(entry);
      if (verdict === "different") return this.#fromFar(key, context, undefined, true);
      return this.#far.unconfirmed(entry, verdict);
    });
  }

  #fromFar(
    key: string,
    context: ReadContext | undefined,
    candidate: CachedValue | undefined,
    confirmed: boolean,
  ): Awaitable<Found> {
    if (context?.nearestOnly) return confirmed ? (candidate ?? NO_VALUE) : NO_VALUE;
    this.#far.attach();
    return andThen(this.#near.ticket([key]), (ticket) =>
      andThen(readKey(this.#far.backend, key, context), (found) =>
        this.#arrived(key, context, found, ticket, candidate, confirmed),
      ),
    );
  }

  #arrived(
    key: string,
    context: ReadContext | undefined,
    found: Found,
    ticket: FillTicket,
    candidate: CachedValue | undefined,
    confirmed: boolean,
  ): Found {
    const stands = this.#near.stands(key, ticket);
    this.#near.giveBack(ticket);
    if (!this.#far.isChain) context?.observe?.(this.#far.backend.name, key, found);
    const fillable = stands && this.#far.isFillable(key, found, context);
    if (fillable) this.#near.quietly(this.#near.fill(key, found as CachedValue, ticket.guards?.[0]));
    else if (stands && isNoValue(found) && candidate !== undefined && !confirmed)
      this.#near.quietly(this.#near.drop(key));
    return this.#far.best(key, context, found, candidate, confirmed);
  }
}
