import type { Mark } from "@cascata/core";

const reserved = "cascata.";
const shelter = `${reserved}key:`;
const unitsOf = `${reserved}utf16:`;
/** With the flag, halves of a pair match only where the other half is missing. */
const loneSurrogate = /[\uD800-\uDFFF]/u;

/**
 * The key under which an entry stands. A caller's key that looks like one of ours, or is empty (which stores refuse or lose),
 * is put behind a prefix, so that no caller's key is ever a mark's. One that has no UTF-8 form, which a store on the other
 * side of a socket would confuse with others, is spelt in hexadecimal.
 */
export function entryKey(key: string): string {
  if (loneSurrogate.test(key)) return spelt(key);
  return key === "" || key.startsWith(reserved) ? shelter + key : key;
}

/** The key under which a mark stands. */
export function markKey(name: string, mode: Mark["mode"]): string {
  return `${reserved}mark:${mode}:${entryKey(name)}`;
}

function spelt(key: string): string {
  const units = Array.from({ length: key.length }, (_, at) => key.charCodeAt(at).toString(16).padStart(4, "0"));
  return unitsOf + units.join("");
}
