import { type Clock, TimeoutError, type Timer } from "@cascata/core";
import { serverCode } from "./answer.ts";
import type { Source } from "./connect.ts";
import { Link } from "./link.ts";
import { type AnyRedisLike, sendThrough } from "./redis-like.ts";

/** What a {@link StreamReader} reads, how, and who is told. `P`: what a new connection says of where things stand. */
export interface StreamReaderSettings<P> {
  /** For messages. */
  readonly name: string;
  readonly what: string;
  readonly source: Source;
  readonly clock: Clock;
  /** The key of the stream. */
  readonly stream: string;
  /** Nothing heard for so long, not even that there is no news: the connection is made anew. */
  readonly heartbeatMs: number;
  readonly attemptMs: number;
  readonly greet: (client: AnyRedisLike) => Promise<P>;
  /** The id after which to read, and whether to wait for more; nothing: not at all. */
  readonly from: () => { readonly id: string; readonly waits: boolean } | undefined;
  readonly connected: (place: P) => void;
  /** Told of each reply of `XREAD`, also of one without news. */
  readonly heard: (reply: unknown) => void;
  readonly silent: (error: unknown) => void;
  readonly report: (what: string, error?: unknown) => void;
}

const batch = "1000";
/** How long the next question waits while entries keep coming: each answer of its own costs as much as the write it tells of. */
const paceMs = 1;
const restMs = 4;

/**
 * Reads a stream on, over a connection of its own, kept up. The server answers at least three times in the bound of
 * silence, news or not; when it does not, the connection is made anew.
 */
export class StreamReader<P> {
  readonly #settings: StreamReaderSettings<P>;
  readonly #link: Link;
  #bound: Timer | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(settings: StreamReaderSettings<P>) {
    this.#settings = settings;
    const { name, what, source, clock, attemptMs, report } = settings;
    let place: { readonly of: P } | undefined;
    this.#link = new Link({
      what: `${name} (Redis ${what})`,
      topology: source.topology,
      borrowed: false,
      clock,
      attemptMs,
      source: source.extra,
      greet: async (client) => {
        place = { of: await settings.greet(client) };
      },
      changed: (state, error) => {
        if (state === "up" && place !== undefined) {
          settings.connected(place.of);
          this.#next();
        } else if (state === "down") this.#silent(error);
      },
      noticed: (error) => {
        if (this.#link.state === "up") report(`${what} connection error`, error);
      },
    });
  }

  start(): void {
    this.#link.start();
  }

  close(): void {
    this.#bound?.cancel();
    this.#link.close();
  }

  #next(): void {
    const client = this.#link.client;
    const from = this.#settings.from();
    if (client === undefined || from === undefined) return;
    const { name, what, clock, source, stream, heartbeatMs } = this.#settings;
    this.#bound = clock.schedule(() => {
      this.#link.reset(new TimeoutError(`${name}: any word of the ${what}`, heartbeatMs));
    }, heartbeatMs);
    const wait = from.waits ? ["BLOCK", String(Math.max(1, Math.floor(heartbeatMs / 3)))] : [];
    const args = ["XREAD", "COUNT", batch, ...wait, "STREAMS", stream, from.id];
    sendThrough(client, source.topology, stream, args, { timeout: 0 }).then(
      (reply) => {
        if (this.#link.client !== client) return;
        this.#bound?.cancel();
        const idleMs = clock.now() - this.#heardAt;
        this.#heardAt = clock.now();
        this.#settings.heard(reply);
        if (this.#link.client !== client) return;
        if (idleMs >= restMs || this.#settings.from()?.waits !== true) this.#next();
        else this.#bound = clock.schedule(() => this.#link.client === client && this.#next(), paceMs);
      },
      (error: unknown) => this.#refused(client, error),
    );
  }

  #refused(client: AnyRedisLike, error: unknown): void {
    this.#bound?.cancel();
    if (this.#link.client !== client) return;
    if (serverCode(error) === "") this.#link.reset(error);
    else {
      // The server is there and will not let us read: asking again at once would not change its mind.
      this.#silent(error);
      this.#bound = this.#settings.clock.schedule(() => this.#link.reset(error), this.#settings.heartbeatMs);
    }
  }

  #silent(error: unknown): void {
    this.#bound?.cancel();
    this.#settings.silent(error);
  }
}
