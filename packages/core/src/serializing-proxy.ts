import type { CacheBackend } from "./backend.ts";
import { CachedValue } from "./cached-value.ts";
import { ConfigurationError } from "./errors.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import type { Serializer } from "./serializer.ts";
import { Wire } from "./wire.ts";

/** One half of a pair that is given as two functions, as dogpile's regions take it. */
export type SerializerOption = Serializer | Serializer["serialize"];

/**
 * Keeps bytes in whatever is behind it: readable metadata and the payload as the serializer made it. What can't be read
 * back (another serializer's bytes, corrupt ones, a CantDeserializeException) is a miss and an incident. Stores that keep
 * bytes by themselves take a serializer of their own, which is cheaper.
 */
export class SerializingProxy extends ProxyBackend {
  readonly #wire: Wire;

  constructor(proxied: CacheBackend, serializer: Serializer) {
    super(proxied);
    this.#wire = new Wire({ serializer });
  }

  protected override encode(entry: CachedValue, key: string): CachedValue {
    return new CachedValue(this.#wire.encode(key, entry), entry.metadata, entry.residence);
  }

  protected override decode(entry: CachedValue, key: string): CachedValue {
    // Whatever is not bytes, the wire refuses: it was stored by somebody without a serializer.
    const bytes = entry.payload instanceof Uint8Array ? entry.payload : new Uint8Array();
    return new CachedValue(this.#wire.decode(key, bytes).payload, entry.metadata, entry.residence);
  }
}

/**
 * The serializer that a region's options name: an object with both halves, or two functions.
 * @throws ConfigurationError for half a pair
 */
export function serializerOf(serializer: unknown, deserializer: unknown): Serializer | undefined {
  if (serializer === undefined && deserializer === undefined) return undefined;
  if (typeof serializer === "function" && typeof deserializer === "function") {
    const pair = { serialize: serializer, deserialize: deserializer };
    return { name: "region", ...(pair as Pick<Serializer, "serialize" | "deserialize">) };
  }
  const whole = serializer as Partial<Serializer> | undefined;
  if (typeof whole?.serialize === "function" && typeof whole.deserialize === "function" && deserializer === undefined)
    return whole as Serializer;
  throw new ConfigurationError({
    path: "region.serializer",
    expected: "a serializer with both halves, or serializer and deserializer as functions",
    received: serializer === undefined ? "a deserializer alone" : serializer,
  });
}
