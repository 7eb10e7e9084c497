import type { CommandOptions, RedisArgument, RedisLike } from "@cascata/redis";
import { type Deferred, deferred } from "@cascata/testing";

/** What the real client rejects with when it takes back what it has not written. */
class AbortError extends Error {}

type Listener = (...details: unknown[]) => void;

/** A client of one Redis whose server is the test. Replies go to the oldest command. */
export class FakeClient implements RedisLike {
  readonly sent: RedisArgument[][] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #connected: Deferred<void> = deferred();
  readonly #waiting: Deferred<unknown>[] = [];
  isOpen = false;
  isReady = false;
  destroyed = false;
  refs = true;

  on(event: string, listener: Listener): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  off(event: string, listener: Listener): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  listeners(event: string): number {
    return this.#listeners.get(event)?.size ?? 0;
  }

  connect(): Promise<void> {
    this.isOpen = true;
    return this.#connected.promise;
  }

  up(): void {
    this.isReady = true;
    this.#connected.resolve();
  }

  lose(error: Error): void {
    this.isReady = false;
    this.isOpen = false;
    for (const listener of this.#listeners.get("error") ?? []) listener(error);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }

  sendCommand(args: readonly RedisArgument[], options?: CommandOptions): Promise<unknown> {
    this.sent.push([...args]);
    this.signals.push(options?.abortSignal);
    const waiting = deferred<unknown>();
    this.#waiting.push(waiting);
    options?.abortSignal?.addEventListener("abort", () => waiting.reject(new AbortError("aborted")));
    return waiting.promise;
  }

  reply(value: unknown): void {
    this.#waiting.shift()?.resolve(value);
  }

  refuse(error: Error): void {
    this.#waiting.shift()?.reject(error);
  }

  destroy(): void {
    this.destroyed = true;
    this.isReady = false;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error("destroyed"));
  }

  duplicate(): FakeClient {
    return new FakeClient();
  }

  ref(): void {
    this.refs = true;
  }

  unref(): void {
    this.refs = false;
  }
}
