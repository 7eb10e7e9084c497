import type { CacheMetadata, Order } from "./cached-value.ts";
import { checksumText, textChecksum } from "./checksum.ts";
import { SerializationError } from "./errors.ts";

type Writable = { -readonly [Name in keyof CacheMetadata]: CacheMetadata[Name] };
type Line = Readonly<Record<string, unknown>>;

const longestKeptKey = 64;

/** The metadata of an entry as members of a JSON object, without its braces. Instants are shifted by `offsetMs`. */
export function metadataText(key: string, metadata: CacheMetadata, serializer: string, offsetMs: number): string {
  const { startedOrder, ttl, grace, tags, validators } = metadata;
  let text = key.length <= longestKeptKey ? `"key":${JSON.stringify(key)}` : `"keyHash":"${hashOf(key)}"`;
  text += `,"serializer":"${serializer}","formatVersion":${finite(metadata.formatVersion, "formatVersion")}`;
  text += `,"createdAt":${finite(metadata.createdAt + offsetMs, "createdAt")}`;
  text += `,"startedAt":${finite(metadata.startedAt + offsetMs, "startedAt")}`;
  if (ttl !== undefined) text += `,"ttl":${length(ttl, "ttl")}`;
  if (grace !== undefined) text += `,"grace":${length(grace, "grace")}`;
  if (startedOrder !== undefined) {
    text += `,"startedOrder":[${JSON.stringify(startedOrder.epoch)},${finite(startedOrder.seq, "startedOrder.seq")}]`;
  }
  if (tags !== undefined) text += `,"tags":${JSON.stringify(tags)}`;
  if (validators !== undefined) text += `,"validators":${JSON.stringify(validators)}`;
  return text;
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

function hashOf(key: string): string {
  return checksumText(textChecksum(key));
}

function finite(value: number, name: string): number {
  if (Number.isFinite(value)) return value;
  throw new SerializationError(`metadata.${name} is ${value}, which cannot be stored`);
}

function length(ms: number, name: string): string {
  return ms === Number.POSITIVE_INFINITY ? '"Infinity"' : String(finite(ms, name));
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
