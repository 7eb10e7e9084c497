import type { Order } from "@cascata/core";

/** The order that a script gave in two values. */
export function orderOf(epoch: unknown, seq: unknown): Order {
  return { epoch: String(epoch), seq: Number(seq) };
}

/** A revision as the head of a value spells it. */
export function revisionText({ epoch, seq }: Order): string {
  return `${epoch.padEnd(12, ".")} ${String(seq).padStart(16, "0")}`;
}

/** What a leased read rejects: nothing, anything (`*`), or a revision. */
export function rejectedText(rejects: Order | "any" | undefined): string {
  if (rejects === undefined) return "";
  return rejects === "any" ? "*" : revisionText(rejects);
}
