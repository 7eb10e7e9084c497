import { CachedValue, type CacheMetadata, type Order } from "./cached-value.ts";
import { checksum } from "./checksum.ts";
import { ConfigurationError, isCacheError, SerializationError, textOf } from "./errors.ts";
import { EntryRefused } from "./refusal.ts";
import { TooBig } from "./rich-refusal.ts";
import { aSerializer, type Serializer } from "./serializer.ts";
import { joinedBytes, utf8Bytes, utf8Text, Views, viewOf } from "./utf8.ts";
import { hexWord } from "./wire-digits.ts";
import { hasHead, headBytes, headOf, revisionOf } from "./wire-head.ts";
import { checkDigits, checkStart, coveredFrom, LineReader, lineText } from "./wire-line.ts";
import { metadataOf } from "./wire-metadata.ts";

export { headBytes } from "./wire-head.ts";

/** How entries become bytes. */
export interface WireOptions {
  readonly serializer: Serializer;
  /** Entries that take more bytes, head and metadata included, are refused. @default Infinity */
  readonly maxEntryBytes?: number;
  /** What is added to this process's clock to get the tier's, in milliseconds; asked for each entry. @default () => 0 */
  readonly offsetMs?: () => number;
}

const startBytes = utf8Bytes(checkStart);
const checkAt = headBytes + checkStart.length;
const noCheck = "0".repeat(checkDigits);
const newline = 10;

/**
 * Entries to bytes and back, for tiers that keep bytes: the head with the revision, one line of JSON with the metadata,
 * and the payload as the serializer made it. What is read back was written for this key, by this serializer, and is
 * whole; anything else is a SerializationError. The checksum covers the key, which is not stored, and all but the head, which
 * the store may write.
 */
export class Wire {
  readonly #serializer: Serializer;
  readonly #maxBytes: number;
  readonly #offsetMs: () => number;
  readonly #reader: LineReader;
  readonly #views = new Views();

  /** @throws ConfigurationError for what is no serializer or has no proper name, or a maximum that is not a positive number */
  constructor(options: WireOptions) {
    const { serializer, maxEntryBytes = Number.POSITIVE_INFINITY, offsetMs = () => 0 } = options;
    if (!aSerializer.accepts(serializer)) {
      const { expected } = aSerializer;
      throw new ConfigurationError({ path: "serializer", expected, received: serializer });
    }
    if (!/^[A-Za-z0-9-]+$/.test(serializer.name)) {
      throw new ConfigurationError({
        path: "serializer.name",
        expected: "letters, digits and -",
        received: serializer.name,
      });
    }
    if (!(maxEntryBytes > 0)) {
      throw new ConfigurationError({ path: "maxEntryBytes", expected: "a number above 0", received: maxEntryBytes });
    }
    this.#serializer = serializer;
    this.#maxBytes = maxEntryBytes;
    this.#offsetMs = offsetMs;
    this.#reader = new LineReader(serializer.name);
  }

  /**
   * The bytes of an entry, a Buffer where the runtime has it. The entry's own revision stands in the head; where it has none, zeros do.
   * @throws SerializationError for a payload that cannot be stored
   * @throws EntryRefused (`too-large`) for an entry that takes more than `maxEntryBytes`, as soon as that is clear
   */
  encode(key: string, entry: CachedValue): Uint8Array {
    const { metadata } = entry;
    const line = lineText(metadata, this.#serializer.name, this.#offsetMs());
    const start = headOf(metadata.revision) + checkStart + noCheck + line;
    const bytes = this.#bytesOf(key, start, entry.payload);
    if (bytes.length > this.#maxBytes) throw this.#tooBig(key, `${bytes.length}`);
    writeCheck(bytes, key);
    return bytes;
  }

  /**
   * The entry that was stored under `key`.
   * @throws SerializationError for bytes that something else wrote, or that were cut, changed, or stored for another key
   */
  decode(key: string, bytes: Uint8Array): CachedValue {
    const view = this.#views.around(bytes);
    const at = bytes.byteOffset;
    const end = at + bytes.length;
    if (!hasHead(view, at, end)) throw failure(key, "it was not written by Cascata, or was cut");
    if (!isWhole(view, at, end, key)) throw failure(key, "it was cut, changed or stored for another key");
    const offsetMs = this.#offsetMs();
    const quick = this.#reader.read(bytes, view, at, offsetMs);
    const from = quick === undefined ? bytes.indexOf(newline, coveredFrom) + 1 : this.#reader.end;
    const metadata = quick ?? this.#parsed(key, bytes, from - 1, offsetMs);
    try {
      return new CachedValue(this.#payloadOf(bytes, from), metadata);
    } catch (error) {
      throw failure(key, textOf(error), error);
    }
  }

  /** The revision in the head of stored bytes, without reading further; `undefined` if there is none, or no head. */
  static revision(bytes: Uint8Array): Order | undefined {
    const view = viewOf(bytes);
    return hasHead(view, 0, bytes.length) ? revisionOf(view, 0) : undefined;
  }

  /** The metadata of a line that is not for the {@link LineReader}. */
  #parsed(key: string, bytes: Uint8Array, lineEnd: number, offsetMs: number): CacheMetadata {
    const line = lineEnd < 0 ? undefined : parsedLine(utf8Text(bytes, headBytes, lineEnd));
    if (line === undefined) throw failure(key, "its metadata cannot be read");
    const serializer = line["serializer"];
    if (serializer !== this.#serializer.name) {
      throw failure(key, `serializer ${textOf(serializer)} wrote it, and ${this.#serializer.name} is to read it`);
    }
    try {
      return metadataOf(line, Wire.revision(bytes), offsetMs);
    } catch (error) {
      throw failure(key, textOf(error), error);
    }
  }

  #payloadOf(bytes: Uint8Array, from: number): unknown {
    const serializer = this.#serializer;
    if (serializer.deserializeFrom !== undefined) return serializer.deserializeFrom(bytes, from);
    return serializer.deserialize(bytes.subarray(from));
  }

  #bytesOf(key: string, start: string, payload: unknown): Uint8Array {
    try {
      const serializer = this.#serializer;
      return (
        serializer.serializeAfter?.(start, payload, this.#maxBytes) ??
        joinedBytes([utf8Bytes(start), serializer.serialize(payload)])
      );
    } catch (error) {
      if (error instanceof TooBig) throw this.#tooBig(key, `at least ${error.atLeast}`);
      const text = `the value of ${textOf(key)} cannot be stored: ${textOf(error)}`;
      throw new SerializationError(text, { cause: isCacheError(error) ? error.cause : error });
    }
  }

  #tooBig(key: string, size: string): EntryRefused {
    const detail = `the entry of ${textOf(key)} takes ${size} bytes, and maxEntryBytes allows ${this.#maxBytes}`;
    return new EntryRefused("too-large", { detail });
  }
}

function parsedLine(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === "object" && line !== null ? (line as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function writeCheck(bytes: Uint8Array, key: string): void {
  const view = viewOf(bytes);
  const { high, low } = checksum(view, coveredFrom, bytes.length, key);
  view.setInt32(checkAt, hexWord(high >>> 16), true);
  view.setInt32(checkAt + 4, hexWord(high), true);
  view.setInt32(checkAt + 8, hexWord(low >>> 16), true);
  view.setInt32(checkAt + 12, hexWord(low), true);
}

function isWhole(view: DataView, from: number, end: number, key: string): boolean {
  if (end - from <= coveredFrom) return false;
  for (let at = 0; at < startBytes.length; at += 1)
    if (view.getUint8(from + headBytes + at) !== startBytes[at]) return false;
  const { high, low } = checksum(view, from + coveredFrom, end, key);
  const check = from + checkAt;
  return (
    view.getInt32(check, true) === hexWord(high >>> 16) &&
    view.getInt32(check + 4, true) === hexWord(high) &&
    view.getInt32(check + 8, true) === hexWord(low >>> 16) &&
    view.getInt32(check + 12, true) === hexWord(low)
  );
}

function failure(key: string, why: string, cause?: unknown): SerializationError {
  return new SerializationError(`the entry of ${textOf(key)} cannot be used: ${why}`, { cause });
}
