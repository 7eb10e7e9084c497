import {
  type CachedValue,
  type Clock,
  type Found,
  isEntryRefused,
  NO_VALUE,
  ReadFailure,
  remainingLifeMs,
  SerializationError,
  type Wire,
  type WriteOutcome,
} from "@cascata/core";
import { type Answer, Failed } from "./answer.ts";

/** The length of the head that the server writes in front of a body. */
export const headLength = 39;

/** What is written under a key. */
export interface Body {
  /** As Redis knows it. */
  readonly valueKey: string;
  /** The stored form without its head. */
  readonly bytes: Buffer;
  /** 0: without end. -1: no life left, what was there goes. */
  readonly lifeMs: number;
  /** What the outcome is, whatever the server says: the entry was not worth sending. */
  readonly instead?: WriteOutcome;
}

/** What is told of bytes that are no entry. */
export type OnCorrupt = (key: string, error: unknown) => void;

const noBytes = Buffer.alloc(0);
const longestLifeMs = 2 ** 52;

/** Entries to bytes and back, and Redis's answers to what a backend says. */
export class Codec {
  readonly #name: string;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #onCorrupt: OnCorrupt;

  constructor(name: string, wire: Wire, clock: Clock, onCorrupt: OnCorrupt) {
    this.#name = name;
    this.#wire = wire;
    this.#clock = clock;
    this.#onCorrupt = onCorrupt;
  }

  /**
   * An entry without life left becomes a deletion, and so does one that is too large: its key's older value must not be
   * served on.
   * @throws SerializationError when the payload cannot be stored
   */
  body(key: string, valueKey: string, entry: CachedValue, keepMs: number = Number.POSITIVE_INFINITY): Body {
    const life = Math.min(keepMs, remainingLifeMs(entry.metadata, this.#clock.now()));
    if (!(life > 0)) return { valueKey, bytes: noBytes, lifeMs: -1 };
    let encoded: Uint8Array;
    try {
      encoded = this.#wire.encode(key, entry);
    } catch (error) {
      if (!isEntryRefused(error)) throw error;
      return { valueKey, bytes: noBytes, lifeMs: -1, instead: { status: "refused", why: error.why } };
    }
    const { buffer, byteOffset, byteLength } = encoded;
    const bytes = Buffer.from(buffer, byteOffset + headLength, byteLength - headLength);
    return { valueKey, bytes, lifeMs: life >= longestLifeMs ? 0 : Math.max(1, Math.ceil(life)) };
  }

  /** What a backend says of an answer. Bytes that are no entry are a miss and an incident. */
  found(key: string, answer: Answer): Found {
    if (answer === null || answer === undefined) return NO_VALUE;
    if (answer instanceof Failed) return this.#failed(key, answer);
    return this.#decoded(key, answer);
  }

  #failed(key: string, failed: Failed): Found {
    if (failed.code !== "WRONGTYPE") return new ReadFailure(this.#name, failed.error);
    this.#onCorrupt(key, failed.error);
    return NO_VALUE;
  }

  #decoded(key: string, bytes: unknown): Found {
    try {
      if (!Buffer.isBuffer(bytes)) throw new SerializationError("Redis holds something else than bytes here");
      return this.#wire.decode(key, bytes);
    } catch (error) {
      this.#onCorrupt(key, error);
      return NO_VALUE;
    }
  }
}

/** What a failed write means for each of its keys. */
export function writeFailure(failed: Failed): WriteOutcome {
  const { error, sent, answered } = failed;
  return sent && !answered ? { status: "unknown", error } : { status: "failed", error };
}
