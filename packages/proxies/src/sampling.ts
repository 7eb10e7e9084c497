import {
  type CacheBackend,
  type CachedValue,
  ConfigurationError,
  checkOptionNames,
  EntryRefused,
  type Found,
  NO_VALUE,
  ProxyBackend,
  type ProxyFactory,
} from "@cascata/core";

/** Options of {@link sampling}. */
export interface SamplingOptions {
  /** The share of keys that is stored, from 0 to 1. */
  readonly share: number;
}

/** What {@link sampling} reads. */
export const samplingOptions = ["share"] as const;

/**
 * Stores only a share of the keys: `sampling(0.1)`. Which ones depends on the key alone, so all processes agree, and a
 * larger share includes a smaller one. Others' writes are refused as `not-sampled`, and their reads find nothing.
 *
 * @throws ConfigurationError
 */
export function sampling(options: number | SamplingOptions, path = "sampling"): ProxyFactory {
  const given: SamplingOptions = typeof options === "object" ? options : { share: options };
  checkOptionNames(given, samplingOptions, path);
  const { share } = given;
  if (typeof share !== "number" || !(share >= 0 && share <= 1)) {
    throw new ConfigurationError({ path: `${path}.share`, expected: "a number from 0 to 1", received: share });
  }
  return (proxied) => new SamplingProxy(proxied, share);
}

/** See {@link sampling}. */
export class SamplingProxy extends ProxyBackend {
  readonly #share: number;

  constructor(proxied: CacheBackend, share: number) {
    super(proxied);
    this.#share = share;
  }

  /** What passes is not changed. */
  override get byReference(): boolean {
    return this.proxied.byReference;
  }

  protected override encode(entry: CachedValue, key: string): CachedValue {
    if (positionOf(key) < this.#share) return entry;
    throw new EntryRefused("not-sampled", { leaveOld: true });
  }

  protected override decode(entry: CachedValue, key: string): Found {
    // An entry from before the share was lowered would never be renewed.
    return positionOf(key) < this.#share ? entry : NO_VALUE;
  }
}

/** From 0 up to 1, evenly: FNV-1a over the UTF-16 units, and a final mix that spreads it over the high bits. */
function positionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
