import type { Awaitable } from "./awaitable.ts";
import type { CachedValue } from "./cached-value.ts";
import { type Duration, durationMs } from "./duration.ts";
import type { NoValue } from "./no-value.ts";

/** Makes the value of a key that no tier has. Its error reaches every caller that joined, unchanged. NO_VALUE: nothing is cached. */
export type Creator<T> = (context: CreatorContext<T>) => Awaitable<T | NoValue | CreatorVerdict>;

/**
 * Makes the values of those keys of a batch that no tier has: an array aligned with `keys`, or a map of exactly these keys.
 * NO_VALUE in a place: nothing is cached for it. {@link BatchContext.failed} in a place: that key alone fails.
 */
export type BatchCreator<T> = (
  keys: readonly string[],
  context: BatchContext<T>,
) => Awaitable<readonly (T | NoValue | CreatorVerdict)[] | ReadonlyMap<string, T | NoValue | CreatorVerdict>>;

/** What a creator answers instead of a value: made by its context. */
export class CreatorVerdict {
  readonly kind: "not-modified" | "failed";
  readonly error: unknown;

  constructor(kind: "not-modified" | "failed", error?: unknown) {
    this.kind = kind;
    this.error = error;
  }
}

const none: readonly string[] = Object.freeze([]);

/** What a creator knows of the entry that it makes, and what it may decide for it. */
export class EntryContext<T = unknown> {
  readonly key: string;
  /** What is there already and too old, for a conditional refresh. */
  readonly stale: CachedValue<T> | undefined;
  /** This entry's own life, instead of the call's or the region's. */
  ttl: Duration | undefined;
  grace: Duration | undefined;
  /** Added to the tags of the call. */
  tags: readonly string[] = none;
  /** Kept beside the value for the next conditional refresh: an ETag, a Last-Modified. */
  validators: Readonly<Record<string, string>> | undefined;
  #skipped = false;

  constructor(key: string, stale: CachedValue<T> | undefined) {
    this.key = key;
    this.stale = stale;
  }

  /** Give the value to the callers, but don't cache it. */
  skip(): void {
    this.#skipped = true;
  }

  get skipped(): boolean {
    return this.#skipped;
  }

  /** @internal The creator has decided nothing for its entry. */
  get isUntouched(): boolean {
    const { ttl, grace, tags, validators } = this;
    return ttl === undefined && grace === undefined && tags === none && validators === undefined && !this.#skipped;
  }

  /**
   * To be returned in place of a value: what is stale is still right; it is fresh again from now on.
   * @throws TypeError where there is nothing stale
   */
  notModified(): CreatorVerdict {
    if (this.stale === undefined)
      throw new TypeError(`notModified: there is no stale value of ${JSON.stringify(this.key)}`);
    return new CreatorVerdict("not-modified");
  }

  /** To be returned in place of a value: this key fails with `error`. */
  failed(error: unknown): CreatorVerdict {
    return new CreatorVerdict("failed", error);
  }

  /** @internal */
  get ttlMs(): number | undefined {
    return this.ttl === undefined ? undefined : durationMs(this.ttl, "context.ttl");
  }

  /** @internal */
  get graceMs(): number | undefined {
    return this.grace === undefined ? undefined : durationMs(this.grace, "context.grace");
  }
}

/** Stops a creator: made when it is first asked for, since an AbortController costs more than a whole memory hit. */
export class Stopper {
  #controller: AbortController | undefined;
  #reason: unknown;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get stopped(): boolean {
    return this.#reason !== undefined;
  }

  /** Says whether the creator has its signal, and so knows. */
  stop(reason: Error): boolean {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
    return this.#controller !== undefined;
  }
}

/** What a creator is given. */
export class CreatorContext<T = unknown> extends EntryContext<T> {
  #stopper: Stopper | undefined;

  constructor(key: string, stale: CachedValue<T> | undefined, stopper?: Stopper) {
    super(key, stale);
    this.#stopper = stopper;
  }

  /** @internal */
  get stopper(): Stopper {
    this.#stopper ??= new Stopper();
    return this.#stopper;
  }

  /** Fires when the last caller has left, or the hard timeout has passed. */
  get signal(): AbortSignal {
    return this.stopper.signal;
  }
}

/** What the creator of a batch is given. */
export class BatchContext<T = unknown> {
  readonly #entries: ReadonlyMap<string, EntryContext<T>>;
  readonly #stopper: Stopper;

  constructor(entries: readonly EntryContext<T>[], stopper: Stopper) {
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
    this.#stopper = stopper;
  }

  /** Fires when the last caller of the last key has left, or the hard timeout has passed. */
  get signal(): AbortSignal {
    return this.#stopper.signal;
  }

  /** What concerns one key of the batch. */
  for(key: string): EntryContext<T> {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw new TypeError(`${JSON.stringify(key)} is not one of the keys to be created`);
    return entry;
  }

  /** In the place of a value: that key alone fails. */
  failed(error: unknown): CreatorVerdict {
    return new CreatorVerdict("failed", error);
  }
}
