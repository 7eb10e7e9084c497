import {
  CacheBackend,
  type CachedValue,
  type Clock,
  ClosedError,
  type Found,
  isNoValue,
  isPromiseLike,
  NO_VALUE,
  remainingLifeMs,
  ValidationError,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
} from "@cascata/core";
import { optionsUnder } from "./flat-config.ts";
import type { BudgetMember } from "./memory-budget.ts";
import {
  type MemoryBackendOptions,
  type RemovalCause,
  type RemovalListener,
  type ResolvedMemoryOptions,
  resolveMemoryOptions,
} from "./memory-options.ts";
import { newStore } from "./new-store.ts";
import type { Store } from "./store.ts";

const tooLarge: WriteOutcome = Object.freeze({ status: "refused", why: "too-large" });

/**
 * The memory tier: synchronous, bounded, private to the process. It keeps the very objects that it is given and hands them
 * out again; where somebody may change them, put a freezing or cloning proxy around it, or use {@link SerializingMemoryBackend}.
 *
 *  - A read is one look-up and one comparison, and allocates nothing.
 *  - An entry stays for what is left of its life, or for `keepMs` if that is less, by a clock that may be 5 ms behind. One
 *    without life left is not stored, and what was there of its key is dropped.
 *  - The bound holds after every write.
 *
 * It has no leases, marks, feed or revisions, since nobody else can see it, and hands out no tickets, so it looks at none.
 */
export class MemoryBackend extends CacheBackend {
  readonly name: string;
  readonly #options: ResolvedMemoryOptions;
  readonly #clock: Clock;
  readonly #scopes = new Map<string, MemoryBackend>();
  /** Ends its part in the budget, which begins with its first entry: most backends hold none beside their scopes'. */
  #leave: (() => void) | undefined;
  /** Gone when closed: a read needs no check of its own. */
  #store: Store<CachedValue> | undefined;

  /** @throws ConfigurationError with every mistake that the options hold; an unbounded tier is one */
  constructor(options: MemoryBackendOptions) {
    super();
    const resolved = resolveMemoryOptions(options);
    this.name = resolved.name;
    this.#options = resolved;
    this.#clock = resolved.clock;
    this.#store = this.#newStore();
  }

  /** Builds one from `<prefix>maxEntries`, `<prefix>maxSize` and so on; see {@link MemoryBackendOptions}. */
  static fromConfig(config: Readonly<Record<string, unknown>>, prefix: string): MemoryBackend {
    return new MemoryBackend(optionsUnder(config, prefix) as unknown as MemoryBackendOptions);
  }

  override get remote(): boolean {
    return false;
  }

  override get shared(): boolean {
    return false;
  }

  override get byReference(): boolean {
    return true;
  }

  /** How many entries it holds, without those of its scopes; some may have expired unnoticed. */
  get size(): number {
    return this.#open().count;
  }

  /** Their weight; 0 without a bound in bytes. */
  get bytes(): number {
    return this.#open().weight;
  }

  get(key: string): Found {
    return (this.#store ?? this.#open()).get(key, this.#clock.coarse()) ?? NO_VALUE;
  }

  getMulti(keys: readonly string[]): readonly Found[] {
    const store = this.#open();
    const now = this.#clock.coarse();
    const found = new Array<Found>(keys.length);
    for (let at = 0; at < keys.length; at += 1) found[at] = store.get(keys[at] as string, now) ?? NO_VALUE;
    return found;
  }

  set(key: string, value: CachedValue, context?: WriteContext): WriteOutcome | void {
    const store = this.#open();
    refuseNoValue(key, value);
    const outcome = this.#put(store, key, value, context?.keepMs);
    this.#options.budget.settle();
    return outcome;
  }

  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): WriteOutcomes | void {
    const store = this.#open();
    for (const [key, value] of mapping) refuseNoValue(key, value);
    const refused: [string, WriteOutcome][] = [];
    try {
      for (const [key, value] of mapping) {
        const outcome = this.#put(store, key, value, context?.keepMs);
        if (outcome !== undefined) refused.push([key, outcome]);
      }
    } finally {
      this.#options.budget.settle();
    }
    return refused.length === 0 ? undefined : new Map(refused);
  }

  delete(key: string): void {
    this.#open().delete(key, "deleted");
  }

  deleteMulti(keys: readonly string[]): void {
    const store = this.#open();
    for (const key of keys) store.delete(key, "deleted");
  }

  /** Drops everything, that of its scopes included. */
  override clear(): void {
    this.#open().clear();
    for (const scope of this.#scopes.values()) scope.clear();
  }

  /**
   * A view whose keys live apart, under the same bound, listener and policy. The same name gives the same view; it is
   * cleared and closed with this backend.
   */
  override scoped(name: string): MemoryBackend {
    this.#open();
    let scope = this.#scopes.get(name);
    if (scope === undefined || scope.#store === undefined) {
      scope = new MemoryBackend(this.#options.inherited);
      scope.watch(({ what, backend: _own, ...details }) => this.report(what, details));
      this.#scopes.set(name, scope);
    }
    return scope;
  }

  /** Lets go of everything, its scopes included. */
  close(): void {
    const store = this.#store;
    if (store === undefined) return;
    this.#store = undefined;
    this.#leave?.();
    for (const scope of this.#scopes.values()) scope.close();
    this.#scopes.clear();
    store.clear();
  }

  #open(): Store<CachedValue> {
    if (this.#store === undefined) throw new ClosedError(`the backend "${this.name}"`);
    return this.#store;
  }

  #put(
    store: Store<CachedValue>,
    key: string,
    entry: CachedValue,
    keepMs = Number.POSITIVE_INFINITY,
  ): WriteOutcome | undefined {
    const now = this.#clock.coarse();
    const life = Math.min(keepMs, remainingLifeMs(entry.metadata, now));
    // Also false for a life that is no number: without one, an entry would stay for ever.
    if (!(life > 0)) {
      store.delete(key, "expired");
      return undefined;
    }
    const bytes = this.#weight(key, entry);
    if (bytes > this.#options.maxEntryBytes) {
      store.delete(key, "replaced");
      return tooLarge;
    }
    this.#leave ??= this.#options.budget.join(this.#member());
    return store.set(key, entry, now + life, bytes, now) ? undefined : tooLarge;
  }

  #weight(key: string, entry: CachedValue): number {
    const { weigh } = this.#options;
    if (weigh === undefined) return 1;
    const bytes = weigh(key, entry);
    if (bytes >= 0 && bytes < Number.POSITIVE_INFINITY) return Math.max(1, Math.ceil(bytes));
    throw new ValidationError({ path: "weigh", expected: "a finite number of bytes from 0 on", received: bytes });
  }

  #newStore(): Store<CachedValue> {
    const { budget, policy, onRemoved } = this.#options;
    const tell =
      onRemoved &&
      ((key: string, entry: CachedValue, cause: RemovalCause) => this.#tellRemoved(onRemoved, key, entry, cause));
    return newStore(policy, budget, tell);
  }

  #member(): BudgetMember {
    const store = this.#open();
    return {
      get count() {
        return store.count;
      },
      get bytes() {
        return store.weight;
      },
      evict: () => store.evict(this.#clock.coarse()),
    };
  }

  #tellRemoved(listener: RemovalListener, key: string, entry: CachedValue, cause: RemovalCause): void {
    const failed = (error: unknown) => this.report("removal-listener-failed", { key, error });
    try {
      const answer: unknown = listener(key, entry, cause);
      // An async listener's failure would end the process.
      if (isPromiseLike(answer)) answer.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}

function refuseNoValue(key: string, value: CachedValue): void {
  if (!isNoValue(value.payload)) return;
  throw new ValidationError({
    path: `value of ${JSON.stringify(key)}`,
    expected: "a storable value",
    received: "NO_VALUE",
  });
}
