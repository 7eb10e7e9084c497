const most = 20_000;

/**
 * What this process knows of entries that it stored: the trust that a read-through tier gave them, which is an object of
 * this process and can't go into the file. Kept by the entry's slot, so that a rewritten entry is never mistaken for it.
 */
export class TrustMemory {
  readonly #trusts = new Map<number, object>();

  keep(slot: number, trust: object | undefined): void {
    if (trust === undefined) return;
    this.#trusts.delete(slot);
    this.#trusts.set(slot, trust);
    if (this.#trusts.size <= most) return;
    const [oldest] = this.#trusts.keys();
    if (oldest !== undefined) this.#trusts.delete(oldest);
  }

  of(slot: number): object | undefined {
    return this.#trusts.get(slot);
  }

  clear(): void {
    this.#trusts.clear();
  }
}
