import {
  type Awaitable,
  asCacheError,
  type BackendHealth,
  type Clock,
  ClosedError,
  TimeoutError,
  withDeadline,
} from "@cascata/core";
import type { Transport } from "./link.ts";

/** What a client asks its store over the network: within its time, and what the answers tell of the store's health. */
export class AuthorityLine {
  readonly #name: string;
  readonly #transport: Transport;
  readonly #clock: Clock;
  #health: BackendHealth = { state: "up", since: 0 };
  #closed = false;

  constructor(name: string, transport: Transport, clock: Clock) {
    this.#name = name;
    this.#transport = transport;
    this.#clock = clock;
  }

  get health(): BackendHealth {
    return this.#health;
  }

  close(): void {
    this.#closed = true;
  }

  /**
   * @param deadline the instant after which nothing is sent, and no answer waited for
   * @param onSent called when the question goes out
   * @throws ClosedError · TimeoutError · what the network or the store has thrown, as a CacheError
   */
  async send<T>(
    operation: string,
    keys: readonly string[],
    run: () => Awaitable<T>,
    deadline?: number,
    onSent?: () => void,
  ): Promise<T> {
    if (this.#closed) throw new ClosedError(`the backend "${this.#name}"`);
    const clock = this.#clock;
    const leftMs = deadline === undefined ? undefined : deadline - clock.now();
    if (leftMs !== undefined && leftMs <= 0) throw new TimeoutError(`${this.#name}: ${operation}`, 0);
    onSent?.();
    try {
      const answer = this.#transport({ operation, keys, run });
      const value =
        leftMs === undefined ? await answer : await withDeadline(answer, leftMs, clock, `${this.#name}: ${operation}`);
      this.#mind("up");
      return value;
    } catch (error) {
      this.#mind("degraded", error);
      throw asCacheError(error, this.#name, operation, keys.length);
    }
  }

  #mind(state: BackendHealth["state"], error?: unknown): void {
    if (this.#health.state === state) return;
    this.#health = { state, since: this.#clock.now(), ...(error !== undefined && { why: String(error) }) };
  }
}
