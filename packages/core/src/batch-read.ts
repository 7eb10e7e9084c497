import { type Awaitable, andThen } from "./awaitable.ts";
import { CachedValue, type Found, type ReadFailure } from "./cached-value.ts";
import type { ReadContext } from "./contexts.ts";
import type { FarTier } from "./far-tier.ts";
import type { FillTicket, NearTier } from "./near-tier.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import { readKeys } from "./read-keys.ts";
import { judgementOf } from "./tier-judgement.ts";

/** What the near tier holds of a key that the farther one is asked for. */
interface Held {
  readonly candidate: CachedValue;
  readonly confirmed: boolean;
}

/** What a batch has to ask the farther tier for: keys and their places in the batch, and what the near one holds of a few. */
interface Lacking {
  readonly keys: string[];
  readonly places: number[];
  /** By the index among the keys. */
  readonly held: Map<number, Held>;
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
    const lacking: Lacking = { keys: [], places: [], held: new Map() };
    let doubtful: Map<string, CachedValue> | undefined;
    for (let place = 0; place < keys.length; place += 1) {
      const key = keys[place] as string;
      const found = near[place] as Found;
      context?.observe?.(this.#near.backend.name, key, found);
      if (!(found instanceof CachedValue) || this.#near.isMasked(key)) {
        add(lacking, key, place);
        continue;
      }
      const judgement = judgementOf(key, found, context);
      const confirmed = this.#near.confirms(key, found);
      if (judgement === "fresh" && confirmed) continue;
      if (judgement === "fresh" && !this.#near.confidence.trusts(found)) {
        doubtful ??= new Map();
        doubtful.set(key, found);
      } else if (judgement === "absent") add(lacking, key, place);
      else add(lacking, key, place, { candidate: found, confirmed });
    }
    if (doubtful === undefined) return lacking.keys.length === 0 ? near : this.#lackingFromFar(lacking, context, near);
    return andThen(this.#settleDoubtful(doubtful, context), (settled) => {
      const answers = [...near];
      keys.forEach((key, place) => {
        const one = settled.get(key);
        if (one === "different") add(lacking, key, place);
        else if (one !== undefined) answers[place] = one;
      });
      return lacking.keys.length === 0 ? answers : this.#lackingFromFar(lacking, context, answers);
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
    lacking: Lacking,
    context: ReadContext | undefined,
    near: readonly Found[],
  ): Awaitable<readonly Found[]> {
    const answers = near.slice();
    const { keys, places, held } = lacking;
    if (context?.nearestOnly) {
      places.forEach((place, index) => {
        const own = held.get(index);
        answers[place] = own?.confirmed ? own.candidate : NO_VALUE;
      });
      return answers;
    }
    this.#far.attach();
    return andThen(this.#near.ticket(keys), (ticket) =>
      andThen(readKeys(this.#far.backend, keys, context), (found) => {
        try {
          this.#arrivedMulti(lacking, context, found, ticket, answers);
        } finally {
          this.#near.giveBack(ticket);
        }
        return answers;
      }),
    );
  }

  #arrivedMulti(
    { keys, places, held }: Lacking,
    context: ReadContext | undefined,
    found: readonly Found[],
    ticket: FillTicket,
    answers: Found[],
  ): void {
    const filled = new Array<CachedValue | undefined>(keys.length);
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string;
      const one = found[index] as Found;
      const own = held.size === 0 ? undefined : held.get(index);
      if (!this.#far.isChain) context?.observe?.(this.#far.backend.name, key, one);
      const stands = this.#near.stands(key, ticket);
      if (stands && this.#far.isFillable(key, one, context)) filled[index] = one as CachedValue;
      else if (stands && isNoValue(one) && own?.confirmed === false) this.#near.quietly(this.#near.drop(key));
      answers[places[index] as number] = this.#far.best(key, context, one, own?.candidate, own?.confirmed ?? true);
    }
    this.#near.fillMulti(keys, filled, ticket.guards);
  }
}

function add({ keys, places, held }: Lacking, key: string, place: number, own?: Held): void {
  if (own !== undefined) held.set(keys.length, own);
  keys.push(key);
  places.push(place);
}
