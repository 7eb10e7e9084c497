import type { CacheMetadata, Order } from "./cached-value.ts";
import { checksumText, textChecksum } from "./checksum.ts";
import { SerializationError } from "./errors.ts";

type Writable = { -readonly [Name in keyof CacheMetadata]: CacheMetadata[Name] };
type Line = Readonly<Record<string, unknown>>;

/** Longer keys stand in the line as a hash. */
export const longestKeptKey = 64;

/** The metadata of an entry as members of a JSON object, without its braces. Instants are shifted by `offsetMs`. */
export function metadataText(key: string, metadata: CacheMetadata, serializer: string, offsetMs: number): string {
  const { createdAt, startedAt, startedOrder, ttl, grace, tags, validators } = metadata;
  const created = finite(createdAt + offsetMs, "createdAt");
  let text = key.length <= longestKeptKey ? `"key":${quoted(key)}` : `"keyHash":"${hashOf(key)}"`;
  text += `,"serializer":"${serializer}","formatVersion":${finite(metadata.formatVersion, "formatVersion")}`;
  text += `,"createdAt":${created},"startedAt":`;
  // Printing an instant takes as long as all the rest, and a value that was given and not made has the same one twice.
  text += startedAt === createdAt ? created : finite(startedAt + offsetMs, "startedAt");
  if (ttl !== undefined) text += `,"ttl":${length(ttl, "ttl")}`;
  if (grace !== undefined) text += `,"grace":${length(grace, "grace")}`;
  if (startedOrder !== undefined) {
    text += `,"startedOrder":[${quoted(startedOrder.epoch)},${finite(startedOrder.seq, "startedOrder.seq")}]`;
  }
  if (tags !== undefined) text += `,"tags":${JSON.stringify(tags)}`;
  if (validators !== undefined) text += `,"validators":${JSON.stringify(validators)}`;
  return text;
}

/** As `JSON.stringify` does it, without the call where there is nothing to escape. */
function quoted(text: string): string {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 32 || unit > 126 || unit === 34 || unit === 92) return JSON.stringify(text);
  }
  return `"${text}"`;
}

/** Whether the line was written for `key`. */
export function isOfKey(line: Line, key: string): boolean {
  return key.length <= longestKeptKey ? line["key"] === key : line["keyHash"] === hashOf(key);
}

/** The metadata that {@link metadataText} wrote. @throws SerializationError naming the first wrong member */
export function metadataOf(line: Line, revision: Order | undefined, offsetMs: number): CacheMetadata {
  const { startedOrder, ttl, grace, tags, validators } = line as Readonly<Record<keyof CacheMetadata, unknown>>;
  const metadata: Writable = {
    createdAt: number(line["createdAt"], "createdAt") - offsetMs,
    startedAt: number(line["startedAt"], "startedAt") - offsetMs,
    formatVersion: number(line["formatVersion"], "formatVersion"),
  };
  if (startedOrder !== undefined) metadata.startedOrder = order(startedOrder);
  if (revision !== undefined) metadata.revision = revision;
  if (ttl !== undefined) metadata.ttl = ttl === "Infinity" ? Number.POSITIVE_INFINITY : number(ttl, "ttl");
  if (grace !== undefined) metadata.grace = grace === "Infinity" ? Number.POSITIVE_INFINITY : number(grace, "grace");
  if (tags !== undefined) metadata.tags = texts(tags);
  if (validators !== undefined) metadata.validators = record(validators);
  return metadata;
}

/** What stands for a long key. */
export function hashOf(key: string): string {
  return checksumText(textChecksum(key));
}

function finite(value: number, name: string): string {
  if (Number.isFinite(value)) return String(value);
  throw new SerializationError(`metadata.${name} is ${value}, which cannot be stored`);
}

function length(ms: number, name: string): string {
  return ms === Number.POSITIVE_INFINITY ? '"Infinity"' : finite(ms, name);
}

function number(value: unknown, name: string): number {
  return typeof value === "number" ? value : wrong(name);
}

function order(value: unknown): Order {
  if (!Array.isArray(value) || typeof value[0] !== "string") return wrong("startedOrder");
  return { epoch: value[0], seq: number(value[1], "startedOrder") };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : wrong("tags");
}

function record(value: unknown): Readonly<Record<string, string>> {
  const isRecord = typeof value === "object" && value !== null && texts(Object.values(value)) !== undefined;
  return isRecord ? (value as Readonly<Record<string, string>>) : wrong("validators");
}

function wrong(name: string): never {
  throw new SerializationError(`the stored metadata has no right ${name}`);
}
