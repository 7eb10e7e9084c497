import { type Awaitable, andThen } from "./awaitable.ts";
import { CachedValue, type Found, type ReadFailure } from "./cached-value.ts";
import type { ReadContext } from "./contexts.ts";
import type { FarTier } from "./far-tier.ts";
import { type FillTicket, type NearTier, readMany } from "./near-tier.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import { judgementOf } from "./tier-judgement.ts";

/** What a batch has to ask the farther tier for, and what the near one holds of it. */
interface Lack {
  readonly key: string;
  readonly place: number;
  readonly candidate: CachedValue | undefined;
  readonly confirmed: boolean;
}

/** A read of many keys through a near and a far tier: one call of each. */
export class BatchRead {
  readonly #near: NearTier;
  readonly #far: FarTier;

  constructor(near: NearTier, far: FarTier) {
    this.#near = near;
    this.#far = far;
  }

  /** From what the near tier has answered, on. */
  complete(
    keys: readonly string[],
    context: ReadContext | undefined,
    near: readonly Found[],
  ): Awaitable<readonly Found[]> {
    const lacking: Lack[] = [];
    let doubtful: Map<string, CachedValue> | undefined;
    for (let place = 0; place < keys.length; place += 1) {
      const key = keys[place] as string;
      const found = near[place] as Found;
      context?.observe?.(this.#near.backend.name, key, found);
      if (!(found instanceof CachedValue) || this.#near.isMasked(key)) {
        lacking.push({ key, place, candidate: undefined, confirmed: true });
        continue;
      }
      const judgement = judgementOf(key, found, context);
      const confirmed = this.#near.confirms(key, found);
      if (judgement === "fresh" && confirmed) continue;
      if (judgement === "fresh" && !this.#near.confidence.trusts(found)) {
        doubtful ??= new Map();
        doubtful.set(key, found);
      } else if (judgement === "absent") lacking.push({ key, place, candidate: undefined, confirmed: true });
      else lacking.push({ key, place, candidate: found, confirmed });
    }
    if (doubtful === undefined) return lacking.length === 0 ? near : this.#lackingFromFar(lacking, context, near);
    return andThen(this.#settleDoubtful(doubtful, context), (settled) => {
      const answers = [...near];
      keys.forEach((key, place) => {
        const one = settled.get(key);
        if (one === "different") lacking.push({ key, place, candidate: undefined, confirmed: true });
        else if (one !== undefined) answers[place] = one;
      });
      return lacking.length === 0 ? answers : this.#lackingFromFar(lacking, context, answers);
    });
  }

  /** Confirms a batch in one round trip; answers what is served of each, and which have to be read anew. */
  #settleDoubtful(
    doubtful: ReadonlyMap<string, CachedValue>,
    context: ReadContext | undefined,
  ): Awaitable<ReadonlyMap<string, "different" | CachedValue | ReadFailure>> {
    const settled = new Map<string, "different" | CachedValue | ReadFailure>();
    const bearable = [...doubtful.values()].every((entry) => this.#near.confidence.bearable(entry));
    const [first] = doubtful;
    if (bearable && this.#near.confidence.suspect && first !== undefined) {
      this.#far.probe(first[0], first[1]);
      for (const [key, entry] of doubtful) settled.set(key, this.#near.confidence.doubted(entry));
      return settled;
    }
    if (context?.nearestOnly) return new Map([...doubtful.keys()].map((key) => [key, "different"]));
    return andThen(this.#far.confirm(doubtful, bearable), (verdicts) => {
      for (const [key, entry] of doubtful) {
        const verdict = verdicts?.get(key);
        if (verdict === "different") settled.set(key, verdict);
        else if (verdict === "same") settled.set(key, this.#near.confidence.confirmed(entry));
        else settled.set(key, this.#far.unconfirmed(entry, verdict));
      }
      return settled;
    });
  }

  /** The answers of the near tier, with those of the farther one in the places of what is lacking. */
  #lackingFromFar(
    lacking: readonly Lack[],
    context: ReadContext | undefined,
    near: readonly Found[],
  ): Awaitable<readonly Found[]> {
    const answers = [...near];
    if (context?.nearestOnly) {
      for (const { place, candidate, confirmed } of lacking)
        answers[place] = confirmed ? (candidate ?? NO_VALUE) : NO_VALUE;
      return answers;
    }
    const keys = lacking.map(({ key }) => key);
    this.#far.attach();
    return andThen(this.#near.tickets(keys), (tickets) =>
      andThen(
        readMany(this.#far.backend, keys, () => this.#far.backend.getMulti(keys, context)),
        (found) => {
          this.#arrivedMulti(lacking, context, found, tickets, answers);
          return answers;
        },
      ),
    );
  }

  #arrivedMulti(
    lacking: readonly Lack[],
    context: ReadContext | undefined,
    found: readonly Found[],
    tickets: readonly FillTicket[],
    answers: Found[],
  ): void {
    const entries: CachedValue[] = [];
    const taken: FillTicket[] = [];
    for (let index = 0; index < lacking.length; index += 1) {
      const { key, place, candidate, confirmed } = lacking[index] as Lack;
      const one = found[index] as Found;
      const ticket = tickets[index] as FillTicket;
      if (!this.#far.isChain) context?.observe?.(this.#far.backend.name, key, one);
      const stands = this.#near.giveBack(ticket);
      if (stands && this.#far.isFillable(key, one, context)) {
        entries.push(one as CachedValue);
        taken.push(ticket);
      } else if (stands && isNoValue(one) && candidate !== undefined && !confirmed)
        this.#near.quietly(this.#near.drop(key));
      answers[place] = this.#far.best(key, context, one, candidate, confirmed);
    }
    this.#near.fillMulti(entries, taken);
  }
}
