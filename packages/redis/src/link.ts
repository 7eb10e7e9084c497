import {
  type CacheError,
  type Clock,
  ClosedError,
  TimeoutError,
  type Timer,
  textOf,
  UnavailableError,
} from "@cascata/core";
import type { AnyRedisLike, RedisLike, Topology } from "./redis-like.ts";

/** Where a connection stands. `connecting`: nothing has been learnt yet. */
export type LinkState = "connecting" | "up" | "down" | "closed";

/** What a connection is kept up with. */
export interface LinkSettings {
  /** For messages. */
  readonly what: string;
  readonly topology: Topology;
  readonly clock: Clock;
  /** A client of its own for each attempt, not connected yet; or always the same one, which somebody else owns. */
  readonly source: () => AnyRedisLike;
  readonly borrowed: boolean;
  /** How long an attempt may take, the greeting included. */
  readonly attemptMs: number;
  /** What is asked of a new connection before anybody may use it. */
  readonly greet: (client: AnyRedisLike) => Promise<void>;
  readonly changed: (state: LinkState, error?: unknown) => void;
  /** Told of errors that are nobody's answer. */
  readonly noticed: (error: unknown) => void;
}

const leastDelayMs = 50;
const mostDelayMs = 500;

/**
 * One connection, kept up: connects, greets, and after a loss connects again, with a fresh client, after a jittered pause
 * of at most half a second. It never throws and never keeps the process alive by itself.
 */
export class Link {
  readonly #settings: LinkSettings;
  #state: LinkState = "connecting";
  #client: AnyRedisLike | undefined;
  /** Detaches our listeners from {@link #client}. */
  #leave: (() => void) | undefined;
  #attempt: Timer | undefined;
  #retry: Timer | undefined;
  #failures = 0;
  #holds = 0;
  #anchor: ReturnType<typeof setInterval> | undefined;
  #why: unknown;
  #waiters: (() => void)[] = [];
  #started = false;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Usable now, or nothing. A borrowed client may have lost its connection without telling. */
  get client(): AnyRedisLike | undefined {
    return this.#state === "up" && this.#client?.isReady === true ? this.#client : undefined;
  }

  /** Why it cannot be asked. */
  get refusal(): CacheError {
    const { what } = this.#settings;
    if (this.#state === "closed") return new ClosedError(what);
    return new UnavailableError(
      what,
      this.#why === undefined ? "not connected" : `not connected: ${textOf(this.#why)}`,
    );
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#try();
  }

  /** Calls `run` once the first attempt has succeeded or failed, or the link is closed. */
  whenKnown(run: () => void): void {
    if (this.#state === "connecting") this.#waiters.push(run);
    else run();
  }

  /** While held, the process is kept alive: by the connection, or, while there is none yet, by a timer. */
  hold(): void {
    if (this.#holds++ > 0) return;
    asRefable(this.#client)?.ref();
    // A client that is still connecting has no socket to hold on to.
    if (this.#state !== "up") this.#anchor = setInterval(() => {}, mostDelayMs);
  }

  release(): void {
    if (--this.#holds > 0) return;
    asRefable(this.#client)?.unref();
    clearInterval(this.#anchor);
    this.#anchor = undefined;
  }

  /** Gives the connection up, for one that is stuck, and makes a new one. Does nothing to a borrowed client. */
  reset(why: unknown): void {
    if (!this.#settings.borrowed && this.#client !== undefined) this.#lost(this.#client, why);
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#retry?.cancel();
    this.#drop();
    this.#become("closed");
  }

  #try(): void {
    const { clock, borrowed, topology, attemptMs, what } = this.#settings;
    let client: AnyRedisLike;
    try {
      client = this.#settings.source();
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#client = client;
    const onError = (error: unknown): void => {
      this.#settings.noticed(error);
      // Sentinel and Cluster clients mend themselves; a single connection is lost with its first error.
      if (topology === "single" && !borrowed && !client.isReady) this.#lost(client, error);
    };
    const onEnd = (): void => {
      if (!borrowed) this.#lost(client, new Error("the connection ended"));
    };
    // It may be another server now, or one that has forgotten; what goes wrong here goes wrong for the next request too.
    const onReady = (): void => {
      if (borrowed && this.#state === "up") this.#settings.greet(client).catch(() => {});
    };
    client.on("error", onError);
    client.on("end", onEnd);
    client.on("ready", onReady);
    this.#leave = () => {
      client.off("end", onEnd);
      client.off("ready", onReady);
      if (borrowed) client.off("error", onError);
    };
    if (!borrowed && this.#holds === 0) asRefable(client)?.unref();
    const expire = (): void => this.#lost(client, new TimeoutError(`connecting to ${what}`, attemptMs));
    this.#attempt = clock.schedule(expire, attemptMs);
    this.#connect(client).then(
      () => this.#connected(client),
      (error: unknown) => this.#lost(client, error),
    );
  }

  async #connect(client: AnyRedisLike): Promise<void> {
    if (!client.isOpen) await client.connect();
    await this.#settings.greet(client);
  }

  #connected(client: AnyRedisLike): void {
    if (this.#client !== client || this.#state === "closed") return;
    this.#attempt?.cancel();
    this.#failures = 0;
    this.#why = undefined;
    if (this.#holds > 0) asRefable(client)?.ref();
    this.#become("up");
  }

  #lost(client: AnyRedisLike, error: unknown): void {
    if (this.#client !== client || this.#state === "closed") return;
    this.#drop();
    this.#failed(error);
  }

  #failed(error: unknown): void {
    this.#why = error;
    this.#become("down", error);
    const delay = Math.min(leastDelayMs * 2 ** this.#failures++, mostDelayMs);
    this.#retry = this.#settings.clock.schedule(() => this.#try(), delay * (0.5 + Math.random() / 2));
  }

  #drop(): void {
    this.#attempt?.cancel();
    this.#leave?.();
    if (this.#client !== undefined && !this.#settings.borrowed) discard(this.#client);
    this.#client = undefined;
  }

  #become(state: LinkState, error?: unknown): void {
    const before = this.#state;
    this.#state = state;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const run of waiters) run();
    if (before !== state) this.#settings.changed(state, error);
  }
}

/** Its error listener stays: a client without one takes the process down with its last error. */
function discard(client: AnyRedisLike): void {
  asRefable(client)?.unref();
  destroy(client);
  // A connection that was still being opened comes up after its client was destroyed.
  client.on("ready", () => destroy(client));
}

function destroy(client: AnyRedisLike): void {
  try {
    Promise.resolve(client.destroy()).catch(() => {});
  } catch {
    // It was closed already.
  }
}

function asRefable(client: AnyRedisLike | undefined): RedisLike | undefined {
  return client !== undefined && "unref" in client && "ref" in client ? client : undefined;
}
