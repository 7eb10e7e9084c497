import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import type { CacheBackend, WriteOutcomes } from "./backend.ts";
import type { CachedValue } from "./cached-value.ts";
import { STORED, type WriteContext, type WriteOutcome } from "./contexts.ts";
import type { FillTicket, NearTier } from "./near-tier.ts";
import { settle } from "./settlement.ts";
import { deleteKey, deleteKeys } from "./write-keys.ts";

type Outcomes = Map<string, WriteOutcome>;

/** What a near tier that takes its time has been given, until it has it. */
type Landing = ReadonlyMap<string, PromiseLike<unknown>>;

/** The writing half of a read-through tier: far first, then near, and near only what far has taken. */
export class WriteThrough {
  readonly #near: NearTier;
  readonly #far: CacheBackend;
  readonly #sender: string;
  readonly #farIsChain: boolean;

  constructor(near: NearTier, far: CacheBackend, sender: string, farIsChain: boolean) {
    this.#near = near;
    this.#far = far;
    this.#sender = sender;
    this.#farIsChain = farIsChain;
  }

  set(
    mapping: ReadonlyMap<string, CachedValue>,
    context: WriteContext | undefined,
    callFar: (context: WriteContext) => Awaitable<WriteOutcomes>,
  ): Awaitable<Outcomes> {
    const inner = this.#inner(context);
    if (context?.unconfirmed) return this.#keepUnconfirmed(mapping, inner, callFar);
    if (context?.skip?.has(this.#near.backend.name))
      return this.#withoutNear([...mapping.keys()], callFar(inner), context);
    const keys = [...mapping.keys()];
    // What left before it may bring back what this replaces.
    for (const key of keys) this.#near.break(key);
    return andThen(this.#near.ticket(keys), (ticket) => {
      // A fill is itself what a lease protects, and may be read here at once. A tier that processes share gets it once, when
      // far has it: a put before that would break the tickets of this very write.
      const isRead = context?.fill === true && ticket.guards === undefined;
      const landing = isRead ? this.#land(mapping, context.keepMs) : undefined;
      return andThen(callFar(inner), (far) => this.#settle(mapping, far, ticket, landing, context));
    });
  }

  #land(mapping: ReadonlyMap<string, CachedValue>, keepMs: number | undefined): Landing | undefined {
    let landing: Map<string, PromiseLike<unknown>> | undefined;
    for (const [key, value] of mapping) {
      if (this.#near.isMasked(key)) continue;
      const put = this.#near.put(key, this.#near.confidence.confirmed(value), undefined, keepMs);
      if (!isPromiseLike(put)) continue;
      landing ??= new Map();
      landing.set(key, put);
    }
    return landing;
  }

  #settle(
    mapping: ReadonlyMap<string, CachedValue>,
    far: WriteOutcomes,
    ticket: FillTicket,
    landing: Landing | undefined,
    context: WriteContext | undefined,
  ): Outcomes {
    const outcomes: Outcomes = new Map();
    let left = mapping.size;
    for (const [key, value] of mapping) {
      const guard = ticket.guards?.[outcomes.size];
      const outcome = far.get(key) ?? STORED;
      outcomes.set(key, outcome);
      this.#tell(context, key, outcome);
      const settled = () => {
        const stands = this.#near.stands(key, ticket);
        left -= 1;
        if (left === 0) this.#near.giveBack(ticket);
        return settle(this.#near, key, value, outcome, stands, guard, context);
      };
      // A near tier that takes its time may hear of the outcome before it has what it concerns.
      const near = andThen(landing?.get(key), () => this.#whenLanded(key, settled()));
      this.#near.quietly(andThen(near, (done) => context?.observe?.(this.#near.backend.name, key, done ?? STORED)));
    }
    return outcomes;
  }

  delete(keys: readonly string[], context: WriteContext | undefined): Awaitable<Outcomes> {
    const inner = this.#inner(context);
    const one = keys.length === 1 ? (keys[0] as string) : undefined;
    this.#near.mask(keys);
    const far = one === undefined ? deleteKeys(this.#far, keys, inner) : deleteKey(this.#far, one, inner);
    return andThen(far, (all) => {
      const outcomes = this.#told(keys, all, context);
      const near = one === undefined ? this.#near.dropMulti(keys) : this.#near.drop(one);
      const clean = () => {
        this.#near.unmask(keys);
        for (const key of keys) context?.observe?.(this.#near.backend.name, key, STORED);
        return outcomes;
      };
      return isPromiseLike(near) ? near.then(clean, clean) : clean();
    });
  }

  /** Until it has landed, what was there before is still there, and is not to be read any more. */
  #whenLanded<T>(key: string, work: Awaitable<T>): Awaitable<T> {
    if (!isPromiseLike(work)) return work;
    this.#near.mask([key]);
    const unmask = () => this.#near.unmask([key]);
    work.then(unmask, unmask);
    return work;
  }

  #keepUnconfirmed(
    mapping: ReadonlyMap<string, CachedValue>,
    inner: WriteContext,
    callFar: (context: WriteContext) => Awaitable<WriteOutcomes>,
  ): Awaitable<Outcomes> {
    // Only a tier that keeps the object itself can remember that it is uncertain.
    if (this.#near.backend.keepsResidence) {
      for (const [key, value] of mapping)
        this.#near.quietly(this.#near.put(key, this.#near.confidence.unconfirmed(value)));
    }
    const stored = () => new Map([...mapping.keys()].map((key) => [key, STORED]));
    return this.#farIsChain ? andThen(callFar(inner), stored) : stored();
  }

  #withoutNear(keys: readonly string[], far: Awaitable<WriteOutcomes>, context: WriteContext): Awaitable<Outcomes> {
    return andThen(far, (all) => {
      const outcomes = this.#told(keys, all, context);
      for (const key of keys) {
        this.#near.break(key);
        this.#near.quietly(this.#near.drop(key));
      }
      return outcomes;
    });
  }

  #inner(context: WriteContext | undefined): WriteContext {
    return context?.sender === undefined ? { ...context, sender: this.#sender } : context;
  }

  /** The outcome of each key, and the observer is told of it. */
  #told(keys: readonly string[], far: WriteOutcomes, context: WriteContext | undefined): Outcomes {
    const outcomes: Outcomes = new Map();
    for (const key of keys) {
      const outcome = far.get(key) ?? STORED;
      outcomes.set(key, outcome);
      this.#tell(context, key, outcome);
    }
    return outcomes;
  }

  #tell(context: WriteContext | undefined, key: string, outcome: WriteOutcome): void {
    if (!this.#farIsChain) context?.observe?.(this.#far.name, key, outcome);
  }
}
