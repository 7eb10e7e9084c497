import type { Answers, Entry } from "./answers.ts";
import { type Awaitable, andThen } from "./awaitable.ts";
import { CachedValue } from "./cached-value.ts";
import { checkKeyList } from "./call-arguments.ts";
import { type ReadOptions, resolveReadOptions } from "./call-options.ts";
import { PartialFailureError } from "./errors.ts";
import { isNoValue, NO_VALUE, type NoValue } from "./no-value.ts";
import type { RegionReads } from "./region-reads.ts";
import type { RegionState } from "./region-state.ts";

/** Answers `get` and its kin: what callers are given of what was read. */
export class Lookups {
  readonly #state: RegionState;
  readonly #reads: RegionReads;
  readonly #answers: Answers;

  constructor(state: RegionState, reads: RegionReads, answers: Answers) {
    this.#state = state;
    this.#reads = reads;
    this.#answers = answers;
  }

  /** @throws ValidationError */
  get<T>(key: string, options: ReadOptions | undefined): Promise<T | NoValue> {
    const reads = this.#reads;
    const inner = this.#state.inner(key);
    const found =
      options === undefined
        ? reads.get(inner, key)
        : reads.getWith(inner, key, resolveReadOptions(options, this.#state));
    return found instanceof CachedValue ? Promise.resolve(this.#answers.handOut<T>(found)) : this.#later<T>(found);
  }

  /** @throws ValidationError */
  peek<T>(key: string): T | NoValue {
    const entry = this.#reads.near(this.#state.inner(key));
    return entry instanceof CachedValue ? this.#answers.served<T>(key, entry) : NO_VALUE;
  }

  async getMulti<T>(keys: readonly string[], options: ReadOptions | undefined): Promise<readonly (T | NoValue)[]> {
    checkKeyList(keys);
    const inner = this.#state.innerAll(keys);
    if (keys.length === 0) return [];
    const hits = options === undefined ? this.#reads.hits(inner) : undefined;
    return hits === undefined ? this.#readMulti<T>(inner, keys, options) : this.#servedAll<T>(keys, hits);
  }

  async getEntry<T>(key: string, options: ReadOptions): Promise<Entry<T> | NoValue> {
    const inner = this.#state.inner(key);
    const sightings = this.#answers.sightings();
    const found = await this.#reads.getWith(inner, key, resolveReadOptions(options, this.#state), sightings);
    return isNoValue(found) ? found : this.#answers.describe<T>(inner, found, sightings.tierOf(inner, found), false);
  }

  // Apart from the hit's way: a function that makes a closure pays for it at its entry, whether or not it comes to that.
  #later<T>(found: Awaitable<CachedValue | NoValue>): Promise<T | NoValue> {
    return Promise.resolve(andThen(found, (one) => (isNoValue(one) ? one : this.#answers.handOut<T>(one))));
  }

  #servedAll<T>(keys: readonly string[], hits: readonly CachedValue[]): readonly T[] {
    const values = new Array<T>(hits.length);
    for (let at = 0; at < hits.length; at += 1)
      values[at] = this.#answers.served<T>(keys[at] as string, hits[at] as CachedValue);
    return values;
  }

  async #readMulti<T>(
    inner: readonly string[],
    keys: readonly string[],
    options: ReadOptions | undefined,
  ): Promise<readonly (T | NoValue)[]> {
    const answered = this.#reads.getMulti(inner, keys, options && resolveReadOptions(options, this.#state));
    const all = "then" in answered ? await answered : answered;
    const values = new Array<T | NoValue>(all.length);
    let errors: Map<string, unknown> | undefined;
    for (let at = 0; at < all.length; at += 1) {
      const one = all[at];
      values[at] = one instanceof CachedValue ? this.#answers.handOut<T>(one) : NO_VALUE;
      if (!(one instanceof Error)) continue;
      errors ??= new Map();
      errors.set(keys[at] as string, one);
    }
    if (errors === undefined) return values;
    const failed = errors;
    throw new PartialFailureError(
      new Map(keys.map((key, index) => [key, values[index]] as const).filter(([key]) => !failed.has(key))),
      failed,
    );
  }
}
