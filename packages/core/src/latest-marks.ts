import type { CacheMetadata } from "./cached-value.ts";
import type { Mark } from "./capabilities.ts";

/** The latest instant and the latest order of all marks together: what began after both is covered by none of them. */
export class LatestMarks {
  #at = Number.NEGATIVE_INFINITY;
  #uncountedAt = Number.NEGATIVE_INFINITY;
  #epoch: string | undefined;
  #seq = Number.NEGATIVE_INFINITY;
  #manyEpochs = false;

  note({ at, order }: Mark): void {
    this.#at = Math.max(this.#at, at);
    if (order === undefined) this.#uncountedAt = Math.max(this.#uncountedAt, at);
    else if (this.#epoch === undefined || this.#epoch === order.epoch) {
      this.#epoch = order.epoch;
      this.#seq = Math.max(this.#seq, order.seq);
    } else this.#manyEpochs = true;
  }

  /** `false` where it can't be told without looking closer. */
  areBefore({ startedOrder, startedAt }: CacheMetadata): boolean {
    if (startedOrder === undefined) return startedAt >= this.#at;
    if (this.#manyEpochs || startedAt < this.#uncountedAt) return false;
    return this.#epoch === undefined || (startedOrder.epoch === this.#epoch && startedOrder.seq >= this.#seq);
  }
}
