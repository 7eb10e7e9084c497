import { type BackendHealth, type Clock, type Timer, textOf } from "@cascata/core";
import KeyvRedis from "@keyv/redis";
import type { Source } from "./connect.ts";
import { Greeting, type Place } from "./greeting.ts";
import type { KeySpace } from "./key-space.ts";
import { Line } from "./line.ts";
import { Link, type LinkState } from "./link.ts";
import type { AnyRedisLike, Topology } from "./redis-like.ts";
import { ServerClock } from "./server-clock.ts";

/** What a {@link Connection} is made with. */
export interface ConnectionSettings {
  readonly name: string;
  readonly source: Source;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly attemptMs: number;
  readonly namespace: string;
  /** Absent: no scripts are used. */
  readonly space: KeySpace | undefined;
  readonly report: (what: string, error?: unknown) => void;
}

const probeMs = 5000;

/** The connection for data: its state, its requests, its server's clock, and the Keyv adapter over it. */
export class Connection {
  readonly line: Line;
  readonly topology: Topology;
  readonly serverClock: ServerClock;
  readonly #settings: ConnectionSettings;
  readonly #link: Link;
  #adapter: KeyvRedis<unknown> | undefined;
  #client: AnyRedisLike | undefined;
  #bulk: Link | undefined;
  #since: number;
  #why: string | undefined;
  #probe: Timer | undefined;
  #place: Place | undefined;

  constructor(settings: ConnectionSettings) {
    const { name, source, clock, deadlineMs, attemptMs, space, report } = settings;
    this.#settings = settings;
    this.#since = clock.now();
    this.topology = source.topology;
    this.serverClock = new ServerClock(clock);
    const greeting = new Greeting(source.topology, clock, this.serverClock, space);
    this.#link = new Link({
      what: `${name} (Redis)`,
      topology: source.topology,
      borrowed: source.borrowed,
      clock,
      attemptMs,
      source: () => this.#adopt(source.data()),
      greet: async (client) => {
        this.#place = await greeting.greet(client);
      },
      changed: (state, error) => this.#changed(state, error),
      noticed: (error) => {
        if (this.#link.state === "up") report("connection error", error);
      },
    });
    this.line = new Line(name, this.#link, source.topology, clock, deadlineMs);
    this.#link.start();
    this.#probeLater();
  }

  /** Where the namespace stood when the connection was made. */
  get place(): Place | undefined {
    return this.#place;
  }

  /** An adapter of `@keyv/redis` over the same client, for other uses of Keyv. */
  get adapter(): KeyvRedis<unknown> {
    if (this.#adapter === undefined) {
      // The adapter is typed for its own copy of the client; it works with every major that this package supports.
      const client = (this.#client ?? this.#settings.source.data()) as never;
      this.#adapter = new KeyvRedis(client, { namespace: this.#settings.namespace, throwOnErrors: true });
      this.#adapter.on("error", (error: unknown) => this.#settings.report("Keyv adapter error", error));
    }
    return this.#adapter;
  }

  /** A line over one more connection to the same server, always ours. To be called once. */
  bulkLine(): Line {
    const { name, source, clock, deadlineMs, attemptMs } = this.#settings;
    this.#bulk = new Link({
      what: `${name} (Redis, big values)`,
      topology: source.topology,
      borrowed: false,
      clock,
      attemptMs,
      source: source.extra,
      greet: async () => {},
      changed: () => {},
      noticed: () => {},
    });
    this.#bulk.start();
    return new Line(name, this.#bulk, source.topology, clock, deadlineMs);
  }

  health(): BackendHealth {
    const { state } = this.#link;
    const since = this.#since;
    // Somebody else's client connects again by itself, and says nothing of it here.
    if (state === "up" && this.#link.client === undefined) return { state: "down", since, why: "not connected" };
    if (state === "up" && !this.line.missing) return { state: "up", since };
    if (state === "up") return { state: "degraded", since, why: "the last requests were not answered in time" };
    if (state === "connecting") return { state: "degraded", since, why: "connecting" };
    return { state: "down", since, why: state === "closed" ? "closed" : (this.#why ?? "not connected") };
  }

  close(): void {
    this.#probe?.cancel();
    this.#link.close();
    this.#bulk?.close();
  }

  #adopt(client: AnyRedisLike): AnyRedisLike {
    this.#client = client;
    if (this.#adapter !== undefined) this.#adapter.client = client as never;
    return client;
  }

  #changed(state: LinkState, error: unknown): void {
    const { clock, report } = this.#settings;
    this.#since = clock.now();
    this.#why = error === undefined ? undefined : textOf(error);
    if (state === "up") report("connected");
    else if (state === "down") report("connection lost", error);
  }

  /** A look at the server's clock now and then; it also finds out about a dead connection that nobody uses. */
  #probeLater(): void {
    this.#probe = this.#settings.clock.schedule(() => {
      this.#probeLater();
      if (this.#link.client !== undefined) void this.#measure();
    }, probeMs);
  }

  async #measure(): Promise<void> {
    const askedAt = this.#settings.clock.now();
    this.serverClock.measured(askedAt, await this.line.ask({ what: "time", keyCount: 0, args: ["TIME"] }));
  }
}
