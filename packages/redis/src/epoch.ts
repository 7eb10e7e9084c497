import { randomBytes } from "node:crypto";
import type { Order } from "@cascata/core";

/** A name for an epoch: random, twelve characters. */
export function newEpoch(): string {
  return randomBytes(9).toString("base64url");
}

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

/**
 * The name that scripts take along in case an epoch has to begin. Making one costs as much as a tenth of a request, so it
 * is made anew only when it has been used.
 */
export class EpochCandidate {
  #name = newEpoch();

  get name(): string {
    return this.#name;
  }

  /** The order in a script's reply. */
  order(epoch: unknown, seq: unknown): Order {
    const order = orderOf(epoch, seq);
    if (order.epoch === this.#name) this.#name = newEpoch();
    return order;
  }
}
