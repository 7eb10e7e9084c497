import { isCacheError } from "./errors.ts";
import { anObjectWith, type Kind } from "./options.ts";

/** Thrown by a deserializer to say: "these bytes are of no use any more, treat the entry as a miss". */
export class CantDeserializeException extends Error {
  override readonly name: string = "CantDeserializeException";
}

/** Payloads to bytes and back, for tiers that keep bytes. Both halves belong together. */
export interface Serializer {
  /** Written beside the bytes, so that another serializer's bytes are recognised. Letters, digits and `-`. */
  readonly name: string;
  /** @throws when the payload holds what cannot be kept: a function, a symbol, a cycle, NO_VALUE */
  serialize(payload: unknown): Uint8Array;
  /** @throws when the bytes are not its own; a miss and an event follow */
  deserialize(bytes: Uint8Array): unknown;
  /**
   * Optional: the UTF-8 bytes of `start`, and behind them what `serialize` gives, written at once for speed.
   * @throws as `serialize`, and as soon as it is clear that more than `maxBytes` would come out
   */
  serializeAfter?(start: string, payload: unknown, maxBytes: number): Uint8Array;
  /** Optional: what `deserialize` gives for the bytes from `start` on, without cutting them out, for speed. */
  deserializeFrom?(bytes: Uint8Array, start: number): unknown;
}

/** An option that is a {@link Serializer}. */
export const aSerializer: Kind = anObjectWith(
  "an object with name, serialize and deserialize",
  "serialize",
  "deserialize",
);

/** Whether `error` says that stored bytes are of no use: the entry is a miss then, not a failure. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof CantDeserializeException || (isCacheError(error) && error.code === "SERIALIZATION");
}
