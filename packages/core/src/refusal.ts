import type { Refusal } from "./contexts.ts";
import { CacheError, isCacheError } from "./errors.ts";

/** How an {@link EntryRefused} is dealt with. */
export interface EntryRefusedOptions {
  /** The proxy hides what is stored for the key anyway: don't delete it. @default false */
  readonly leaveOld?: boolean;
  /** What is said beside the reason: which entry, how large. */
  readonly detail?: string;
}

/**
 * Thrown by a proxy's `encode`, and by a Wire, to say that this entry is not to be stored. The key's outcome is `refused`; what was
 * stored for it before is deleted, and a lease that the write carried is given back.
 */
export class EntryRefused extends CacheError {
  readonly why: Refusal;
  readonly leaveOld: boolean;

  constructor(why: Refusal, options: EntryRefusedOptions = {}) {
    super("ENTRY_REFUSED", `the entry was refused: ${why}${options.detail === undefined ? "" : `, ${options.detail}`}`);
    this.why = why;
    this.leaveOld = options.leaveOld ?? false;
  }
}

/** Whether `error` is an {@link EntryRefused}, also one of another installed copy of this package. */
export function isEntryRefused(error: unknown): error is EntryRefused {
  return isCacheError(error) && error.code === "ENTRY_REFUSED";
}
