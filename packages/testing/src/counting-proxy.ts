import { type Awaitable, type Operation, ProxyBackend, type Run } from "@cascata/core";

/** How often an operation was called, and with how many keys in all. */
export interface Count {
  readonly calls: number;
  readonly keys: number;
}

/** Counts what passes: how many calls and keys the backend below is given. */
export class CountingProxy extends ProxyBackend {
  readonly #counts = new Map<Operation, Count>();

  /** Of one operation since the start or the last reset. */
  count(operation: Operation): Count {
    return this.#counts.get(operation) ?? { calls: 0, keys: 0 };
  }

  /** Calls of all operations. */
  get calls(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count.calls, 0);
  }

  /** Keys of all operations. */
  get keys(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count.keys, 0);
  }

  reset(): void {
    this.#counts.clear();
  }

  protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
    const before = this.count(operation);
    this.#counts.set(operation, { calls: before.calls + 1, keys: before.keys + keys.length });
    return run();
  }
}
