import {
  type Awaitable,
  type CacheBackend,
  type CachedValue,
  ProxyBackend,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
} from "@cascata/core";

/** A farthest tier that keeps entries for less than they live. Their life itself is unchanged. */
export class ResidenceProxy extends ProxyBackend {
  readonly #keepMs: number;

  constructor(proxied: CacheBackend, keepMs: number) {
    super(proxied);
    this.#keepMs = keepMs;
  }

  override set(key: string, value: CachedValue, context?: WriteContext): Awaitable<WriteOutcome | void> {
    return super.set(key, value, this.#capped(context));
  }

  override setMulti(
    mapping: ReadonlyMap<string, CachedValue>,
    context?: WriteContext,
  ): Awaitable<WriteOutcomes | void> {
    return super.setMulti(mapping, this.#capped(context));
  }

  #capped(context: WriteContext | undefined): WriteContext {
    return { ...context, keepMs: Math.min(this.#keepMs, context?.keepMs ?? Number.POSITIVE_INFINITY) };
  }
}
