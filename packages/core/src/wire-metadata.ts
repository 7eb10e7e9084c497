import type { CacheMetadata, Order } from "./cached-value.ts";
import { checksumText, textChecksum } from "./checksum.ts";
import { SerializationError } from "./errors.ts";
import { noOrderText, orderIn } from "./wire-head.ts";

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };
/** The members of a stored line. */
export type Line = Readonly<Record<string, unknown>>;
/** What of the metadata most entries of a region have in common. */
export type Common = Omit<CacheMetadata, "createdAt" | "startedAt" | "startedOrder" | "revision">;

/** Longer keys stand in the line as a hash. */
export const longestKeptKey = 64;

/** The member that names the key. */
export function keyText(key: string): string {
  return key.length <= longestKeptKey ? `"key":${quoted(key)}` : `"keyHash":"${hashOf(key)}"`;
}

/** The serializer and what of the metadata is no instant and no order, as members of a JSON object. */
export function commonText(metadata: CacheMetadata, serializer: string): string {
  const { formatVersion, ttl, grace, tags, validators } = metadata;
  let text = `"serializer":"${serializer}","formatVersion":${finite(formatVersion, "formatVersion")}`;
  if (ttl !== undefined) text += `,"ttl":${length(ttl, "ttl")}`;
  if (grace !== undefined) text += `,"grace":${length(grace, "grace")}`;
  if (tags !== undefined) text += `,"tags":${JSON.stringify(tags)}`;
  if (validators !== undefined) text += `,"validators":${JSON.stringify(validators)}`;
  return text;
}

/** Instants and order, whatever they are, as members of a JSON object. */
export function timesText(metadata: CacheMetadata, offsetMs: number): string {
  const { createdAt, startedAt, startedOrder } = metadata;
  const text = `"createdAt":${finite(createdAt + offsetMs, "createdAt")},"startedAt":${finite(startedAt + offsetMs, "startedAt")}`;
  if (startedOrder === undefined) return text;
  return `${text},"startedOrder":[${quoted(startedOrder.epoch)},${finite(startedOrder.seq, "startedOrder.seq")}]`;
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

/** The metadata of a line. @throws SerializationError naming the first wrong member */
export function metadataOf(line: Line, revision: Order | undefined, offsetMs: number): CacheMetadata {
  const metadata: Writable<CacheMetadata> = {
    createdAt: number(line["createdAt"], "createdAt") - offsetMs,
    startedAt: number(line["startedAt"], "startedAt") - offsetMs,
    ...commonOf(line),
  };
  const startedOrder = order(line["startedOrder"]);
  if (startedOrder !== undefined) metadata.startedOrder = startedOrder;
  if (revision !== undefined) metadata.revision = revision;
  return metadata;
}

/** What {@link commonText} wrote, but for the serializer. @throws SerializationError naming the first wrong member */
export function commonOf(line: Line): Common {
  const { ttl, grace, tags, validators } = line as Readonly<Record<keyof CacheMetadata, unknown>>;
  const common: Writable<Common> = { formatVersion: number(line["formatVersion"], "formatVersion") };
  if (ttl !== undefined) common.ttl = ttl === "Infinity" ? Number.POSITIVE_INFINITY : number(ttl, "ttl");
  if (grace !== undefined) common.grace = grace === "Infinity" ? Number.POSITIVE_INFINITY : number(grace, "grace");
  if (tags !== undefined) common.tags = texts(tags);
  if (validators !== undefined) common.validators = record(validators);
  return common;
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

/** In both spellings: an epoch and a number, or the text of a fixed length. */
function order(value: unknown): Order | undefined {
  if (value === undefined) return undefined;
  if (value === noOrderText) return undefined;
  if (typeof value === "string") return orderIn(value) ?? wrong("startedOrder");
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
