import {
  type Awaitable,
  type CacheBackend,
  CachedValue,
  ConfigurationError,
  checkOptionNames,
  nearest,
  ProxyBackend,
  type ProxyFactory,
  richSerializer,
  SerializationError,
  type Serializer,
  type Size,
  sizeBytes,
} from "@cascata/core";
import { type Algorithm, algorithms, type Compressor, compressor, decompressor } from "./compression.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";

/** Options of {@link compress}. */
export interface CompressOptions {
  /** Payloads of more bytes are compressed. @default "1kb" */
  readonly above?: Size;
  /** gzip everywhere; brotli in Node, Bun and Deno; zstd where the runtime has it. @default "gzip" */
  readonly algorithm?: Algorithm;
  /** gzip 1 to 9, brotli 0 to 11, zstd 1 to 19. @default 6, 4, 3 */
  readonly level?: number;
  /** Never unpack to more than this; larger payloads are stored as they are. @default "64mb" */
  readonly maxBytes?: Size;
  /** Turns payloads into bytes. All processes that share the backend need the same one. @default richSerializer */
  readonly serializer?: Serializer;
}

/** What {@link compress} reads. */
export const compressOptions = ["above", "algorithm", "level", "maxBytes", "serializer"] as const;

/**
 * Compresses payloads above a size, off the event loop: `compress({ above: "4kb" })`. Smaller ones, and those that
 * would not shrink, are stored as they are. Entries of any algorithm that the runtime has are read, so that it can be
 * changed at any time. Bytes that can't be unpacked are a miss and an incident.
 *
 * @throws ConfigurationError
 */
export function compress(options: CompressOptions = {}, path = "compress"): ProxyFactory {
  checkOptionNames(options, compressOptions, path);
  const { algorithm = "gzip", level, serializer = richSerializer } = options;
  if (!algorithms.includes(algorithm)) {
    const near = nearest(String(algorithm), algorithms);
    const expected = `one of ${algorithms.join(", ")}`;
    throw new ConfigurationError({
      path: `${path}.algorithm`,
      expected,
      received: algorithm,
      ...(near !== undefined && { hint: `did you mean "${near}"?` }),
    });
  }
  const resolved: ResolvedCompressOptions = {
    above: sizeBytes(options.above ?? 1024, `${path}.above`),
    maxBytes: sizeBytes(options.maxBytes ?? 64 * 1024 ** 2, `${path}.maxBytes`),
    algorithm,
    compressor: compressor(algorithm, level, path),
    serializer,
  };
  return (proxied) => new CompressProxy(proxied, resolved);
}

interface ResolvedCompressOptions {
  readonly above: number;
  readonly maxBytes: number;
  readonly algorithm: Algorithm;
  readonly compressor: Compressor;
  readonly serializer: Serializer;
}

/** In front of the compressed bytes; `stored`: serialized, not compressed. */
const methods = ["stored", ...algorithms] as const;

/** See {@link compress}. */
export class CompressProxy extends ProxyBackend {
  readonly #options: ResolvedCompressOptions;

  constructor(proxied: CacheBackend, options: ResolvedCompressOptions) {
    super(proxied);
    this.#options = options;
  }

  protected override encode(entry: CachedValue, _key: string): Awaitable<CachedValue> {
    const { above, maxBytes, serializer } = this.#options;
    const { payload } = entry;
    // Bytes of the caller's that look like ours must not be taken for ours when they come back.
    if (openEnvelope("z", payload) !== undefined) return sealed(entry, "stored", serializer.serialize(payload));
    if (isSurelySmall(payload, above)) return entry;
    const bytes = serializer.serialize(payload);
    if (bytes.byteLength <= above || bytes.byteLength > maxBytes) return entry;
    return this.#compressed(entry, bytes);
  }

  protected override decode(entry: CachedValue, _key: string): Awaitable<CachedValue> {
    const body = openEnvelope("z", entry.payload);
    return body === undefined ? entry : this.#decompressed(entry, body);
  }

  async #compressed(entry: CachedValue, bytes: Uint8Array): Promise<CachedValue> {
    const { algorithm, compressor } = this.#options;
    const smaller = await compressor.compress(bytes);
    return smaller.byteLength < bytes.byteLength ? sealed(entry, algorithm, smaller) : entry;
  }

  async #decompressed(entry: CachedValue, body: Uint8Array): Promise<CachedValue> {
    const { maxBytes, serializer } = this.#options;
    const method = methods[body[0] ?? methods.length];
    if (method === undefined) throw new SerializationError(`compressed in an unknown way: ${body[0]}`);
    const packed = body.subarray(1);
    const bytes = method === "stored" ? packed : await decompressor(method).decompress(packed, maxBytes);
    return new CachedValue(serializer.deserialize(bytes), entry.metadata, entry.residence);
  }
}

function sealed(entry: CachedValue, method: (typeof methods)[number], bytes: Uint8Array): CachedValue {
  const payload = sealEnvelope("z", Uint8Array.of(methods.indexOf(method)), bytes);
  return new CachedValue(payload, entry.metadata, entry.residence);
}

/** Spares the serializer: most small values are recognised by a look. */
function isSurelySmall(payload: unknown, above: number): boolean {
  if (typeof payload === "string") return payload.length * 6 + 16 <= above;
  return (typeof payload !== "object" || payload === null) && typeof payload !== "bigint" && above >= 64;
}
