import {
  CacheBackend,
  type CachedValue,
  type Clock,
  ClosedError,
  type Found,
  isNoValue,
  NO_VALUE,
  remainingLifeMs,
  ValidationError,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
} from "@cascata/core";
import { type Held, LruShelf } from "./lru-shelf.ts";
import type { BudgetMember } from "./memory-budget.ts";
import {
  type MemoryBackendOptions,
  type RemovalCause,
  type ResolvedMemoryOptions,
  resolveMemoryOptions,
} from "./memory-options.ts";

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
  readonly #leave: () => void;
  /** Gone when closed: a read needs no check of its own. */
  #shelf: LruShelf | undefined;

  /** @throws ConfigurationError with every mistake that the options hold; an unbounded tier is one */
  constructor(options: MemoryBackendOptions) {
    super();
    const resolved = resolveMemoryOptions(options);
    this.name = resolved.name;
    this.#options = resolved;
    this.#clock = resolved.clock;
    const { maxEntries, maxBytes } = resolved.budget;
    const shelf = new LruShelf({
      maxEntries,
      maxBytes,
      onRemoved: resolved.onRemoved && ((key, held, cause) => this.#tellRemoved(key, held, cause)),
    });
    this.#shelf = shelf;
    this.#leave = resolved.budget.join(shelf satisfies BudgetMember);
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

  /** Their weight; 0 where nothing is weighed. */
  get bytes(): number {
    return this.#open().bytes;
  }

  get(key: string): Found {
    const held = (this.#shelf ?? this.#open()).get(key);
    if (held === undefined) return NO_VALUE;
    return held.expiresAt >= this.#clock.coarse() ? held.entry : this.#expired(key);
  }

  getMulti(keys: readonly string[]): readonly Found[] {
    this.#open();
    return keys.map((key) => this.get(key));
  }

  set(key: string, value: CachedValue, context?: WriteContext): WriteOutcome | void {
    const shelf = this.#open();
    refuseNoValue(key, value);
    const outcome = this.#put(shelf, key, value, context?.keepMs);
    this.#options.budget.settle();
    return outcome;
  }

  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): WriteOutcomes | void {
    const shelf = this.#open();
    for (const [key, value] of mapping) refuseNoValue(key, value);
    const refused: [string, WriteOutcome][] = [];
    for (const [key, value] of mapping) {
      const outcome = this.#put(shelf, key, value, context?.keepMs);
      if (outcome !== undefined) refused.push([key, outcome]);
    }
    this.#options.budget.settle();
    return refused.length === 0 ? undefined : new Map(refused);
  }

  delete(key: string): void {
    this.#open().delete(key, "deleted");
  }

  deleteMulti(keys: readonly string[]): void {
    const shelf = this.#open();
    for (const key of keys) shelf.delete(key, "deleted");
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
    if (scope === undefined || scope.#shelf === undefined) {
      scope = new MemoryBackend(this.#options.inherited);
      this.#scopes.set(name, scope);
    }
    return scope;
  }

  /** Lets go of everything, its scopes included. */
  close(): void {
    const shelf = this.#shelf;
    if (shelf === undefined) return;
    this.#shelf = undefined;
    this.#leave();
    for (const scope of this.#scopes.values()) scope.close();
    this.#scopes.clear();
    shelf.clear();
  }

  #open(): LruShelf {
    if (this.#shelf === undefined) throw new ClosedError(`the backend "${this.name}"`);
    return this.#shelf;
  }

  #put(shelf: LruShelf, key: string, entry: CachedValue, keepMs = Number.POSITIVE_INFINITY): WriteOutcome | undefined {
    const now = this.#clock.coarse();
    const life = Math.min(keepMs, remainingLifeMs(entry.metadata, now));
    // Also false for a life that is no number: without one, an entry would stay for ever.
    if (!(life > 0)) {
      shelf.delete(key, "expired");
      return undefined;
    }
    const bytes = this.#weight(key, entry);
    if (bytes > this.#options.maxEntryBytes) {
      shelf.delete(key, "replaced");
      return tooLarge;
    }
    shelf.set(key, { entry, expiresAt: now + life, bytes });
    return undefined;
  }

  #weight(key: string, entry: CachedValue): number {
    const { weigh } = this.#options;
    if (weigh === undefined) return 1;
    const bytes = weigh(key, entry);
    if (bytes >= 0 && bytes < Number.POSITIVE_INFINITY) return Math.max(1, Math.ceil(bytes));
    throw new ValidationError({ path: "weigh", expected: "a finite number of bytes from 0 on", received: bytes });
  }

  #expired(key: string): Found {
    this.#open().delete(key, "expired");
    return NO_VALUE;
  }

  #tellRemoved(key: string, held: Held, cause: RemovalCause): void {
    const wasOver = cause === "evicted" && held.expiresAt < this.#clock.coarse();
    try {
      this.#options.onRemoved?.(key, held.entry, wasOver ? "expired" : cause);
    } catch (error) {
      this.report("removal-listener-failed", { key, error });
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
