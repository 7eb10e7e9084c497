import { type CacheError, isCacheError } from "@cascata/core";

/**
 * A request that gave no value. `sent`: whether Redis may have carried it out; a reply that says no is `answered`, so that
 * it surely did not.
 */
export class Failed {
  readonly error: CacheError;
  readonly sent: boolean;
  readonly answered: boolean;

  constructor(error: CacheError, sent: boolean, answered = false) {
    this.error = error;
    this.sent = sent;
    this.answered = answered;
  }

  /** The server's own word: `OOM`, `WRONGTYPE`, `NOSCRIPT` …; empty where it said nothing. */
  get code(): string {
    return this.answered ? serverCode(isCacheError(this.error) ? this.error.cause : this.error) : "";
  }
}

/** What became of a request: Redis's reply, or a {@link Failed}. A request never rejects. */
export type Answer = unknown;

/** The first word of a server's error reply; empty for an error that a client made itself. */
export function serverCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return /^[A-Z][A-Z0-9]{2,}(?= |$)/.exec(error.message)?.[0] ?? "";
}
