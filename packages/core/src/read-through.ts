import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import type { CacheBackend, WriteOutcomes } from "./backend.ts";
import { CachedValue, type Found, ReadFailure } from "./cached-value.ts";
import type { ChangeFeed } from "./capabilities.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Confidence } from "./confidence.ts";
import type { Judgement, ReadContext, WriteContext, WriteOutcome } from "./contexts.ts";
import { asCacheError } from "./errors.ts";
import { type FillTicket, NearTier, readMany, readOne } from "./near-tier.ts";
import { isNoValue, NO_VALUE } from "./no-value.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import { randomId } from "./random-id.ts";
import { RelayedFeed } from "./relayed-feed.ts";
import { Revalidation, type Verdict } from "./revalidation.ts";
import { scopeOf } from "./scope-proxy.ts";
import { WriteThrough, writeMany, writeOne } from "./write-through.ts";

export interface ReadThroughOptions {
  readonly clock?: Clock;
  /** The near tier's own cap on how long it serves an entry without asking further, in milliseconds. Residence, not life. */
  readonly capMs?: number;
  /** How long what may be out of date is served while the authority can't be asked. @default 10 000 */
  readonly maxStalenessMs?: number;
  /** Names the whole chain in what it writes, so that it knows its own notices. */
  readonly sender?: string;
}

/**
 * A tier: a near backend in front of another one. Reads stop at the first usable entry and fill the near tier with what
 * comes from further down, life unchanged; writes go far first. Tiers nest to any depth.
 *
 * It owns the guard of its near tier: nothing that was deleted or rewritten meanwhile is filled in, and what may have
 * missed a change is confirmed before it is served.
 */
export class ReadThroughProxy extends ProxyBackend {
  readonly near: CacheBackend;
  /** How long the near tier serves an entry without asking further. */
  readonly capMs: number;
  readonly sender: string;
  readonly #near: NearTier;
  readonly #confidence: Confidence;
  readonly #writes: WriteThrough;
  readonly #revalidation: Revalidation;
  readonly #feed: RelayedFeed | undefined;
  readonly #options: ReadThroughOptions;
  readonly #farIsChain: boolean;

  constructor(proxied: CacheBackend, near: CacheBackend, options: ReadThroughOptions = {}) {
    super(proxied);
    const clock = options.clock ?? systemClock;
    this.#options = options;
    this.near = near;
    this.capMs = options.capMs ?? Number.POSITIVE_INFINITY;
    this.sender = options.sender ?? randomId();
    this.#confidence = new Confidence(proxied.changes, clock, options.maxStalenessMs ?? 10_000);
    this.#near = new NearTier(near, this.#confidence, clock, this.capMs);
    this.#revalidation = new Revalidation(this.#near, proxied, clock);
    this.#farIsChain = innerChain(proxied) !== undefined;
    this.#writes = new WriteThrough(this.#near, proxied, this.sender, this.#farIsChain);
    if (proxied.clear === undefined || near.clear === undefined)
      Object.defineProperty(this, "clear", { value: undefined });
    this.#feed = proxied.changes && new RelayedFeed(proxied.changes, this.#near, this.sender);
  }

  override get name(): string {
    return `${this.near.name} → ${this.proxied.name}`;
  }

  override get changes(): ChangeFeed | undefined {
    return this.#feed;
  }

  /** How long what may be out of date is served while the authority can't be asked. */
  get maxStalenessMs(): number {
    return this.#options.maxStalenessMs ?? 10_000;
  }

  override get keepsResidence(): boolean {
    return this.near.keepsResidence;
  }

  override get byReference(): boolean {
    return this.near.byReference;
  }

  override get(key: string, context?: ReadContext): Awaitable<Found> {
    if (context?.skip?.has(this.near.name)) return this.#descend(key, context, NO_VALUE);
    let found: Awaitable<Found>;
    try {
      found = this.near.get(key);
    } catch (error) {
      found = new ReadFailure(this.near.name, asCacheError(error, this.near.name, "get", 1));
    }
    if (found instanceof CachedValue && this.#near.confirms(key, found) && isFresh(key, found, context)) {
      context?.observe?.(this.near.name, key, found);
      return found;
    }
    if (!isPromiseLike(found)) return this.#descend(key, context, found);
    const later = found;
    return andThen(
      readOne(this.near, () => later),
      (one) => this.#descend(key, context, one),
    );
  }

  /** From a near answer that did not end the search at once, on. */
  #descend(key: string, context: ReadContext | undefined, found: Found): Awaitable<Found> {
    context?.observe?.(this.near.name, key, found);
    if (!(found instanceof CachedValue) || this.#near.isMasked(key))
      return this.#fromFar(key, context, undefined, true);
    const judgement = judgementOf(key, found, context);
    if (judgement === "absent") return this.#fromFar(key, context, undefined, true);
    const trusted = this.#confidence.trusts(found);
    if (trusted && judgement === "fresh" && !this.#near.isPastCap(found)) return found;
    if (trusted || judgement !== "fresh")
      return this.#fromFar(key, context, found, trusted && !this.#near.isPastCap(found));
    return this.#doubtful(key, context, found);
  }

  /** The near tier has it and it is fresh, but a change may have been missed. */
  #doubtful(key: string, context: ReadContext | undefined, entry: CachedValue): Awaitable<Found> {
    const bearable = this.#confidence.bearable(entry);
    if (bearable && this.#confidence.suspect) {
      this.#probe(key, entry);
      return this.#confidence.doubted(entry);
    }
    if (context?.nearestOnly) return NO_VALUE;
    return andThen(this.#confirm(new Map([[key, entry]]), bearable), (verdicts) => {
      const verdict = verdicts?.get(key);
      if (verdict === "same") return this.#confidence.confirmed(entry);
      if (verdict === "different") return this.#fromFar(key, context, undefined, true);
      return this.#unconfirmed(entry, verdict);
    });
  }

  /** Somebody has to see whether the authority is back; nobody waits for it. */
  #probe(key: string, entry: CachedValue): void {
    if (this.#confidence.takeProbe()) this.#near.quietly(this.#confirm(new Map([[key, entry]]), false));
  }

  /** Nothing, if the callers can be served without it and it takes too long. */
  #confirm(
    doubtful: ReadonlyMap<string, CachedValue>,
    bearable: boolean,
  ): Awaitable<ReadonlyMap<string, Verdict> | undefined> {
    this.#feed?.attach();
    return bearable ? this.#revalidation.confirmSoon(doubtful) : this.#revalidation.confirm(doubtful);
  }

  #fromFar(
    key: string,
    context: ReadContext | undefined,
    candidate: CachedValue | undefined,
    confirmed: boolean,
  ): Awaitable<Found> {
    if (context?.nearestOnly) return confirmed ? (candidate ?? NO_VALUE) : NO_VALUE;
    const read = (ticket: FillTicket): Awaitable<Found> =>
      andThen(
        readOne(this.proxied, () => this.proxied.get(key, context)),
        (found) => this.#arrived(key, context, found, ticket, candidate, confirmed),
      );
    this.#feed?.attach();
    if (this.near.guards === undefined) return read(this.#near.ticket(key));
    return andThen(this.#near.tickets([key]), ([ticket]) => read(ticket as FillTicket));
  }

  #arrived(
    key: string,
    context: ReadContext | undefined,
    found: Found,
    ticket: FillTicket,
    candidate: CachedValue | undefined,
    confirmed: boolean,
  ): Found {
    if (!this.#farIsChain) context?.observe?.(this.proxied.name, key, found);
    const stands = this.#near.giveBack(ticket);
    const fillable = stands && this.#isFillable(key, found, context);
    if (fillable) this.#near.quietly(this.#near.fill(key, found as CachedValue, ticket));
    else if (stands && isNoValue(found) && candidate !== undefined && !confirmed)
      this.#near.quietly(this.#near.drop(key));
    return this.#best(key, context, found, candidate, confirmed);
  }

  #isFillable(key: string, found: Found, context: ReadContext | undefined): boolean {
    if (!(found instanceof CachedValue) || context?.skip?.has(this.near.name)) return false;
    return context?.judge === undefined || context.judge(key, found) !== "absent";
  }

  /** What the farther tier said, or the better candidate of this one. */
  #best(
    key: string,
    context: ReadContext | undefined,
    found: Found,
    candidate: CachedValue | undefined,
    confirmed: boolean,
  ): Found {
    if (found instanceof ReadFailure) {
      this.#confidence.failed();
      const own = candidate === undefined || confirmed ? candidate : this.#lastResort(candidate);
      return own === undefined ? found : new ReadFailure(found.tier, found.error, newer(own, found.candidate));
    }
    this.#confidence.answered();
    if (candidate === undefined) return found;
    // The authority says that it is gone: an unconfirmed copy is no candidate any more.
    if (!(found instanceof CachedValue)) return confirmed ? candidate : found;
    return confirmed && !isFresh(key, found, context) ? newer(candidate, found) : found;
  }

  /** What the authority could not confirm: served for a while, then a candidate. @param failure absent: it takes too long */
  #unconfirmed(entry: CachedValue, failure: ReadFailure | undefined): CachedValue | ReadFailure {
    if (failure === undefined || this.#confidence.bearable(entry)) return this.#confidence.doubted(entry);
    return new ReadFailure(failure.tier, failure.error, this.#lastResort(entry));
  }

  /** What can't be confirmed, as a stale candidate for as long as it may be one. */
  #lastResort(entry: CachedValue): CachedValue | undefined {
    return this.#confidence.isLastResort(entry) ? entry : undefined;
  }

  override getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]> {
    if (keys.length === 0) return [];
    if (context?.skip?.has(this.near.name))
      return this.#completeMulti(
        keys,
        context,
        keys.map(() => NO_VALUE),
      );
    const found = readMany(this.near, keys, () => this.near.getMulti(keys));
    return andThen(found, (all) => this.#completeMulti(keys, context, all));
  }

  #completeMulti(
    keys: readonly string[],
    context: ReadContext | undefined,
    near: readonly Found[],
  ): Awaitable<readonly Found[]> {
    const lacking: Lack[] = [];
    let doubtful: Map<string, CachedValue> | undefined;
    for (let place = 0; place < keys.length; place += 1) {
      const key = keys[place] as string;
      const found = near[place] as Found;
      context?.observe?.(this.near.name, key, found);
      if (!(found instanceof CachedValue) || this.#near.isMasked(key)) {
        lacking.push({ key, place, candidate: undefined, confirmed: true });
        continue;
      }
      const judgement = judgementOf(key, found, context);
      const confirmed = this.#near.confirms(key, found);
      if (judgement === "fresh" && confirmed) continue;
      if (judgement === "fresh" && !this.#confidence.trusts(found)) {
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
    const bearable = [...doubtful.values()].every((entry) => this.#confidence.bearable(entry));
    const [first] = doubtful;
    if (bearable && this.#confidence.suspect && first !== undefined) {
      this.#probe(first[0], first[1]);
      for (const [key, entry] of doubtful) settled.set(key, this.#confidence.doubted(entry));
      return settled;
    }
    if (context?.nearestOnly) return new Map([...doubtful.keys()].map((key) => [key, "different"]));
    return andThen(this.#confirm(doubtful, bearable), (verdicts) => {
      for (const [key, entry] of doubtful) {
        const verdict = verdicts?.get(key);
        if (verdict === "different") settled.set(key, verdict);
        else if (verdict === "same") settled.set(key, this.#confidence.confirmed(entry));
        else settled.set(key, this.#unconfirmed(entry, verdict));
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
    this.#feed?.attach();
    return andThen(this.#near.tickets(keys), (tickets) =>
      andThen(
        readMany(this.proxied, keys, () => this.proxied.getMulti(keys, context)),
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
      if (!this.#farIsChain) context?.observe?.(this.proxied.name, key, one);
      const stands = this.#near.giveBack(ticket);
      if (stands && this.#isFillable(key, one, context)) {
        entries.push(one as CachedValue);
        taken.push(ticket);
      } else if (stands && isNoValue(one) && candidate !== undefined && !confirmed)
        this.#near.quietly(this.#near.drop(key));
      answers[place] = this.#best(key, context, one, candidate, confirmed);
    }
    this.#near.fillMulti(entries, taken);
  }

  override set(key: string, value: CachedValue, context?: WriteContext): Awaitable<WriteOutcome | void> {
    this.#feed?.attach();
    return andThen(
      this.#writes.set(new Map([[key, value]]), context, (far) => writeOne(this.proxied, key, value, far)),
      (all) => all.get(key),
    );
  }

  override setMulti(
    mapping: ReadonlyMap<string, CachedValue>,
    context?: WriteContext,
  ): Awaitable<WriteOutcomes | void> {
    if (mapping.size === 0) return;
    this.#feed?.attach();
    return this.#writes.set(mapping, context, (far) => writeMany(this.proxied, mapping, far));
  }

  override delete(key: string, context?: WriteContext): Awaitable<WriteOutcome | void> {
    return andThen(this.#writes.delete([key], context), (all) => all.get(key));
  }

  override deleteMulti(keys: readonly string[], context?: WriteContext): Awaitable<WriteOutcomes | void> {
    if (keys.length === 0) return;
    return this.#writes.delete(keys, context);
  }

  /** The same chain for the keys of `name` alone, with guards of its own; tiers that are not shared give it a part of their own. */
  override scoped(name: string): CacheBackend {
    const far = scopeOf(this.proxied, name);
    // The tiers of one chain have one name: otherwise each would take what the others write for another process's.
    const sender = innerChain(far)?.sender ?? randomId();
    return new ReadThroughProxy(far, scopeOf(this.near, name), { ...this.#options, sender });
  }

  override async clear(): Promise<void> {
    this.#confidence.gap();
    await this.proxied.clear?.();
    this.#near.breakAll();
    await this.near.clear?.();
  }

  /** Empties the near tiers of this chain that no other process shares. What they lose is read again from further down. */
  clearNear(): Awaitable<void> {
    const inner = this.proxied instanceof ReadThroughProxy ? this.proxied.clearNear() : undefined;
    return andThen(inner, () => {
      if (this.near.shared) return;
      // What left before may be older than what goes.
      this.#near.breakAll();
      return this.near.clear?.();
    });
  }

  /** Ends the subscription to the farther tier's changes, without closing any backend. */
  detach(): void {
    this.#feed?.detach();
    if (this.proxied instanceof ReadThroughProxy) this.proxied.detach();
  }

  override async close(): Promise<void> {
    this.detach();
    await this.near.close();
    await this.proxied.close();
  }
}

/** What a batch has to ask the farther tier for, and what the near one holds of it. */
interface Lack {
  readonly key: string;
  readonly place: number;
  readonly candidate: CachedValue | undefined;
  readonly confirmed: boolean;
}

function innerChain(backend: CacheBackend): ReadThroughProxy | undefined {
  for (let at = backend; at instanceof ProxyBackend; at = at.proxied) if (at instanceof ReadThroughProxy) return at;
  return undefined;
}

/** What the caller rejects by its revision is asked for further down, whatever its age. */
function isFresh(key: string, entry: CachedValue, context: ReadContext | undefined): boolean {
  if (context?.lease?.rejects?.has(key)) return false;
  return context?.judge === undefined || context.judge(key, entry) === "fresh";
}

function judgementOf(key: string, entry: CachedValue, context: ReadContext | undefined): Judgement {
  const judgement = context?.judge?.(key, entry) ?? "fresh";
  return judgement === "fresh" && context?.lease?.rejects?.has(key) ? "stale" : judgement;
}

function newer(a: CachedValue, b: CachedValue | undefined): CachedValue {
  return b === undefined || a.metadata.createdAt >= b.metadata.createdAt ? a : b;
}
