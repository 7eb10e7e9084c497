import type { ChangeFeed, ChangeListener, Clock, Order, Timer } from "@cascata/core";
import { type Notice, noticesAfter } from "./ledger.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import { orderOf } from "./state.ts";

const atOnce = 500;

/** What the feed needs of its backend. */
export interface FeedSource {
  readonly clock: Clock;
  readonly pollMs: number;
  /** The open file; starts opening it where it isn't open yet. */
  file(): LmdbFile | undefined;
  failed(error: unknown): void;
}

/** A process that has not looked for so long was stopped: what it holds may be out of date. */
const silenceMs = 1000;

/**
 * Follows the log that every change is written to in its own transaction, by looking at one record of the mapped file
 * every few milliseconds while there are subscribers. Each look is the heartbeat. A process that was stopped goes on from
 * where it was; if the log has been trimmed beyond that, it says that it is uncertain.
 */
export class LmdbChangeFeed implements ChangeFeed {
  readonly atomic: boolean = true;
  readonly #source: FeedSource;
  /** By listener: whether it has been told where it starts. */
  readonly #listeners = new Map<ChangeListener, boolean>();
  #position: Order | undefined;
  #live = false;
  #heardAt: number = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  get position(): Order | undefined {
    return this.#position;
  }

  get live(): boolean {
    return this.#live;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  get silenceMs(): number {
    return silenceMs;
  }

  subscribe(listener: ChangeListener): () => void {
    // An object of its own, so that one listener subscribed twice is two subscriptions.
    const own: ChangeListener = {
      changed: (notice) => listener.changed(notice),
      marked: (marks) => listener.marked(marks),
      filled: (keys, failure) => listener.filled(keys, failure),
      silent: (reason) => listener.silent(reason),
      resumed: () => listener.resumed(),
      uncertain: (reason) => listener.uncertain(reason),
    };
    this.#listeners.set(own, false);
    this.#timer ??= this.#source.clock.schedule(() => this.#look(), 0);
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.stop();
    };
  }

  /** Ends all subscriptions. */
  stop(): void {
    this.#listeners.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#live = false;
    this.#position = undefined;
  }

  #look(): void {
    let isBehind = false;
    try {
      const file = this.#source.file();
      if (file !== undefined) isBehind = this.#read(file);
    } catch (error) {
      this.#silent(error);
    }
    if (this.#listeners.size > 0) {
      this.#timer = this.#source.clock.schedule(() => this.#look(), isBehind ? 0 : this.#source.pollMs);
    }
  }

  /** Says whether there is more in the log. */
  #read(file: LmdbFile): boolean {
    const from = this.#position;
    const { now, gap, notices } = file.glance(() => {
      const state = file.state();
      const reason = this.#gap(from, orderOf(state), state.noticesFrom);
      const isMore = reason === undefined && from !== undefined && state.lastNotice > from.seq;
      const found = isMore ? noticesAfter(file.trees.notices, from.seq, atOnce) : [];
      return { now: orderOf(state), gap: reason, notices: found };
    });
    this.#heardAt = this.#source.clock.now();
    for (const { seq, notice } of notices) this.#tell(notice, { epoch: now.epoch, seq });
    const isBehind = notices.length === atOnce;
    // Only now: a creation that starts in one of those calls must not count from an order whose changes it hasn't seen.
    const last = notices.at(-1);
    this.#position = isBehind && last !== undefined ? { epoch: now.epoch, seq: last.seq } : now;
    this.#greet(gap);
    return isBehind;
  }

  #gap(from: Order | undefined, now: Order, noticesFrom: number): string | undefined {
    if (from === undefined) return "started";
    if (from.epoch !== now.epoch || now.seq < from.seq) return "the file is another one";
    return noticesFrom > from.seq ? "the log was trimmed" : undefined;
  }

  #greet(gap: string | undefined): void {
    const wasLive = this.#live;
    this.#live = true;
    for (const [listener, isGreeted] of [...this.#listeners]) {
      if (!this.#listeners.has(listener)) continue;
      this.#listeners.set(listener, true);
      if (gap !== undefined || !isGreeted) listener.uncertain(gap ?? "started");
      else if (!wasLive) listener.resumed();
    }
  }

  #silent(error: unknown): void {
    if (this.#live) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#live = false;
      for (const listener of [...this.#listeners.keys()]) listener.silent(reason);
    }
    this.#source.failed(error);
  }

  #tell(notice: Notice, order: Order): void {
    const { keys, filled, failure, marks, sender, cleared, lost } = notice;
    for (const listener of [...this.#listeners.keys()]) {
      if (!this.#listeners.has(listener)) continue;
      if (keys !== undefined) listener.changed({ keys, order, ...(sender !== undefined && { sender }) });
      if (marks !== undefined) listener.marked(marks);
      if (filled !== undefined) listener.filled(filled, failure);
      if (cleared) listener.uncertain("the store was cleared");
      if (lost) listener.uncertain("a change was too long for the log");
    }
  }
}
