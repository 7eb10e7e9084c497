import type { WriteOutcome } from "@cascata/core";
import type { Body } from "./codec.ts";

/** What a write carries beside its bodies. */
export interface WriteTerms {
  readonly deadline?: number | undefined;
  readonly ticket?: string | undefined;
  readonly sender?: string | undefined;
}

/** How values get into Redis and out of it again. Outcomes are aligned with what was given. */
export interface Writer {
  store(bodies: readonly Body[], terms: WriteTerms): Promise<readonly WriteOutcome[]>;
  remove(valueKeys: readonly string[], terms: WriteTerms): Promise<readonly WriteOutcome[]>;
}
