interface Failure {
  readonly until: number;
  readonly error: unknown;
}

const mostFailures = 10_000;

/** Creations that have failed lately: not tried again for a while. Bounded; the oldest are forgotten first. */
export class Failures {
  readonly #failures = new Map<string, Failure>();

  remember(key: string, until: number, error: unknown): void {
    this.#failures.delete(key);
    this.#failures.set(key, { until, error });
    if (this.#failures.size <= mostFailures) return;
    const oldest = [...this.#failures.keys()].slice(0, mostFailures / 2);
    for (const one of oldest) this.#failures.delete(one);
  }

  get size(): number {
    return this.#failures.size;
  }

  /** The failure that still stands, if any. */
  standing(key: string, now: number): Failure | undefined {
    const failure = this.#failures.get(key);
    if (failure === undefined || failure.until >= now) return failure;
    this.#failures.delete(key);
    return undefined;
  }

  forget(key: string): void {
    if (this.#failures.size !== 0) this.#failures.delete(key);
  }

  clear(): void {
    this.#failures.clear();
  }
}
