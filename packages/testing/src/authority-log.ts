import { type ChangeNotice, type CreationFailure, type Mark, type Order, UnavailableError } from "@cascata/core";

/** One line of the authority's change log. */
export type LogLine =
  | { readonly kind: "changed"; readonly notice: ChangeNotice }
  | { readonly kind: "filled"; readonly keys: readonly string[]; readonly failure?: CreationFailure }
  | { readonly kind: "marked"; readonly marks: readonly Mark[] }
  | { readonly kind: "cleared" };

/** Where a reader of the log stands. */
export interface LogPosition {
  readonly epoch: string;
  /** The number of the first line that it has not read. */
  readonly line: number;
}

/** What a reader gets: the lines since its position, and where it stands after them. */
export interface LogBatch {
  readonly lines: readonly LogLine[];
  readonly position: LogPosition;
  /** The authority's order when this was answered. */
  readonly order: Order;
  /** Set when lines before these are not to be had: `started`, `trimmed`, or another epoch. */
  readonly gap?: string;
}

/** The log: lines are numbered from the first one on, the oldest can be cut off, readers can wait at its end. */
export class AuthorityLog {
  readonly #lines: LogLine[] = [];
  #first = 0;
  readonly #limit: number;
  readonly #waiting = new Set<{ wake(): void; fail(error: Error): void }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  append(line: LogLine): void {
    this.#lines.push(line);
    this.trim(this.#limit);
    for (const reader of [...this.#waiting]) reader.wake();
  }

  /** Forgets all but the newest `keep` lines. */
  trim(keep: number): void {
    const cut = Math.max(0, this.#lines.length - keep);
    this.#lines.splice(0, cut);
    this.#first += cut;
  }

  /** The number that the next line gets. */
  get end(): number {
    return this.#first + this.#lines.length;
  }

  /** What a reader at `position` has to be told when the count stands at `order`. */
  batch(position: LogPosition | undefined, order: Order): LogBatch {
    const at = { position: { epoch: order.epoch, line: this.end }, order };
    if (position === undefined) return { ...at, lines: [], gap: "started" };
    if (position.epoch !== order.epoch) return { ...at, lines: [], gap: "another epoch" };
    const lines = this.#lines.slice(Math.max(0, position.line - this.#first));
    return { ...at, lines, ...(position.line < this.#first && { gap: "trimmed" }) };
  }

  /** Resolves with the next line, or when `stop` is called; rejects when the store goes away. */
  wait(): { readonly done: Promise<void>; stop(): void } {
    const hooks: { stop(): void } = { stop: () => undefined };
    const done = new Promise<void>((resolve, reject) => {
      const reader = {
        wake: () => {
          this.#waiting.delete(reader);
          resolve();
        },
        fail: (error: Error) => {
          this.#waiting.delete(reader);
          reject(error);
        },
      };
      this.#waiting.add(reader);
      hooks.stop = reader.wake;
    });
    return { done, stop: () => hooks.stop() };
  }

  /** The store went away: whoever waits is told. */
  disconnect(): void {
    for (const reader of [...this.#waiting]) reader.fail(new UnavailableError("the authority", "it went away"));
  }
}
