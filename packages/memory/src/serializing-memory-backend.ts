import { CachedValue, ProxyBackend, richSerializer, type Serializer, Wire } from "@cascata/core";
import { optionsUnder } from "./flat-config.ts";
import { MemoryBackend } from "./memory-backend.ts";
import type { MemoryBackendOptions } from "./memory-options.ts";

/** What a {@link SerializingMemoryBackend} takes: a memory tier's options, and how payloads become bytes. */
export type SerializingMemoryOptions = MemoryBackendOptions & {
  /** @default richSerializer */
  readonly serializer?: Serializer;
};

/**
 * A memory tier that keeps bytes: who changes what it was given, or what it has stored, changes nothing in the cache. It
 * refuses what can't be serialized, and its weights are exact. A read costs a deserialization; {@link MemoryBackend} keeps
 * the objects themselves.
 */
export class SerializingMemoryBackend extends ProxyBackend {
  readonly #wire: Wire;

  /** @throws ConfigurationError as {@link MemoryBackend} does */
  constructor(options: SerializingMemoryOptions) {
    const { serializer = richSerializer, ...own } = options;
    super(new MemoryBackend({ name: "serializing-memory", ...own } as MemoryBackendOptions));
    this.#wire = new Wire({ serializer });
  }

  /** As {@link MemoryBackend.fromConfig}, with `serializer`. */
  static fromConfig(config: Readonly<Record<string, unknown>>, prefix: string): SerializingMemoryBackend {
    return new SerializingMemoryBackend(optionsUnder(config, prefix) as unknown as SerializingMemoryOptions);
  }

  /** How many entries it holds. */
  get size(): number {
    return (this.proxied as MemoryBackend).size;
  }

  protected override encode(entry: CachedValue, key: string): CachedValue {
    return new CachedValue(this.#wire.encode(key, entry), entry.metadata, entry.residence);
  }

  protected override decode(entry: CachedValue, key: string): CachedValue {
    const { payload, metadata } = this.#wire.decode(key, entry.payload as Uint8Array);
    return new CachedValue(payload, metadata, entry.residence);
  }
}
