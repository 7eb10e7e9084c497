import type { ChangeFeed, ChangeListener, Clock, Order } from "@cascata/core";
import type { LogBatch, LogLine, LogPosition } from "./authority-log.ts";

/** How a {@link ReferenceFeed} listens. */
export interface FeedPace {
  /** The store answers at least so often, also when nothing has changed. */
  readonly heartbeatMs: number;
  /** Nothing heard for so long: the feed is silent. */
  readonly silenceMs: number;
  /** Between a failed call and the next. */
  readonly retryMs: number;
}

type Follow = (position: LogPosition | undefined, waitMs: number) => Promise<LogBatch>;

/**
 * Reads the authority's log on from where it stands, one waiting call after another, so that nothing is lost by a broken
 * link: what happened meanwhile is read after it, or is known to be trimmed away.
 */
export class ReferenceFeed implements ChangeFeed {
  readonly atomic: boolean = true;
  readonly #clock: Clock;
  readonly #follow: Follow;
  readonly #pace: FeedPace;
  readonly #subscriptions = new Set<{ readonly listener: ChangeListener }>();
  #at: LogPosition | undefined;
  #order: Order | undefined;
  #live = false;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** Which run of the loop counts; what an abandoned call still answers is ignored. */
  #run = 0;

  constructor(clock: Clock, follow: Follow, pace: FeedPace) {
    this.#clock = clock;
    this.#follow = follow;
    this.#pace = pace;
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
    return this.#pace.silenceMs;
  }

  subscribe(listener: ChangeListener): () => void {
    // Wrapped, so that one listener subscribed twice is two subscriptions.
    const own = { listener };
    this.#subscriptions.add(own);
    if (this.#subscriptions.size === 1) this.#start();
    return () => {
      if (this.#subscriptions.delete(own) && this.#subscriptions.size === 0) this.stop();
    };
  }

  /** Ends all subscriptions. */
  stop(): void {
    this.#subscriptions.clear();
    this.#run += 1;
    this.#live = false;
    this.#at = undefined;
    this.#order = undefined;
  }

  #start(): void {
    this.#run += 1;
    this.#next(this.#run);
  }

  #next(run: number): void {
    const silence = this.#clock.schedule(() => {
      this.#silent(`nothing was heard for ${this.#pace.silenceMs} ms`);
      if (run === this.#run) this.#start();
    }, this.#pace.silenceMs);
    // After a break the answer is wanted at once, news or not: it tells whether anything was missed.
    this.#follow(this.#at, this.#live ? this.#pace.heartbeatMs : 0).then(
      (batch) => {
        silence.cancel();
        if (run !== this.#run) return;
        this.#heard(batch);
        if (run === this.#run) this.#next(run);
      },
      (error: unknown) => {
        silence.cancel();
        if (run !== this.#run) return;
        this.#silent(error instanceof Error ? error.message : String(error));
        this.#clock.schedule(() => run === this.#run && this.#next(run), this.#pace.retryMs);
      },
    );
  }

  /** All of a batch is told in one turn. */
  #heard(batch: LogBatch): void {
    const wasLive = this.#live;
    this.#at = batch.position;
    this.#heardAt = this.#clock.now();
    if (batch.gap !== undefined) this.#tell((listener) => listener.uncertain(batch.gap as string));
    for (const line of batch.lines) this.#tell((listener) => tellLine(listener, line));
    // Only now: a creation that starts in one of those calls must not count from an order whose changes it has not seen.
    this.#order = batch.order;
    this.#live = true;
    if (!wasLive && batch.gap === undefined) this.#tell((listener) => listener.resumed());
  }

  #silent(reason: string): void {
    if (!this.#live) return;
    this.#live = false;
    this.#tell((listener) => listener.silent(reason));
  }

  #tell(what: (listener: ChangeListener) => void): void {
    for (const { listener } of [...this.#subscriptions]) what(listener);
  }
}

function tellLine(listener: ChangeListener, line: LogLine): void {
  if (line.kind === "changed") listener.changed(line.notice);
  else if (line.kind === "filled") listener.filled(line.keys, line.failure);
  else if (line.kind === "marked") listener.marked(line.marks);
  else listener.uncertain("cleared");
}
