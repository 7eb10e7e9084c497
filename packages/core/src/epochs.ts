import type { CacheMetadata } from "./cached-value.ts";
import type { Mark } from "./capabilities.ts";

/** Which of a store's epochs came before the one that it is in now, as far as the feed has told. */
export class Epochs {
  #current: string | undefined;
  readonly #past = new Set<string>();

  /** The feed is in this epoch. */
  heard(epoch: string | undefined): void {
    if (epoch === undefined || epoch === this.#current) return;
    if (this.#current !== undefined) this.#past.add(this.#current);
    this.#past.delete(epoch);
    this.#current = epoch;
  }

  /** Marks that the store holds, while it is in `epoch`. */
  older(marks: readonly (readonly Mark[])[], epoch: string): void {
    for (const list of marks)
      for (const { order } of list) if (order !== undefined && order.epoch !== epoch) this.#past.add(order.epoch);
  }

  /**
   * Whether a mark covers an entry: by the authority's order within one epoch; by this process's time where there is none. An
   * entry of the current epoch started after every mark of a past one; whatever else can't be compared is covered.
   */
  covers({ order, at }: Mark, { startedOrder, startedAt }: Pick<CacheMetadata, "startedOrder" | "startedAt">): boolean {
    if (order === undefined || startedOrder === undefined) return startedAt < at;
    if (order.epoch === startedOrder.epoch) return startedOrder.seq < order.seq;
    return !(startedOrder.epoch === this.#current && this.#past.has(order.epoch));
  }
}
