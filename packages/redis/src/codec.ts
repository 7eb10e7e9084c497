import { isUtf8 } from "node:buffer";
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
import type { RedisArgument } from "./redis-like.ts";

/** The length of the head that the server writes in front of a body. */
export const headLength = 39;

/** What is written under a key. */
export interface Body {
  /** As Redis knows it. */
  readonly valueKey: string;
  /** The stored form without its head. */
  readonly content: RedisArgument;
  readonly size: number;
  /** 0: without end. -1: no life left, what was there goes. */
  readonly lifeMs: number;
  /** What the outcome is, whatever the server says: the entry was not worth sending. */
  readonly instead?: WriteOutcome;
}

/** What is told of bytes that are no entry. */
export type OnCorrupt = (key: string, error: unknown) => void;

/** Above that what a text saves is lost in making it. */
const longestText = 4096;
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

  /** The instant from which the lives of a batch are counted. */
  now(): number {
    return this.#clock.now();
  }

  /**
   * An entry without life left becomes a deletion, and so does one that is too large: its key's older value must not be
   * served on.
   * @throws SerializationError when the payload cannot be stored
   */
  body(key: string, valueKey: string, entry: CachedValue, now: number, keepMs: number | undefined): Body {
    const left = remainingLifeMs(entry.metadata, now);
    const life = keepMs !== undefined && keepMs < left ? keepMs : left;
    if (!(life > 0)) return { valueKey, content: "", size: 0, lifeMs: -1 };
    try {
      const encoded = this.#wire.encode(key, entry);
      const size = encoded.length - headLength;
      const content = contentOf(encoded);
      return { valueKey, content, size, lifeMs: life >= longestLifeMs ? 0 : Math.max(1, Math.ceil(life)) };
    } catch (error) {
      if (!isEntryRefused(error)) throw error;
      return { valueKey, content: "", size: 0, lifeMs: -1, instead: { status: "refused", why: error.why } };
    }
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

/** A text where that is what it is: the client writes a command's texts at once, and each Buffer on its own. */
function contentOf({ buffer, byteOffset, byteLength }: Uint8Array): RedisArgument {
  const bytes = Buffer.from(buffer, byteOffset + headLength, byteLength - headLength);
  return byteLength <= longestText && isUtf8(bytes) ? bytes.toString() : bytes;
}

/** What a failed write means for each of its keys. */
export function writeFailure(failed: Failed): WriteOutcome {
  const { error, sent, answered } = failed;
  return sent && !answered ? { status: "unknown", error } : { status: "failed", error };
}
