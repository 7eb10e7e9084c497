import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import type { Mark } from "./capabilities.ts";
import type { Timer } from "./clock.ts";
import { asCacheError } from "./errors.ts";
import { Hold } from "./hold.ts";
import { regionMark } from "./mark-board.ts";
import type { PendingDelete } from "./pending-deletes.ts";
import type { RegionState } from "./region-state.ts";
import { deleteKeys } from "./write-keys.ts";
import { done, Unsettled } from "./write-log.ts";

interface PendingMark {
  readonly names: readonly string[];
  readonly mode: Mark["mode"];
  readonly at: number;
  readonly settled: Promise<void>;
  settle(): void;
}

export interface MarkReport {
  readonly confirmed: boolean;
  readonly error: Error | undefined;
  readonly rest: { readonly settled: Promise<void> };
}

const mostDeletes = 10_000;
const batchSize = 1000;
const firstRetryMs = 50;
const longestRetryMs = 1000;

/**
 * Deletes and marks that the authority has not confirmed: tried again until it has, or until something newer took their
 * place. Beyond ten thousand keys they become one mark on the whole region: it covers more, and never less.
 */
export class UnconfirmedWork {
  readonly #state: RegionState;
  readonly #hold: Hold;
  readonly #deletes = new Map<string, PendingDelete>();
  readonly #marks = new Set<PendingMark>();
  #timer: Timer | undefined;
  #delayMs = firstRetryMs;
  #running: Promise<void> | undefined;

  constructor(state: RegionState) {
    this.#state = state;
    this.#hold = new Hold(state.options.clock);
  }

  /** What is still to be confirmed, for `close()`. */
  left(): { readonly keys: readonly string[]; readonly marks: readonly string[] } {
    this.#dropSettled();
    return { keys: [...this.#deletes.keys()], marks: [...this.#marks].flatMap(({ names }) => names) };
  }

  /** For who wants to wait for it. */
  waitedFor(settled: Promise<void>): Unsettled {
    return new Unsettled(settled, this.#hold);
  }

  retry(pending: readonly PendingDelete[], error: unknown): void {
    for (const one of pending) this.#deletes.set(one.key, one);
    this.#state.keepFor(Promise.all(pending.map(({ settled }) => settled)));
    this.#state.events.emit("pending", { what: "delete", count: this.#deletes.size, error });
    if (this.#deletes.size > mostDeletes && this.#state.backend.marks !== undefined) this.#toRegionMark();
    this.#schedule();
  }

  /** Writes marks; what fails is retried. */
  mark(names: readonly string[], mode: Mark["mode"], at: number): Awaitable<MarkReport> {
    const table = this.#state.backend.marks;
    const confirmed: MarkReport = { confirmed: true, error: undefined, rest: done };
    if (table === undefined) return confirmed;
    const fail = (error: unknown): MarkReport => {
      const pending = this.#addMark(names, mode, at);
      this.#state.keepFor(pending.settled);
      this.#schedule();
      return {
        confirmed: false,
        error: asCacheError(error, this.#state.backend.name, "mark", names.length),
        rest: this.waitedFor(pending.settled),
      };
    };
    const succeed = (marks: readonly Mark[]): MarkReport => {
      this.#applied(marks);
      return confirmed;
    };
    try {
      const put = table.put(names, mode, at, this.#state.sender);
      return isPromiseLike(put) ? put.then(succeed, fail) : succeed(put);
    } catch (error) {
      return fail(error);
    }
  }

  /** One try now, at whatever is left. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running ??= this.#tryAll().finally(() => {
      this.#running = undefined;
      if (this.#deletes.size > 0 || this.#marks.size > 0) {
        this.#delayMs = Math.min(this.#delayMs * 2, longestRetryMs);
        this.#schedule();
      } else this.#delayMs = firstRetryMs;
    });
    return this.#running;
  }

  stop(): void {
    this.#hold.release();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #tryAll(): Promise<void> {
    await Promise.all([...this.#marks].map((mark) => this.#tryMark(mark)));
    this.#dropSettled();
    const keys = [...this.#deletes.keys()];
    for (let start = 0; start < keys.length; start += batchSize) {
      if (!(await this.#tryDeletes(keys.slice(start, start + batchSize)))) return;
    }
  }

  /** @returns whether the authority answered at all */
  async #tryDeletes(keys: readonly string[]): Promise<boolean> {
    const tried = keys.map((key) => this.#deletes.get(key));
    const outcomes = await deleteKeys(this.#state.backend, keys, { sender: this.#state.sender });
    let answered = false;
    for (const pending of tried) {
      if (pending === undefined) continue;
      const status = outcomes.get(pending.key)?.status ?? "stored";
      if (status !== "stored" && status !== "refused") continue;
      answered = true;
      if (this.#deletes.get(pending.key) === pending) this.#deletes.delete(pending.key);
      this.#state.pending.confirm(pending);
    }
    if (answered) this.#state.replays?.absent(keys);
    return answered;
  }

  async #tryMark(mark: PendingMark): Promise<void> {
    try {
      const put = await this.#state.backend.marks?.put(mark.names, mark.mode, mark.at, this.#state.sender);
      this.#applied(put ?? []);
      this.#marks.delete(mark);
      mark.settle();
    } catch {
      // It stays, and is tried again.
    }
  }

  #applied(marks: readonly Mark[]): void {
    this.#state.marks.apply(marks);
    for (const { order } of marks) this.#state.note(order);
  }

  #addMark(names: readonly string[], mode: Mark["mode"], at: number): PendingMark {
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const pending = { names, mode, at, settled, settle };
    this.#marks.add(pending);
    return pending;
  }

  #toRegionMark(): void {
    const at = this.#state.stamps.next();
    const deletes = [...this.#deletes.values()];
    this.#deletes.clear();
    this.#state.marks.apply([{ name: regionMark, mode: "hard", at }]);
    this.#state.flights.forgetAll();
    const mark = this.#addMark([regionMark], "hard", at);
    void mark.settled.then(() => {
      for (const one of deletes) this.#state.pending.confirm(one);
    });
  }

  #dropSettled(): void {
    for (const [key, pending] of this.#deletes) if (this.#state.pending.get(key) !== pending) this.#deletes.delete(key);
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#running !== undefined || this.#state.closed) return;
    const jittered = this.#delayMs * (0.75 + this.#state.options.random() / 2);
    this.#timer = this.#state.options.clock.schedule(() => {
      this.#timer = undefined;
      void this.flush();
    }, jittered);
  }
}
