import type { KeyMangler } from "@cascata/core";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/**
 * The 40 hexadecimal digits of a key's SHA-1, of a text's UTF-8 bytes: dogpile's `sha1_mangle_key`.
 * A lone surrogate has no UTF-8 form and counts as U+FFFD, so texts that differ only in those share a digest.
 */
export function sha1MangleKey(key: string | Uint8Array): string {
  return bytesToHex(sha1(bytesOf(key)));
}

/** The 64 hexadecimal digits of a key's SHA-256, of a text's UTF-8 bytes. */
export function sha256MangleKey(key: string | Uint8Array): string {
  return bytesToHex(sha256(bytesOf(key)));
}

/** {@link sha1MangleKey} as a mangler. Two keys can be made that collide: not for keys that strangers choose. */
export const sha1Mangler: KeyMangler = (key) => sha1MangleKey(key);

/** {@link sha256MangleKey} as a mangler. */
export const sha256Mangler: KeyMangler = (key) => sha256MangleKey(key);

function bytesOf(key: string | Uint8Array): Uint8Array {
  return typeof key === "string" ? utf8ToBytes(key) : key;
}
