import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import type { CacheBackend, WriteOutcomes } from "./backend.ts";
import { BatchRead } from "./batch-read.ts";
import { CachedValue, type Found, ReadFailure } from "./cached-value.ts";
import type { ChangeFeed } from "./capabilities.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Confidence } from "./confidence.ts";
import type { ReadContext, WriteContext, WriteOutcome } from "./contexts.ts";
import { asCacheError } from "./errors.ts";
import { FarTier } from "./far-tier.ts";
import { NearTier } from "./near-tier.ts";
import { NO_VALUE } from "./no-value.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import { randomId } from "./random-id.ts";
import { readKeys, readLater } from "./read-keys.ts";
import { RelayedFeed } from "./relayed-feed.ts";
import { scopeOf } from "./scope-proxy.ts";
import { SingleRead } from "./single-read.ts";
import { isFresh } from "./tier-judgement.ts";
import { writeKeyAsBatch, writeKeys } from "./write-keys.ts";
import { WriteThrough } from "./write-through.ts";

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
  readonly #feed: RelayedFeed | undefined;
  readonly #options: ReadThroughOptions;
  readonly #single: SingleRead;
  readonly #batch: BatchRead;

  constructor(proxied: CacheBackend, near: CacheBackend, options: ReadThroughOptions = {}) {
    super(proxied);
    const clock = options.clock ?? systemClock;
    this.#options = options;
    this.near = near;
    this.capMs = options.capMs ?? Number.POSITIVE_INFINITY;
    this.sender = options.sender ?? randomId();
    this.#confidence = new Confidence(proxied.changes, clock, options.maxStalenessMs ?? 10_000);
    this.#near = new NearTier(near, this.#confidence, clock, this.capMs);
    const farIsChain = innerChain(proxied) !== undefined;
    this.#writes = new WriteThrough(this.#near, proxied, this.sender, farIsChain);
    if (proxied.clear === undefined || near.clear === undefined)
      Object.defineProperty(this, "clear", { value: undefined });
    this.#feed = proxied.changes && new RelayedFeed(proxied.changes, this.#near, this.sender);
    const far = new FarTier(proxied, this.#near, this.#feed, farIsChain, clock);
    this.#single = new SingleRead(this.#near, far);
    this.#batch = new BatchRead(this.#near, far);
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
    if (context?.skip?.has(this.near.name)) return this.#single.descend(key, context, NO_VALUE);
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
    if (!isPromiseLike(found)) return this.#single.descend(key, context, found);
    return andThen(readLater(this.near, found), (one) => this.#single.descend(key, context, one));
  }

  override getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]> {
    if (keys.length === 0) return [];
    if (context?.skip?.has(this.near.name))
      return this.#batch.complete(
        keys,
        context,
        keys.map(() => NO_VALUE),
      );
    const found = readKeys(this.near, keys);
    return andThen(found, (all) => this.#batch.complete(keys, context, all));
  }

  override set(key: string, value: CachedValue, context?: WriteContext): Awaitable<WriteOutcome | void> {
    this.#feed?.attach();
    return andThen(
      this.#writes.set(new Map([[key, value]]), context, (far) => writeKeyAsBatch(this.proxied, key, value, far)),
      (all) => all.get(key),
    );
  }

  override setMulti(
    mapping: ReadonlyMap<string, CachedValue>,
    context?: WriteContext,
  ): Awaitable<WriteOutcomes | void> {
    if (mapping.size === 0) return;
    this.#feed?.attach();
    return this.#writes.set(mapping, context, (far) => writeKeys(this.proxied, mapping, far));
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

function innerChain(backend: CacheBackend): ReadThroughProxy | undefined {
  for (let at = backend; at instanceof ProxyBackend; at = at.proxied) if (at instanceof ReadThroughProxy) return at;
  return undefined;
}
