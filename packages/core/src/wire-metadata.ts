import type { CacheMetadata, Order } from "./cached-value.ts";
import { SerializationError } from "./errors.ts";
import { orderIn } from "./wire-head.ts";

/** Checksum, instants in microseconds, and order. */
const stampForm = /^[\da-f]{16} (\d{16}) (\d{16}) ([!-~]{12} \d{16})$/;

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };
/** The members of a stored line. */
export type Line = Readonly<Record<string, unknown>>;
/** What of the metadata most entries of a region have in common. */
export type Common = Omit<CacheMetadata, "createdAt" | "startedAt" | "startedOrder" | "revision">;

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
  return `${text},"startedOrder":[${JSON.stringify(startedOrder.epoch)},${finite(startedOrder.seq, "startedOrder.seq")}]`;
}

/** The metadata of a line. @throws SerializationError naming the first wrong member */
export function metadataOf(line: Line, revision: Order | undefined, offsetMs: number): CacheMetadata {
  const [, created, started, order] = stampForm.exec(String(line["stamp"])) ?? [];
  const metadata: Writable<CacheMetadata> = {
    createdAt: instant(created, line, "createdAt") - offsetMs,
    startedAt: instant(started, line, "startedAt") - offsetMs,
    ...commonOf(line),
  };
  const startedOrder = order === undefined ? orderOf(line["startedOrder"]) : orderIn(order);
  if (startedOrder !== undefined) metadata.startedOrder = startedOrder;
  if (revision !== undefined) metadata.revision = revision;
  return metadata;
}

/** From the stamp, if it stands there. */
function instant(micros: string | undefined, line: Line, name: string): number {
  return micros === undefined ? number(line[name], name) : Number(micros) / 1000;
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

function orderOf(value: unknown): Order | undefined {
  if (value === undefined) return undefined;
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
