/**
 * Where a namespace keeps what in Redis. A value's key is the namespace and the encoded key in braces, so that the value
 * and its lease always share a hash slot, whatever the caller's key is; the namespace's own keys share another one.
 */
export class KeySpace {
  readonly namespace: string;
  /** A hash: epoch, counter, place in the feed, floor of the marks. */
  readonly order: string;
  /** A stream of notices. */
  readonly feed: string;
  /** A hash: each mark's order and instant. */
  readonly marks: string;
  /** A sorted set: when each mark was put. */
  readonly markAges: string;
  readonly #before: string;

  constructor(namespace: string) {
    this.namespace = namespace;
    this.#before = `${namespace}:{`;
    this.order = `{${namespace}}:order`;
    this.feed = `{${namespace}}:feed`;
    this.marks = `{${namespace}}:marks`;
    this.markAges = `{${namespace}}:marks:age`;
  }

  /** Where the value of `key` stands. The lease stands at the same with `:lease` after it. */
  valueKey(key: string): string {
    return `${this.#before}${encodeKey(key)}}`;
  }

  /** The same for many. */
  valueKeys(keys: readonly string[]): readonly string[] {
    // All are looked into at once: a fresh text has to be put together for that, which takes longer than looking.
    if (!isCommonText(keys.join(""))) return keys.map((key) => this.valueKey(key));
    return keys.map((key) => `${this.#before}${key === "" ? empty : key}}`);
  }

  /** The caller's key of a value's key; the inverse of {@link valueKey}. */
  callersKey(valueKey: string): string {
    return decodeKey(valueKey.slice(this.#before.length, -1));
  }
}

// A lone surrogate has no UTF-8; a client would send the replacement character for each of them.
const special = /[%{}\p{Cc}\p{Cs}]/u;
const specials = /[%{}\p{Cc}\p{Cs}]/gu;
const escapes = /%(?:u([0-9A-F]{4})|([0-9A-F]{2})|_)/g;
const empty = "%_";
/** By code: 1 for what stays as it is, in ASCII. */
const isCommon = Uint8Array.from({ length: 128 }, (_, code) => (special.test(String.fromCharCode(code)) ? 0 : 1));

/**
 * A text without braces and control characters, never empty, and different for different keys. Most keys stay as they are.
 */
export function encodeKey(key: string): string {
  if (key === "") return empty;
  // In most keys there is nothing to look for, and looking by hand takes a fifth of the time.
  return isCommonText(key) || !special.test(key) ? key : key.replace(specials, escaped);
}

function isCommonText(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (isCommon[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** The inverse of {@link encodeKey}. */
export function decodeKey(encoded: string): string {
  if (!encoded.includes("%")) return encoded;
  return encoded.replace(escapes, (_, long: string | undefined, short: string | undefined) => {
    const code = long ?? short;
    return code === undefined ? "" : String.fromCharCode(Number.parseInt(code, 16));
  });
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase();
  return code.length > 2 ? `%u${code.padStart(4, "0")}` : `%${code.padStart(2, "0")}`;
}
