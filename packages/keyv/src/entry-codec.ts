import { type CachedValue, NO_VALUE, type NoValue, remainingLifeMs, richSerializer, Wire } from "@cascata/core";
import { fromText, toText } from "./entry-text.ts";
import type { ResolvedKeyvOptions } from "./keyv-options.ts";
import { entryKey } from "./store-keys.ts";
import type { PortWrite } from "./store-port.ts";

/** `over`: no life is left. `too-large`: it is larger than the options allow. */
export type Unwritten = "over" | "too-large";

/** Entries to what the store is told to keep, and back. */
export class EntryCodec {
  readonly #options: ResolvedKeyvOptions;
  readonly #ttlCapMs: number;
  readonly #wire: Wire;

  constructor(options: ResolvedKeyvOptions, ttlCapMs: number) {
    this.#options = options;
    this.#ttlCapMs = ttlCapMs;
    this.#wire = new Wire({ serializer: options.serializer ?? richSerializer });
  }

  /** @throws SerializationError for a payload that cannot be kept */
  write(key: string, entry: CachedValue, keepMs: number = Number.POSITIVE_INFINITY): PortWrite | Unwritten {
    const now = this.#options.clock.now();
    const life = Math.min(keepMs, remainingLifeMs(entry.metadata, now), this.#ttlCapMs);
    if (!(life > 0)) return "over";
    const bytes = this.#wire.encode(key, entry);
    if (bytes.length > this.#options.maxEntryBytes) return "too-large";
    const expiresAt = life === Number.POSITIVE_INFINITY ? undefined : Math.ceil(now + life);
    return { key: entryKey(key), text: toText({ expiresAt, bytes }), ttlMs: life };
  }

  /**
   * An entry whose time is over is a miss also where the store has a ttl of its own: some round it, some check it late, and a
   * `Map` has none.
   * @throws SerializationError for what is not this key's entry
   */
  read(key: string, text: string): CachedValue | NoValue {
    const { expiresAt, bytes } = fromText(text);
    if (expiresAt !== undefined && expiresAt < this.#options.clock.now()) return NO_VALUE;
    return this.#wire.decode(key, bytes);
  }
}
