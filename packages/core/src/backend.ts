/// <reference lib="esnext.disposable" preserve="true" />
// Kept in the declarations: an application whose own `lib` has no `Symbol.asyncDispose` compiles with them too.
import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import type { CachedValue, Found, Order, ReadFailure } from "./cached-value.ts";
import type { ChangeFeed, GuardTable, LeaseTable, MarkTable } from "./capabilities.ts";
import type { ReadContext, WriteContext, WriteOutcome } from "./contexts.ts";
import type { KeyMangler } from "./keys.ts";
import type { CacheMutex } from "./mutex.ts";
import type { NoValue } from "./no-value.ts";

/** What became of each key of a batch; a key that is not in it was stored. */
export type WriteOutcomes = ReadonlyMap<string, WriteOutcome>;

/** Something a backend noticed that is nobody's answer: a corrupt entry, a lost connection, an eviction. */
export interface BackendIncident {
  readonly backend: string;
  readonly what: string;
  readonly key?: string;
  readonly error?: unknown;
}

/** Where a backend stands: `up`; `degraded`, asked but failing; `down`, not asked at all. */
export interface BackendHealth {
  readonly state: "up" | "degraded" | "down";
  /** The clock's instant since when. */
  readonly since: number;
  readonly why?: string;
}

/**
 * Storage. It knows nothing of freshness, creators or other tiers.
 *
 * A simple backend implements the six data operations with three ideas: answer {@link NO_VALUE} for what isn't there,
 * answer nothing from a write that worked, and throw or reject when the store fails. The layer above turns that into a
 * failure of each key of the call. Returning a {@link ReadFailure} or outcomes by key is for backends that can tell.
 */
export abstract class CacheBackend {
  /** Names the tier in events, results and `explain`. */
  abstract readonly name: string;

  readonly #watchers = new Set<(incident: BackendIncident) => void>();

  /** Whether it answers from elsewhere and can therefore hang: such a tier gets a deadline and a circuit breaker. */
  get remote(): boolean {
    return true;
  }

  /** Whether other processes may use the same store. */
  get shared(): boolean {
    return true;
  }

  /** Whether what it returns is the object that was stored (memory), not a copy of it. */
  get byReference(): boolean {
    return false;
  }

  /** Whether it gives back an entry's `residence` too: then a chain can tell how far it may believe what it finds there. */
  get keepsResidence(): boolean {
    return this.byReference;
  }

  /** Applied to each key by the region, after the region's own mangler. */
  get keyMangler(): KeyMangler | undefined {
    return undefined;
  }

  /** Capability: leases on reads, their tokens on writes. */
  get leases(): LeaseTable | undefined {
    return undefined;
  }

  /** Capability: tickets for back-fills of a near tier that several processes share. */
  get guards(): GuardTable | undefined {
    return undefined;
  }

  /** Capability: tells what changed. */
  get changes(): ChangeFeed | undefined {
    return undefined;
  }

  /** Capability: keeps marks of regions and tags. */
  get marks(): MarkTable | undefined {
    return undefined;
  }

  /** Tells `watcher` of what the backend noticed and is nobody's answer; what is returned ends that. */
  watch(watcher: (incident: BackendIncident) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** For subclasses: tells all watchers. A watcher that throws harms nobody. */
  protected report(what: string, details: { readonly key?: string; readonly error?: unknown } = {}): void {
    for (const watcher of this.#watchers) {
      try {
        const answer: unknown = watcher({ backend: this.name, what, ...details });
        if (isPromiseLike(answer)) answer.then(undefined, () => undefined);
      } catch {
        // An incident has no caller to whom the watcher's own failure, now or later, could be told.
      }
    }
  }

  abstract get(key: string, context?: ReadContext): Awaitable<Found>;
  /** Aligned with `keys`, duplicates included; no keys, no I/O. */
  abstract getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]>;
  abstract set(key: string, value: CachedValue, context?: WriteContext): Awaitable<WriteOutcome | void>;
  /** Never changes the mapping or its values; an empty one does no I/O. */
  abstract setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Awaitable<WriteOutcomes | void>;
  /** Idempotent: a key that is not there was deleted. */
  abstract delete(key: string, context?: WriteContext): Awaitable<WriteOutcome | void>;
  abstract deleteMulti(keys: readonly string[], context?: WriteContext): Awaitable<WriteOutcomes | void>;

  /** What re-validation compares, in one cheap round trip; aligned with `keys`. Absent: entries are read instead. */
  revisions?(keys: readonly string[], context?: ReadContext): Awaitable<readonly (Order | NoValue | ReadFailure)[]>;

  /** Drops all that this backend holds. Where the store is shared with strangers this is a change of generation, never a scan. */
  clear?(): Awaitable<void>;

  /**
   * A view in which the keys of `name` live apart from other names', at no cost a key. Only for tiers that no other
   * process shares; absent: the region's keys are prefixed.
   */
  scoped?(name: string): CacheBackend;

  /** A lock for the key, or `null`: the region uses its own, in the process. */
  getMutex(_key: string): CacheMutex | null {
    return null;
  }

  /** Whether a lock may vanish before its owner releases it. */
  hasLockTimeout(): boolean {
    return false;
  }

  /** Up, degraded or down, as far as the backend knows. */
  health(): BackendHealth {
    return alwaysUp;
  }

  /** Releases connections, files, timers and listeners. Later calls fail with a ClosedError. Idempotent. */
  abstract close(): Awaitable<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const alwaysUp: BackendHealth = Object.freeze({ state: "up", since: 0 });

/** A backend class that can be named in configuration. */
export interface BackendClass {
  new (options: never): CacheBackend;
  /** Builds one from the entries of `config` whose key starts with `prefix`. Never changes `config`. */
  fromConfig(config: Readonly<Record<string, unknown>>, prefix: string): CacheBackend;
}
