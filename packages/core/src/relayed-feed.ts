import { isPromiseLike } from "./awaitable.ts";
import type { Order } from "./cached-value.ts";
import type { ChangeFeed, ChangeListener, ChangeNotice, CreationFailure, Mark } from "./capabilities.ts";
import type { NearTier } from "./near-tier.ts";

/**
 * The farther tier's change feed, as a read-through tier passes it on: each notice first breaks and masks what this tier
 * has of the keys, at once, then goes to whoever is nearer, in the same turn; the tier is cleaned and the mask lifted after
 * that. A nearer tier therefore never fills itself from one that still holds the old value.
 */
export class RelayedFeed implements ChangeFeed, ChangeListener {
  readonly #feed: ChangeFeed;
  readonly #near: NearTier;
  readonly #sender: string;
  readonly #listeners = new Set<ChangeListener>();
  #unsubscribe: (() => void) | undefined;

  constructor(feed: ChangeFeed, near: NearTier, sender: string) {
    this.#feed = feed;
    this.#near = near;
    this.#sender = sender;
  }

  get atomic(): boolean {
    return this.#feed.atomic;
  }

  get position(): Order | undefined {
    return this.#feed.position;
  }

  get live(): boolean {
    return this.#feed.live;
  }

  get heardAt(): number {
    return this.#feed.heardAt;
  }

  get silenceMs(): number {
    return this.#feed.silenceMs;
  }

  /** Listens from now on: before its first use a chain holds nothing that a change could concern. */
  attach(): void {
    this.#unsubscribe ??= this.#feed.subscribe(this);
  }

  subscribe(listener: ChangeListener): () => void {
    this.attach();
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  detach(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#listeners.clear();
  }

  changed(notice: ChangeNotice): void {
    // What this chain has written itself it has guarded already, with the answer in hand.
    if (notice.sender === this.#sender) return;
    const { keys } = notice;
    this.#near.mask(keys);
    const cleaned = this.#clean(notice);
    for (const listener of this.#listeners)
      listener.changed(cleaned === undefined ? notice : { ...notice, settled: cleaned });
  }

  /** Drops the keys here; the promise, if it takes time, ends when the mask is lifted. */
  #clean(notice: ChangeNotice): Promise<unknown> | undefined {
    const { keys, order, settled } = notice;
    const drop = () => this.#near.dropOlder(keys, order);
    const first = drop();
    if (settled === undefined && !isPromiseLike(first)) {
      this.#near.unmask(keys);
      return undefined;
    }
    const unmask = () => this.#near.unmask(keys);
    return Promise.allSettled([first, settled]).then(drop).then(unmask, unmask);
  }

  marked(marks: readonly Mark[]): void {
    for (const listener of this.#listeners) listener.marked(marks);
  }

  filled(keys: readonly string[], failure?: CreationFailure): void {
    for (const listener of this.#listeners) listener.filled(keys, failure);
  }

  silent(reason: string): void {
    this.#near.confidence.silent();
    for (const listener of this.#listeners) listener.silent(reason);
  }

  resumed(): void {
    this.#near.confidence.resumed();
    for (const listener of this.#listeners) listener.resumed();
  }

  uncertain(reason: string): void {
    this.#near.confidence.gap();
    for (const listener of this.#listeners) listener.uncertain(reason);
  }
}
