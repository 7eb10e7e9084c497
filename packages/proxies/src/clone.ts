import {
  type CacheBackend,
  CachedValue,
  checkOptionNames,
  copyValue,
  ProxyBackend,
  type ProxyFactory,
} from "@cascata/core";
import { sharesObjects } from "./shares-objects.ts";

/** {@link clone} has no options. */
export const cloneOptions = [] as const;

/**
 * Value isolation at the price of one copy a write and one a read: every reader gets an object of its own. Over a
 * backend that makes a new object for each read anyway, reads are not copied once more.
 *
 * @throws ConfigurationError
 */
export function clone(options: Record<string, never> = {}, path = "clone"): ProxyFactory {
  checkOptionNames(options, cloneOptions, path);
  return CloneProxy;
}

/** See {@link clone}. */
export class CloneProxy extends ProxyBackend {
  readonly #shares: boolean;

  constructor(proxied: CacheBackend) {
    super(proxied);
    this.#shares = sharesObjects(proxied);
  }

  protected override encode(entry: CachedValue): CachedValue {
    return this.#shares ? copied(entry) : entry;
  }

  protected override decode(entry: CachedValue): CachedValue {
    return this.#shares ? copied(entry) : entry;
  }
}

function copied(entry: CachedValue): CachedValue {
  const payload = copyValue(entry.payload);
  return payload === entry.payload ? entry : new CachedValue(payload, entry.metadata, entry.residence);
}
