/** Latencies in milliseconds, kept exactly: eight bytes each. */
export class Latencies {
  #values = new Float64Array(1024);
  #count = 0;
  #sum = 0;
  #sorted = false;

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = ms;
    this.#sum += ms;
    this.#sorted = false;
  }

  get count(): number {
    return this.#count;
  }

  /** All of them added up. */
  get sum(): number {
    return this.#sum;
  }

  /** NaN when there are none. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  /**
   * The nearest-rank quantile: the least latency that `share` of all latencies don't exceed. NaN when there are none.
   * @param share above 0, up to 1
   */
  quantile(share: number): number {
    const kept = this.#values.subarray(0, this.#count);
    if (!this.#sorted) kept.sort();
    this.#sorted = true;
    return kept[Math.max(0, Math.ceil(share * this.#count) - 1)] ?? Number.NaN;
  }
}

/** What was answered by whom: a tier's name, or `creator`. */
export class Tally {
  readonly #sources = new Map<string, { readonly latencies: Latencies; bytes: number }>();

  /** @param bytes of the answer */
  add(source: string, ms: number, bytes: number): void {
    let entry = this.#sources.get(source);
    if (entry === undefined) {
      entry = { latencies: new Latencies(), bytes: 0 };
      this.#sources.set(source, entry);
    }
    entry.latencies.add(ms);
    entry.bytes += bytes;
  }

  latencies(source: string): Latencies {
    return this.#sources.get(source)?.latencies ?? new Latencies();
  }

  bytes(source: string): number {
    return this.#sources.get(source)?.bytes ?? 0;
  }

  /** In the order in which they first answered. */
  get sources(): readonly string[] {
    return [...this.#sources.keys()];
  }
}
