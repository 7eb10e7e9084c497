import type { Clock } from "@cascata/core";
import { serverCode } from "./answer.ts";
import { deleteScript, headsScript, leaseScript, releaseScript, renewScript, storeScript } from "./data-scripts.ts";
import type { KeySpace } from "./key-space.ts";
import { type AnyRedisLike, type RedisArgument, sendThrough, type Topology } from "./redis-like.ts";
import { placeScript } from "./scripts.ts";
import type { ServerClock } from "./server-clock.ts";

/** Where the count and the feed of a namespace stand. */
export interface Place {
  readonly epoch: string;
  /** The first half of the ids of this epoch's notices. */
  readonly base: string;
  readonly seq: number;
  /** How many notices there were; the second half of the last one's id. */
  readonly notices: number;
}

/** What nearly every connection will use; the others are sent with their first use. */
const loaded = [storeScript, deleteScript, leaseScript, renewScript, releaseScript, headsScript];

/** Refusals with which a server can be used all the same: it takes no writes, or does not let us look. */
const bearable: ReadonlySet<string> = new Set(["OOM", "READONLY", "NOPERM", "MISCONF", "ERR"]);

/**
 * What is asked of a new connection before it is used: the time, and where scripts serve, the place of the namespace. A
 * server that was restarted or replaced begins a new epoch here, before anybody takes an order from it.
 */
export class Greeting {
  readonly #topology: Topology;
  readonly #clock: Clock;
  readonly #serverClock: ServerClock;
  /** Absent: only the time. */
  readonly #space: KeySpace | undefined;

  constructor(topology: Topology, clock: Clock, serverClock: ServerClock, space: KeySpace | undefined) {
    this.#topology = topology;
    this.#clock = clock;
    this.#serverClock = serverClock;
    this.#space = space;
  }

  /** Nothing where there is no place, or the server does not tell. */
  async greet(client: AnyRedisLike): Promise<Place | undefined> {
    const place = this.#space && (await this.#place(client, this.#space));
    if (place === undefined) await this.#measure(client);
    return place;
  }

  async #place(client: AnyRedisLike, { order, feed }: KeySpace): Promise<Place | undefined> {
    const askedAt = this.#clock.now();
    // First: what is loaded behind it must not blur the measurement of the time.
    const place = this.#ask(client, ["EVAL", placeScript.text, "2", order, feed]).then((reply) => {
      if (!Array.isArray(reply)) return undefined;
      const [epoch, base, seq, notices, ...time] = reply;
      this.#serverClock.measured(askedAt, time);
      return { epoch: String(epoch), base: String(base), seq: Number(seq), notices: Number(notices) };
    });
    // To a Cluster a script goes with its first use: loading goes to all nodes, and fails while one of them is away.
    const scripts = this.#topology === "cluster" ? [] : loaded;
    // In one turn, so that all of it is one round trip.
    await Promise.all([place, ...scripts.map(({ text }) => this.#ask(client, ["SCRIPT", "LOAD", text]))]);
    return place;
  }

  async #measure(client: AnyRedisLike): Promise<void> {
    const askedAt = this.#clock.now();
    this.#serverClock.measured(askedAt, await this.#ask(client, ["TIME"]));
  }

  async #ask(client: AnyRedisLike, args: RedisArgument[]): Promise<unknown> {
    try {
      return await sendThrough(client, this.#topology, this.#space?.order, args, { timeout: 0 });
    } catch (error) {
      if (bearable.has(serverCode(error))) return undefined;
      throw error;
    }
  }
}
