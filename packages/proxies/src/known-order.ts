import type { Order } from "@cascata/core";

/** The latest order that was heard of, by way of many senders: what they say of one moment comes in any order. */
export class KnownOrder {
  #latest: Order | undefined;
  /** Epochs that the store has left: an order of one of them has only been long on its way. */
  readonly #past = new Set<string>();

  get latest(): Order | undefined {
    return this.#latest;
  }

  /** Says whether it is of an epoch that was not known: the store was emptied or replaced. */
  note(order: Order | undefined): boolean {
    if (order === undefined || this.#past.has(order.epoch)) return false;
    const before = this.#latest;
    if (before !== undefined && before.epoch === order.epoch && before.seq >= order.seq) return false;
    this.#latest = order;
    if (before === undefined || before.epoch === order.epoch) return false;
    this.#past.add(before.epoch);
    return true;
  }

  forget(): void {
    this.#latest = undefined;
    this.#past.clear();
  }
}
