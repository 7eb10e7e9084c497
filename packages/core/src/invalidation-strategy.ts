import type { Awaitable } from "./awaitable.ts";
import type { CacheMetadata } from "./cached-value.ts";
import type { Mark } from "./capabilities.ts";

/** An entry that was found, as a strategy is asked about it. */
export interface InvalidationCandidate {
  /** The caller's key, before any mangler. */
  readonly key: string;
  readonly metadata: CacheMetadata;
}

/**
 * Decides what `region.invalidate` covers, in place of the marks that a region keeps by default. Tags stay with those.
 * It may answer at once or later, from a store of its own for instance. What it throws fails the operation: an entry that
 * nobody can judge is not served.
 */
export interface RegionInvalidationStrategy {
  /**
   * Everything that started before `at` is invalid from now on. Within one process `at` compares exactly with the entries'
   * `startedAt`: an entry of an instant before lies below it, one of an instant after above.
   */
  invalidate(request: { readonly hard: boolean; readonly at: number }): Awaitable<void>;
  /**
   * Aligned with `entries`: `hard` makes one absent, `soft` stale. Asked once for all that an operation has read; never
   * without an entry, and never by `peek`, which finds nothing under a strategy.
   */
  verdicts(entries: readonly InvalidationCandidate[]): Awaitable<readonly (Mark["mode"] | undefined)[]>;
}

/** dogpile's default: the latest hard and soft invalidation, in this process's memory. A base for own ones. */
export class DefaultInvalidationStrategy implements RegionInvalidationStrategy {
  #hardAt = Number.NEGATIVE_INFINITY;
  #softAt = Number.NEGATIVE_INFINITY;

  invalidate({ hard, at }: { readonly hard: boolean; readonly at: number }): Awaitable<void> {
    if (hard) this.#hardAt = Math.max(this.#hardAt, at);
    else this.#softAt = Math.max(this.#softAt, at);
  }

  verdicts(entries: readonly InvalidationCandidate[]): Awaitable<readonly (Mark["mode"] | undefined)[]> {
    return entries.map((entry) => this.verdict(entry));
  }

  /** Of one entry. */
  protected verdict({ metadata }: InvalidationCandidate): Mark["mode"] | undefined {
    if (metadata.startedAt < this.#hardAt) return "hard";
    return metadata.startedAt < this.#softAt ? "soft" : undefined;
  }
}
