import {
  type CacheBackend,
  CachedValue,
  checkOptionNames,
  copyValue,
  deepFreeze,
  ProxyBackend,
  type ProxyFactory,
} from "@cascata/core";
import { sharesObjects } from "./shares-objects.ts";

/** {@link freeze} has no options. */
export const freezeOptions = [] as const;

/**
 * Value isolation at the price of one copy a write: what is stored is a frozen copy, and every reader gets that one
 * object. What can't be frozen (Map, Set, Date, buffers, typed arrays) is copied for each reader instead.
 *
 * @throws ConfigurationError
 */
export function freeze(options: Record<string, never> = {}, path = "freeze"): ProxyFactory {
  checkOptionNames(options, freezeOptions, path);
  return FreezeProxy;
}

/** See {@link freeze}. */
export class FreezeProxy extends ProxyBackend {
  readonly #shares: boolean;
  /** Payloads of which nothing can be changed. */
  readonly #frozen = new WeakSet<object>();

  constructor(proxied: CacheBackend) {
    super(proxied);
    this.#shares = sharesObjects(proxied);
  }

  protected override encode(entry: CachedValue): CachedValue {
    if (!isObject(entry.payload) || this.#frozen.has(entry.payload)) return entry;
    // The caller's own object is not frozen under its hands.
    return this.#freeze(entry, copyValue(entry.payload));
  }

  protected override decode(entry: CachedValue): CachedValue {
    const { payload } = entry;
    if (!isObject(payload) || this.#frozen.has(payload)) return entry;
    return this.#freeze(entry, this.#shares ? copyValue(payload) : payload);
  }

  #freeze(entry: CachedValue, payload: object): CachedValue {
    if (deepFreeze(payload)) this.#frozen.add(payload);
    return payload === entry.payload ? entry : new CachedValue<unknown>(payload, entry.metadata, entry.residence);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
