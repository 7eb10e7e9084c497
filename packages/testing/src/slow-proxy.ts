import { type Awaitable, type CacheBackend, type Clock, type Operation, ProxyBackend, type Run } from "@cascata/core";
import { deferred } from "./deferred.ts";

/** Options of {@link SlowProxy}. */
export interface SlowProxyOptions {
  readonly clock: Clock;
  /** The delay in milliseconds, for all or by call. 0: none, and a synchronous answer stays one. */
  readonly delayMs: number | ((operation: Operation, keys: readonly string[]) => number);
  /** Whether the wait comes before the call reaches the backend or before its answer leaves. @default "before" */
  readonly when?: "before" | "after";
}

/** Delays what passes, on a clock that the test advances. It knows no deadlines: that is what it is there to test. */
export class SlowProxy extends ProxyBackend {
  readonly #clock: Clock;
  readonly #when: "before" | "after";
  #delayMs: SlowProxyOptions["delayMs"];

  constructor(proxied: CacheBackend, options: SlowProxyOptions) {
    super(proxied);
    this.#clock = options.clock;
    this.#delayMs = options.delayMs;
    this.#when = options.when ?? "before";
  }

  /** From now on delays by so much. */
  delay(delayMs: SlowProxyOptions["delayMs"]): void {
    this.#delayMs = delayMs;
  }

  protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
    const ms = typeof this.#delayMs === "number" ? this.#delayMs : this.#delayMs(operation, keys);
    if (!(ms > 0)) return run();
    return this.#when === "before" ? this.#wait(ms).then(() => run()) : this.#afterwards(run, ms);
  }

  async #afterwards<T>(run: Run<T>, ms: number): Promise<T> {
    try {
      return await run();
    } finally {
      await this.#wait(ms);
    }
  }

  #wait(ms: number): Promise<void> {
    const over = deferred();
    this.#clock.schedule(() => over.resolve(), ms);
    return over.promise;
  }
}
