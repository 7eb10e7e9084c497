import { type Awaitable, isPromiseLike, type Operation, ProxyBackend, type Run } from "@cascata/core";

/** One call that passed. */
export interface RecordedCall {
  readonly operation: Operation;
  readonly keys: readonly string[];
  /** `pending` until the backend has answered. */
  readonly state: "pending" | "answered" | "failed";
  /** What the backend answered or failed with. */
  readonly result?: unknown;
}

/** Keeps the history of what passes, oldest first. */
export class RecordingProxy extends ProxyBackend {
  readonly #history: RecordedCall[] = [];

  /** Each call in the order in which it came, with what has become of it so far. */
  get history(): readonly RecordedCall[] {
    return this.#history;
  }

  /** The history as `operation key,key` lines. */
  get lines(): readonly string[] {
    return this.#history.map(({ operation, keys }) => `${operation} ${keys.join()}`.trimEnd());
  }

  /** Forgets the history. */
  reset(): void {
    this.#history.length = 0;
  }

  protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
    const call: { -readonly [K in keyof RecordedCall]: RecordedCall[K] } = {
      operation,
      keys: [...keys],
      state: "pending",
    };
    this.#history.push(call);
    const answered = (result: T): T => {
      Object.assign(call, { state: "answered", result });
      return result;
    };
    const failed = (error: unknown): never => {
      Object.assign(call, { state: "failed", result: error });
      throw error;
    };
    try {
      const result = run();
      return isPromiseLike(result) ? result.then(answered, failed) : answered(result);
    } catch (error) {
      return failed(error);
    }
  }
}
