import { checkInvalidateOptions, type InvalidateOptions } from "./call-options.ts";
import { checkTags } from "./tags.ts";
import type { WriteReport } from "./write-log.ts";

interface Target {
  deleteMulti(keys: readonly string[]): Promise<WriteReport>;
  invalidateTags(tags: readonly string[], options?: InvalidateOptions): Promise<WriteReport>;
}

/**
 * Keys and tags to be invalidated once a transaction has committed. Nothing happens before `apply`; `drop` forgets them;
 * both end it.
 */
export class DeferredInvalidation {
  readonly #region: Target;
  readonly #keys = new Set<string>();
  readonly #hardTags = new Set<string>();
  readonly #softTags = new Set<string>();
  #ended = false;

  constructor(region: Target) {
    this.#region = region;
  }

  delete(...keys: readonly string[]): this {
    this.#assertOpen();
    for (const key of keys) this.#keys.add(key);
    return this;
  }

  invalidateTags(tags: readonly string[], options: InvalidateOptions = {}): this {
    this.#assertOpen();
    checkTags(tags, "tags");
    checkInvalidateOptions(options);
    for (const tag of tags) (options.hard === false ? this.#softTags : this.#hardTags).add(tag);
    return this;
  }

  /** Everything in one go; the reports of what it came to. */
  async apply(): Promise<readonly WriteReport[]> {
    this.#assertOpen();
    this.#ended = true;
    const work: Promise<WriteReport>[] = [];
    if (this.#keys.size > 0) work.push(this.#region.deleteMulti([...this.#keys]));
    if (this.#hardTags.size > 0) work.push(this.#region.invalidateTags([...this.#hardTags]));
    if (this.#softTags.size > 0) work.push(this.#region.invalidateTags([...this.#softTags], { hard: false }));
    return Promise.all(work);
  }

  drop(): void {
    this.#ended = true;
    this.#keys.clear();
    this.#hardTags.clear();
    this.#softTags.clear();
  }

  #assertOpen(): void {
    if (this.#ended) throw new TypeError("this deferred invalidation has been applied or dropped");
  }
}
