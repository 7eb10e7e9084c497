import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import type { CacheBackend, WriteOutcomes } from "./backend.ts";
import { CachedValue, type Order } from "./cached-value.ts";
import { STORED, type WriteContext, type WriteOutcome } from "./contexts.ts";
import { asCacheError } from "./errors.ts";
import type { FillTicket, NearTier } from "./near-tier.ts";

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
    const fill = context?.fill === true;
    const outcomes: Outcomes = new Map();
    let left = mapping.size;
    for (const [key, value] of mapping) {
      const guard = ticket.guards?.[outcomes.size];
      const outcome = far.get(key) ?? STORED;
      outcomes.set(key, outcome);
      this.#tell(context, key, outcome);
      const settle = () => {
        const stands = this.#near.stands(key, ticket);
        left -= 1;
        if (left === 0) this.#near.giveBack(ticket);
        if (guard !== undefined) return this.#settleGuarded(key, value, outcome, guard, stands, context);
        return fill
          ? this.#settleFill(key, value, outcome, stands, context.keepMs)
          : this.#settleSet(key, value, outcome, stands, context?.keepMs);
      };
      // A near tier that takes its time may hear of the outcome before it has what it concerns.
      const near = andThen(landing?.get(key), () => this.#whenLanded(key, settle()));
      this.#near.quietly(andThen(near, (done) => context?.observe?.(this.#near.backend.name, key, done ?? STORED)));
    }
    return outcomes;
  }

  delete(keys: readonly string[], context: WriteContext | undefined): Awaitable<Outcomes> {
    const inner = this.#inner(context);
    const one = keys.length === 1 ? (keys[0] as string) : undefined;
    this.#near.mask(keys);
    const far = one === undefined ? deleteMany(this.#far, keys, inner) : deleteOne(this.#far, one, inner);
    return andThen(far, (all) => {
      const outcomes: Outcomes = new Map();
      for (const key of keys) {
        const outcome = all.get(key) ?? STORED;
        outcomes.set(key, outcome);
        this.#tell(context, key, outcome);
      }
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

  #settleSet(
    key: string,
    value: CachedValue,
    outcome: WriteOutcome,
    stands: boolean,
    keepMs: number | undefined,
  ): Awaitable<WriteOutcome | void> {
    // What the store has refused or lost must not leave its predecessor here.
    if (outcome.status !== "stored" && !isSkipped(outcome)) return this.#near.drop(key);
    // A read that left while the set was under way may carry the old value.
    this.#near.break(key);
    return stands
      ? this.#near.fill(key, withRevision(value, revisionOf(outcome)), undefined, keepMs)
      : this.#giveWay(key, outcome);
  }

  /** A tier that processes share takes it if none of them has changed the key since before the write. */
  #settleGuarded(
    key: string,
    value: CachedValue,
    outcome: WriteOutcome,
    guard: string,
    stands: boolean,
    context: WriteContext | undefined,
  ): Awaitable<WriteOutcome | void> {
    const fill = context?.fill === true;
    const isTaken = outcome.status === "stored" || isSkipped(outcome);
    if (!isTaken && !(fill && outcome.status === "failed")) return this.#near.drop(key);
    this.#near.break(key);
    if (!stands) return this.#giveWay(key, outcome);
    const entry = withRevision(value, revisionOf(outcome));
    const put = isTaken
      ? this.#near.fill(key, entry, guard, context?.keepMs)
      : this.#near.put(key, this.#near.confidence.unconfirmed(entry), guard, context?.keepMs);
    return andThen(put, (done) =>
      done?.status === "refused" && done.why === "ticket" ? this.#giveWay(key, outcome) : done,
    );
  }

  /** The key was changed while its write was under way: which came first orders tell, and what is older goes. */
  #giveWay(key: string, outcome: WriteOutcome): Awaitable<WriteOutcome> {
    const older = outcome.status === "stored" ? this.#near.dropOlder([key], outcome.revision) : undefined;
    return andThen(older, () => overtaken);
  }

  #settleFill(
    key: string,
    value: CachedValue,
    outcome: WriteOutcome,
    stands: boolean,
    keepMs: number | undefined,
  ): Awaitable<WriteOutcome | void> {
    const holds = this.#near.holds(key, value);
    if (outcome.status === "refused" && !isSkipped(outcome)) return holds === false ? overtaken : this.#near.drop(key);
    if (!stands || holds === false) return this.#giveWay(key, outcome);
    if (isSkipped(outcome)) return STORED;
    const { confidence } = this.#near;
    if (outcome.status !== "stored") return this.#near.put(key, confidence.unconfirmed(value), undefined, keepMs);
    return outcome.revision === undefined
      ? undefined
      : this.#near.put(key, confidence.confirmed(withRevision(value, outcome.revision)), undefined, keepMs);
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
      const outcomes: Outcomes = new Map(keys.map((key) => [key, all.get(key) ?? STORED]));
      for (const key of keys) {
        this.#tell(context, key, outcomes.get(key) ?? STORED);
        this.#near.break(key);
        this.#near.quietly(this.#near.drop(key));
      }
      return outcomes;
    });
  }

  #inner(context: WriteContext | undefined): WriteContext {
    return context?.sender === undefined ? { ...context, sender: this.#sender } : context;
  }

  #tell(context: WriteContext | undefined, key: string, outcome: WriteOutcome): void {
    if (!this.#farIsChain) context?.observe?.(this.#far.name, key, outcome);
  }
}

/** A write of one key that never throws. */
export function writeSingle(
  backend: CacheBackend,
  key: string,
  value: CachedValue,
  context?: WriteContext,
): Awaitable<WriteOutcome> {
  if (context?.skip?.has(backend.name)) return SKIPPED;
  try {
    const outcome = backend.set(key, value, context);
    return isPromiseLike(outcome) ? answered(outcome, backend) : (outcome ?? STORED);
  } catch (error) {
    return failed(backend, error);
  }
}

function answered(outcome: PromiseLike<WriteOutcome | void>, backend: CacheBackend): PromiseLike<WriteOutcome> {
  return outcome.then(
    (one) => one ?? STORED,
    (error: unknown) => failed(backend, error),
  );
}

function failed(backend: CacheBackend, error: unknown): WriteOutcome {
  return { status: "failed", error: asCacheError(error, backend.name, "set", 1) };
}

function revisionOf(outcome: WriteOutcome): Order | undefined {
  return outcome.status === "stored" ? outcome.revision : undefined;
}

/** The caller wants nearer tiers alone to have it. */
function isSkipped(outcome: WriteOutcome): boolean {
  return outcome.status === "refused" && outcome.why === "skipped";
}

const SKIPPED: WriteOutcome = Object.freeze({ status: "refused", why: "skipped" });
const allStored: WriteOutcomes = new Map();
const overtaken: WriteOutcome = Object.freeze({ status: "refused", why: "newer" });

/** The same, by key. */
export function writeOne(
  backend: CacheBackend,
  key: string,
  value: CachedValue,
  context?: WriteContext,
): Awaitable<WriteOutcomes> {
  if (context?.skip?.has(backend.name)) return skipped([key]);
  return outcomesOf(backend, "set", [key], () =>
    andThen(backend.set(key, value, context), (outcome) => single(key, outcome)),
  );
}

/** The same for a batch. */
export function writeMany(
  backend: CacheBackend,
  mapping: ReadonlyMap<string, CachedValue>,
  context?: WriteContext,
): Awaitable<WriteOutcomes> {
  if (context?.skip?.has(backend.name)) return skipped(mapping.keys());
  return outcomesOf(backend, "setMulti", mapping.keys(), () =>
    andThen(backend.setMulti(mapping, context), (all) => all ?? allStored),
  );
}

export function deleteOne(backend: CacheBackend, key: string, context?: WriteContext): Awaitable<WriteOutcomes> {
  return outcomesOf(backend, "delete", [key], () =>
    andThen(backend.delete(key, context), (outcome) => single(key, outcome)),
  );
}

export function deleteMany(
  backend: CacheBackend,
  keys: readonly string[],
  context?: WriteContext,
): Awaitable<WriteOutcomes> {
  return outcomesOf(backend, "deleteMulti", keys, () =>
    andThen(backend.deleteMulti(keys, context), (all) => all ?? allStored),
  );
}

/** The entry as the authority has counted it. */
export function withRevision(entry: CachedValue, revision: Order | undefined): CachedValue {
  if (revision === undefined) return entry;
  const { metadata } = entry;
  // The new member first: behind the others it makes the copy take six times as long.
  const counted = metadata.revision === undefined ? { revision, ...metadata } : { ...metadata, revision };
  return new CachedValue(entry.payload, counted, entry.residence);
}

function outcomesOf(
  backend: CacheBackend,
  operation: string,
  keys: Iterable<string>,
  run: () => Awaitable<WriteOutcomes>,
): Awaitable<WriteOutcomes> {
  const fail = (error: unknown): WriteOutcomes => {
    const list = [...keys];
    const outcome: WriteOutcome = {
      status: "failed",
      error: asCacheError(error, backend.name, operation, list.length),
    };
    return new Map(list.map((key) => [key, outcome]));
  };
  try {
    const outcomes = run();
    return isPromiseLike(outcomes) ? outcomes.then((value) => value, fail) : outcomes;
  } catch (error) {
    return fail(error);
  }
}

function single(key: string, outcome: WriteOutcome | void): WriteOutcomes {
  return new Map(outcome === undefined ? [] : [[key, outcome]]);
}

function skipped(keys: Iterable<string>): WriteOutcomes {
  return new Map([...keys].map((key) => [key, SKIPPED]));
}
