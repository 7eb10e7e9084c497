import { isKeyv5, type Keyv5, type Keyv6 } from "./keyv-like.ts";

/** How Keyv wraps a value. We never fill in `expires`: a Keyv that finds it passed deletes the entry on a read. */
interface Envelope {
  readonly value?: unknown;
}

/** What a Keyv does with keys and values on their way to its store, so that we do the same. */
export interface KeyvCoder {
  key(key: string): string;
  wrap(envelope: Envelope): unknown;
  unwrap(stored: string): unknown;
}

/** The coder of a Keyv, or of a store without one, which gets what a Keyv with default options would give it. */
export function coderOf(keyv: Keyv5 | Keyv6 | undefined): KeyvCoder {
  if (keyv === undefined) return plain;
  return isKeyv5(keyv) ? coder5(keyv) : coder6(keyv);
}

const plain: KeyvCoder = {
  key: (key) => key,
  wrap: (envelope) => JSON.stringify(envelope),
  unwrap: (stored) => JSON.parse(stored),
};

function coder5(keyv: Keyv5): KeyvCoder {
  return {
    key: (key) => (keyv.useKeyPrefix !== false && keyv.namespace !== undefined ? `${keyv.namespace}:${key}` : key),
    wrap: (envelope) => keyv.serializeData(envelope),
    unwrap: (stored) => keyv.deserializeData(stored),
  };
}

function coder6(keyv: Keyv6): KeyvCoder {
  return {
    key: (key) => (keyv.sanitize?.enabled === true ? keyv.sanitize.cleanKey(key) : key),
    wrap: (envelope) => keyv.encode(envelope),
    // Not its `decode`: that tells of a poisoned value by an error event, which would count as a failure of other calls.
    unwrap: async (stored) => {
      const decrypted: unknown = (await keyv.encryption?.decrypt(stored)) ?? stored;
      const whole: unknown = (await keyv.compression?.decompress(decrypted as string)) ?? decrypted;
      return typeof whole === "string" && keyv.serialization !== undefined
        ? await keyv.serialization.parse(whole)
        : whole;
    },
  };
}
