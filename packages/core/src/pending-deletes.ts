import type { CachedValue } from "./cached-value.ts";
import { TransientMap } from "./transient-map.ts";

/** What was to be deleted and isn't confirmed: hides what started before it, near and far. */
export interface PendingDelete {
  readonly key: string;
  /** The stamp of the delete. */
  readonly at: number;
  /** Fulfilled when the authority has confirmed it, or something newer has taken its place. */
  readonly settled: Promise<void>;
}

interface Pending extends PendingDelete {
  settle(): void;
  /** The stamp of the one local creation since that is newer than the delete. */
  passes: number | undefined;
}

/** The deletes that are under way or that the authority has not confirmed. */
export class PendingDeletes {
  readonly #pending = new TransientMap<string, Pending>();

  get size(): number {
    return this.#pending.size;
  }

  /** Hides the key from now on. A second delete of the key replaces the first and settles it with itself. */
  add(key: string, at: number): PendingDelete {
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const pending: Pending = { key, at, settled, settle, passes: undefined };
    const earlier = this.#pending.get(key);
    if (earlier !== undefined) void settled.then(() => earlier.settle());
    this.#pending.set(key, pending);
    return pending;
  }

  /**
   * Whether a delete of the entry's key is pending. Whatever another process has made is hidden too, even if it was made
   * later: this process may not have heard of the orders that would tell.
   */
  hides(key: string, entry: CachedValue): boolean {
    if (this.#pending.size === 0) return false;
    const pending = this.#pending.get(key);
    return pending !== undefined && entry.metadata.startedAt !== pending.passes;
  }

  /** A value that this process has created after the delete is not hidden by it. */
  letPass(key: string, startedAt: number): void {
    const pending = this.#pending.size === 0 ? undefined : this.#pending.get(key);
    if (pending !== undefined && startedAt > pending.at) pending.passes = startedAt;
  }

  /** The authority has confirmed it. */
  confirm(pending: PendingDelete): void {
    if (this.#pending.get(pending.key) === pending) this.#pending.delete(pending.key);
    (pending as Pending).settle();
  }

  /** The authority has taken a newer value for the key, or everything was marked. */
  supersede(key: string, before: number): void {
    const pending = this.#pending.size === 0 ? undefined : this.#pending.get(key);
    if (pending !== undefined && pending.at < before) this.confirm(pending);
  }

  get(key: string): PendingDelete | undefined {
    return this.#pending.get(key);
  }
}
