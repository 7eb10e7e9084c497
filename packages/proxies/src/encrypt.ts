import {
  type Awaitable,
  type CacheBackend,
  CachedValue,
  type CacheMetadata,
  ConfigurationError,
  checkOptionNames,
  type Duration,
  durationMs,
  ProxyBackend,
  type ProxyFactory,
  richSerializer,
  SerializationError,
  type Serializer,
} from "@cascata/core";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import { type ImportedKey, type KeyMaterial, KeyRing } from "./key-ring.ts";

/** Options of {@link encrypt}. */
export interface EncryptOptions {
  /** Keys by name: the one to `use`, and older ones that may still be needed to read. */
  readonly keys: Readonly<Record<string, KeyMaterial>>;
  /** The name of the key that encrypts. To rotate: add a key everywhere, then use it, later remove the old one. */
  readonly use: string;
  /** What to do with a payload that is not encrypted: a miss, or take it as it is (for a change-over). @default "refuse" */
  readonly plain?: "refuse" | "accept";
  /**
   * How far an entry's `createdAt` may lie from the one that was encrypted with it: tiers count in their own clock.
   * An old entry can't be made younger by more. @default "1h"
   */
  readonly tolerance?: Duration;
  /** Turns payloads into bytes. All processes that share the backend need the same one. @default richSerializer */
  readonly serializer?: Serializer;
}

/** What {@link encrypt} reads. */
export const encryptOptions = ["keys", "use", "plain", "tolerance", "serializer"] as const;

/**
 * Encrypts payloads with AES-GCM. A payload is bound to its key and to its metadata, but for the revision, which the
 * store gives: moved to another key, or given another life or other tags, it can't be read any more. Keys and metadata
 * themselves stay readable to the store. What can't be decrypted is a miss and an incident.
 *
 * Put `compress` outside of it (`wrap: [compress, encrypt]`): encrypted bytes don't shrink. Each write takes a random
 * nonce of 96 bits; a key should not be used for more than 2³² writes (NIST SP 800-38D, 8.3).
 *
 * @throws ConfigurationError
 */
export function encrypt(options: EncryptOptions, path = "encrypt"): ProxyFactory {
  checkOptionNames(options, encryptOptions, path);
  const { plain = "refuse", serializer = richSerializer } = options;
  if (plain !== "refuse" && plain !== "accept") {
    throw new ConfigurationError({ path: `${path}.plain`, expected: "refuse or accept", received: plain });
  }
  const resolved: ResolvedEncryptOptions = {
    ring: new KeyRing(options.keys, options.use, path),
    acceptsPlain: plain === "accept",
    toleranceMs: durationMs(options.tolerance ?? 3_600_000, `${path}.tolerance`),
    serializer,
  };
  return (proxied) => new EncryptProxy(proxied, resolved);
}

interface ResolvedEncryptOptions {
  readonly ring: KeyRing;
  readonly acceptsPlain: boolean;
  readonly toleranceMs: number;
  readonly serializer: Serializer;
}

const nonceBytes = 12;
const instantBytes = 8;
const text = new TextEncoder();

/** See {@link encrypt}. */
export class EncryptProxy extends ProxyBackend {
  readonly #options: ResolvedEncryptOptions;

  constructor(proxied: CacheBackend, options: ResolvedEncryptOptions) {
    super(proxied);
    this.#options = options;
  }

  protected override async encode(entry: CachedValue, key: string): Promise<CachedValue> {
    const { ring, serializer } = this.#options;
    const id = text.encode(ring.current);
    const bytes = serializer.serialize(entry.payload);
    const plain = new Uint8Array(instantBytes + bytes.byteLength);
    new DataView(plain.buffer).setFloat64(0, entry.metadata.createdAt);
    plain.set(bytes, instantBytes);
    const iv = crypto.getRandomValues(new Uint8Array(nonceBytes));
    const additionalData = boundTo(ring.current, key, entry.metadata);
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData },
      await keyOf(ring, ring.current),
      plain,
    );
    const payload = sealEnvelope("e", Uint8Array.of(id.length), id, iv, new Uint8Array(sealed));
    return new CachedValue<unknown>(payload, entry.metadata, entry.residence);
  }

  protected override decode(entry: CachedValue, key: string): Awaitable<CachedValue> {
    const body = openEnvelope("e", entry.payload);
    if (body !== undefined) return this.#opened(entry, key, body);
    if (this.#options.acceptsPlain) return entry;
    throw new SerializationError("the stored entry is not encrypted");
  }

  async #opened(entry: CachedValue, key: string, body: Uint8Array): Promise<CachedValue> {
    const { ring, serializer, toleranceMs } = this.#options;
    const idEnd = 1 + (body[0] ?? 0);
    const id = new TextDecoder().decode(body.subarray(1, idEnd));
    const cryptoKey = await keyOf(ring, id);
    // Copies: WebCrypto's types want memory that isn't shared.
    const iv = new Uint8Array(body.subarray(idEnd, idEnd + nonceBytes));
    const sealed = new Uint8Array(body.subarray(idEnd + nonceBytes));
    const additionalData = boundTo(id, key, entry.metadata);
    let plain: ArrayBuffer;
    try {
      plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, cryptoKey, sealed);
    } catch (error) {
      const message =
        "the stored entry can't be decrypted: it was changed, moved from another key, or encrypted with another key";
      throw new SerializationError(message, { cause: error });
    }
    const createdAt = new DataView(plain).getFloat64(0);
    if (!(Math.abs(createdAt - entry.metadata.createdAt) <= toleranceMs)) {
      throw new SerializationError("the stored entry's instant of creation was changed");
    }
    return new CachedValue(
      serializer.deserialize(new Uint8Array(plain, instantBytes)),
      entry.metadata,
      entry.residence,
    );
  }
}

async function keyOf(ring: KeyRing, id: string): Promise<ImportedKey> {
  const key = ring.key(id);
  if (key === undefined)
    throw new SerializationError(
      `the stored entry is encrypted with a key that is not known here: ${JSON.stringify(id)}`,
    );
  return key;
}

/** What the payload is bound to. Instants are left out: tiers shift them between clocks. */
function boundTo(id: string, key: string, metadata: CacheMetadata): Uint8Array<ArrayBuffer> {
  const { formatVersion, grace, startedOrder, tags, ttl, validators } = metadata;
  const order = startedOrder && [startedOrder.epoch, startedOrder.seq];
  const validatorList = validators && Object.entries(validators).sort(([a], [b]) => (a < b ? -1 : 1));
  // JSON has no Infinity.
  const life = [String(ttl), String(grace)];
  return new Uint8Array(text.encode(JSON.stringify([1, id, key, formatVersion, life, order, tags, validatorList])));
}
