import {
  type CacheBackend,
  type CachedValue,
  checkOptionNames,
  EntryRefused,
  ProxyBackend,
  type ProxyFactory,
  richSerializer,
  type Serializer,
  type Size,
  sizeBytes,
} from "@cascata/core";

/** Options of {@link maxEntrySize}. */
export interface MaxEntrySizeOptions {
  /** A payload of more bytes is refused. */
  readonly max: Size;
  /** Measures what is neither bytes nor text. @default richSerializer */
  readonly serializer?: Serializer;
}

/** What {@link maxEntrySize} reads. */
export const maxEntrySizeOptions = ["max", "serializer"] as const;

/**
 * Refuses payloads above a size: `maxEntrySize("1mb")`. The outcome is `too-large`, an incident is reported, and what
 * was stored for the key before is deleted, so that it isn't served on.
 *
 * Bytes and text are measured as they are; anything else is serialized to be measured, so the cheapest place is inside
 * `compress` and `encrypt`: bytes arrive there.
 *
 * @throws ConfigurationError
 */
export function maxEntrySize(options: Size | MaxEntrySizeOptions, path = "maxEntrySize"): ProxyFactory {
  const given: MaxEntrySizeOptions = typeof options === "object" ? options : { max: options };
  checkOptionNames(given, maxEntrySizeOptions, path);
  const max = sizeBytes(given.max, `${path}.max`);
  return (proxied) => new MaxEntrySizeProxy(proxied, max, given.serializer ?? richSerializer);
}

/** See {@link maxEntrySize}. */
export class MaxEntrySizeProxy extends ProxyBackend {
  readonly #max: number;
  readonly #serializer: Serializer;

  constructor(proxied: CacheBackend, max: number, serializer: Serializer) {
    super(proxied);
    this.#max = max;
    this.#serializer = serializer;
  }

  /** What passes is not changed. */
  override get byReference(): boolean {
    return this.proxied.byReference;
  }

  protected override encode(entry: CachedValue, key: string): CachedValue {
    if (this.#fits(entry.payload)) return entry;
    const error = new EntryRefused("too-large");
    this.report("entry too large", { key, error });
    throw error;
  }

  #fits(payload: unknown): boolean {
    if (payload instanceof Uint8Array) return payload.byteLength <= this.#max;
    if (typeof payload === "string") {
      // A UTF-16 unit is at most three bytes of UTF-8.
      return payload.length * 3 <= this.#max || new TextEncoder().encode(payload).byteLength <= this.#max;
    }
    return this.#serializer.serialize(payload).byteLength <= this.#max;
  }
}
