import { type ChangeFeed, type ChangeListener, type Clock, type Order, textOf } from "@cascata/core";
import type { Source } from "./connect.ts";
import { Greeting, type Place } from "./greeting.ts";
import type { KeySpace } from "./key-space.ts";
import { type FeedPlace, idOf, type Notice, noticesOf } from "./notice.ts";
import { ServerClock } from "./server-clock.ts";
import { StreamReader } from "./stream-reader.ts";
import { Transitions } from "./transitions.ts";

/** What a {@link RedisFeed} is made with. */
export interface RedisFeedSettings {
  readonly name: string;
  readonly source: Source;
  readonly clock: Clock;
  readonly space: KeySpace;
  readonly heartbeatMs: number;
  readonly attemptMs: number;
  readonly report: (what: string, error?: unknown) => void;
}

/**
 * The change feed of a Redis tier: a stream, read over a connection of its own from where it was left, so that a lost
 * connection loses no notice. While the server does not answer the feed is silent. Then it goes on from its place, or,
 * where the server was restarted, replaced or emptied, or the place has been trimmed away, begins anew and says so.
 */
export class RedisFeed implements ChangeFeed {
  readonly atomic: boolean;
  readonly #settings: RedisFeedSettings;
  readonly #greeting: Greeting;
  readonly #transitions: Transitions;
  readonly #subscriptions = new Set<{ readonly listener: ChangeListener }>();
  #reader: StreamReader<Place> | undefined;
  #at: FeedPlace | undefined;
  /** While catching up: the place from which on nothing was missed. */
  #goal = 0;
  #order: Order | undefined;
  #live = false;
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(settings: RedisFeedSettings) {
    this.#settings = settings;
    const { source, clock, space } = settings;
    this.atomic = source.topology !== "cluster";
    this.#transitions = new Transitions(clock);
    this.#greeting = new Greeting(source.topology, clock, new ServerClock(clock), space);
  }

  get position(): Order | undefined {
    return this.#order;
  }

  get live(): boolean {
    return this.#live;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  get silenceMs(): number {
    return this.#settings.heartbeatMs;
  }

  subscribe(listener: ChangeListener): () => void {
    const own = { listener };
    this.#subscriptions.add(own);
    if (this.#reader === undefined) this.#start();
    // What the newcomer holds is from before, though the feed itself has missed nothing.
    else if (this.#live) queueMicrotask(() => this.#subscriptions.has(own) && listener.uncertain("started"));
    return () => {
      if (this.#subscriptions.delete(own) && this.#subscriptions.size === 0) this.stop();
    };
  }

  /** Ends all subscriptions and the connection. */
  stop(): void {
    this.#subscriptions.clear();
    this.#reader?.close();
    this.#transitions.endAll();
    this.#reader = undefined;
    this.#live = false;
    this.#at = undefined;
    this.#order = undefined;
  }

  #start(): void {
    const { name, source, clock, space, heartbeatMs, attemptMs, report } = this.#settings;
    this.#reader = new StreamReader({
      name,
      what: "feed",
      source,
      clock,
      stream: space.feed,
      heartbeatMs,
      attemptMs,
      report,
      greet: async (client) => {
        const place = await this.#greeting.greet(client);
        if (place === undefined) throw new Error("the server does not tell where the feed stands");
        return place;
      },
      from: () => this.#at && { id: idOf(this.#at), waits: this.#live },
      connected: (place) => this.#connected(place),
      heard: (reply) => this.#heard(noticesOf(reply, space)),
      silent: (error) => this.#silent(error),
    });
    this.#reader.start();
  }

  #connected(place: Place): void {
    const { base, notices, epoch, seq } = place;
    this.#goal = notices;
    if (this.#at?.base !== base || this.#at.number > notices) {
      const reason = this.#at === undefined ? "started" : "the server was restarted, replaced or emptied";
      this.#beginAt({ base, number: notices }, { epoch, seq }, reason);
    }
  }

  /** Whatever happened up to here may have been missed. */
  #beginAt(at: FeedPlace, order: Order, reason: string): void {
    this.#at = at;
    this.#live = true;
    this.#heardAt = this.#settings.clock.now();
    this.#tell((listener) => listener.uncertain(reason));
    this.#order = order;
  }

  /** All of a batch is told in one turn. */
  #heard(notices: readonly Notice[]): void {
    this.#heardAt = this.#settings.clock.now();
    for (const notice of notices) {
      this.#take(notice);
      if (this.#subscriptions.size === 0) return;
    }
    if (this.#live || this.#at === undefined) return;
    if (this.#at.number >= this.#goal) {
      this.#live = true;
      this.#tell((listener) => listener.resumed());
    } else if (notices.length === 0 && this.#order !== undefined) {
      this.#beginAt({ ...this.#at, number: this.#goal }, this.#order, "notices were lost");
    }
  }

  #take({ place, order, changed, intentMs, done, marks, filled, failure }: Notice): void {
    const { base, number } = this.#at ?? place;
    if (place.base !== base) this.#beginAt(place, order, "the server was emptied");
    else if (place.number !== number + 1) this.#beginAt(place, order, "notices were trimmed away");
    if (changed !== undefined) {
      const settled = intentMs !== undefined && { settled: this.#transitions.begin(place.number, intentMs) };
      this.#tell((listener) => listener.changed(settled ? { ...changed, ...settled } : changed));
    }
    if (done !== undefined) this.#transitions.end(done);
    if (marks.length > 0) this.#tell((listener) => listener.marked(marks));
    if (filled.length > 0) this.#tell((listener) => listener.filled(filled, failure));
    // Only now: a creation that starts in one of those calls must not count from an order whose changes it has not seen.
    this.#at = place;
    this.#order = order;
  }

  #silent(error: unknown): void {
    if (!this.#live) return;
    this.#live = false;
    this.#tell((listener) => listener.silent(error === undefined ? "the connection was lost" : textOf(error)));
  }

  #tell(what: (listener: ChangeListener) => void): void {
    for (const { listener } of [...this.#subscriptions]) what(listener);
  }
}
