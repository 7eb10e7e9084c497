import type { Mark } from "@cascata/core";

const reserved = "cascata.";
const shelter = `${reserved}key:`;

/**
 * The key under which an entry stands. A caller's key that looks like one of ours, or is empty (which stores refuse or lose),
 * is put behind a prefix, so that no caller's key is ever a mark's.
 */
export function entryKey(key: string): string {
  return key === "" || key.startsWith(reserved) ? shelter + key : key;
}

/** The key under which a mark stands. */
export function markKey(name: string, mode: Mark["mode"]): string {
  return `${reserved}mark:${mode}:${name}`;
}
