import { type CacheError, isCacheError, SerializationError, textOf } from "./errors.ts";
import { PlainWriter } from "./plain-writer.ts";
import { Refusal, refusalError } from "./rich-refusal.ts";
import { RichRevival } from "./rich-revive.ts";
import { RichWalk } from "./rich-walk.ts";
import type { Serializer } from "./serializer.ts";
import { joinedBytes, utf8Bytes, utf8Text } from "./utf8.ts";

const richMark = "R";
const newline = 10;
// The writer's buffer is worth keeping; it holds nothing between two calls.
let idleWriter: PlainWriter | undefined;

/**
 * The default serializer of tiers that keep bytes. Plain data is JSON, read without a second look; anything
 * else is JSON with tags behind the letter `R`, and the bytes of binary values follow it as they are.
 *
 * Comes back the same: all that JSON carries, `undefined` (also in arrays), NaN, infinities, -0, BigInt, Date, Map, Set,
 * RegExp, URL, the language's errors (message, stack, cause and their own fields), ArrayBuffer, DataView, every typed
 * array, Buffer, arrays with holes, objects without prototype, lone surrogates, and any property name.
 * Own enumerable string properties are kept, in their order; symbol keys, extra properties of arrays and the sharing of
 * one object by two places are not: it comes back as two. A getter is read.
 * Refused, with the path: functions, symbols, NO_VALUE, cycles, nesting past 500 levels, instances of other classes
 * (also those with `toJSON`: what it makes is not what was stored).
 */
export const richSerializer: Serializer = Object.freeze({
  name: "rich",

  serialize(payload: unknown): Uint8Array {
    return serializeAfter("", payload, Number.POSITIVE_INFINITY);
  },

  serializeAfter,

  deserialize(bytes: Uint8Array): unknown {
    return deserializeFrom(bytes, 0);
  },

  deserializeFrom,
});

function deserializeFrom(bytes: Uint8Array, start: number): unknown {
  try {
    if (bytes[start] === richMark.charCodeAt(0)) return deserializeRich(bytes, start + 1);
    return JSON.parse(utf8Text(bytes, start, bytes.length));
  } catch (error) {
    throw readingError(error);
  }
}

function deserializeRich(bytes: Uint8Array, start: number): unknown {
  const found = bytes.indexOf(newline, start);
  const end = found < 0 ? bytes.length : found;
  const tree: unknown = JSON.parse(utf8Text(bytes, start, end));
  return new RichRevival(bytes.subarray(Math.min(end + 1, bytes.length))).whole(tree);
}

/** A payload as plain data, with tags for what JSON has no word for, and the bytes of its binary values beside it. */
export interface RichTree {
  /** The payload itself when nothing in it needs a tag. Never change it. */
  readonly tree: unknown;
  readonly blobs: readonly Uint8Array[];
}

/**
 * What the {@link richSerializer} prints, before it is printed: for serializers that carry plain data in their own way.
 * @throws SerializationError with the path of what cannot be stored
 */
export function toRichTree(payload: unknown): RichTree {
  try {
    const walk = new RichWalk(Number.POSITIVE_INFINITY);
    return { tree: walk.replace(payload, 0), blobs: walk.blobs };
  } catch (error) {
    throw storingError(payload, error);
  }
}

/**
 * The payload of a tree that {@link toRichTree} made and that has been read back, which is changed on the way. `blobs`
 * are all its bytes, one after another. Not for a tree that is the payload itself.
 * @throws SerializationError for what is not such a tree
 */
export function fromRichTree(tree: unknown, blobs: Uint8Array): unknown {
  try {
    return new RichRevival(blobs).whole(tree);
  } catch (error) {
    throw readingError(error);
  }
}

function serializeAfter(start: string, payload: unknown, maxBytes: number): Uint8Array {
  const writer = idleWriter ?? new PlainWriter();
  // A getter in the payload may come back here while the writer is at work.
  idleWriter = undefined;
  try {
    return writer.write(start, payload, maxBytes) ?? serializeRich(start, payload, maxBytes);
  } catch (error) {
    throw storingError(payload, error);
  } finally {
    idleWriter = writer;
  }
}

function serializeRich(start: string, payload: unknown, maxBytes: number): Uint8Array {
  const walk = new RichWalk(maxBytes - start.length);
  const tree = walk.replace(payload, 0);
  const text = `${start}${tree === payload ? "" : richMark}${JSON.stringify(tree)}`;
  return walk.blobs.length === 0 ? utf8Bytes(text) : joinedBytes([utf8Bytes(`${text}\n`), ...walk.blobs]);
}

function storingError(payload: unknown, error: unknown): CacheError {
  if (error instanceof Refusal) return refusalError(payload, error);
  if (isCacheError(error)) return error;
  return new SerializationError(`the payload cannot be stored: ${textOf(error)}`, { cause: error });
}

function readingError(error: unknown): CacheError {
  if (isCacheError(error)) return error;
  return new SerializationError(`the stored bytes cannot be read: ${textOf(error)}`, { cause: error });
}
