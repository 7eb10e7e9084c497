import type { Awaitable, ChangeFeed, ChangeListener, ChangeNotice, Order } from "@cascata/core";
import { AnnouncedChanges } from "./announced-changes.ts";
import { BusMembership, type BusPace } from "./bus-membership.ts";
import type { BusNotice } from "./bus-message.ts";
import { KnownOrder } from "./known-order.ts";

/** An announcement of one's own: what ends it, and when the bus has it. */
export interface Announcement {
  readonly from: string;
  readonly number: number;
  /** Never rejects. */
  readonly taken: Awaitable<void>;
}

/**
 * The change feed of a store that announces nothing, over a bus. A change is announced before it is made and told again
 * when it was: in between nobody fills a near tier with the key, and whatever began in between is broken a second time.
 * What is announced and not told in time (its process is gone, its answer was lost) may have happened, and counts as told.
 *
 * Listeners in this process hear of its changes at once, in the turn in which they are told, and not by way of the bus.
 */
export class BusFeed implements ChangeFeed {
  readonly atomic: boolean = false;
  readonly #pace: BusPace;
  readonly #report: (what: string, error?: unknown) => void;
  readonly #subscriptions = new Set<{ readonly listener: ChangeListener }>();
  readonly #announced: AnnouncedChanges;
  readonly #order = new KnownOrder();
  #membership: BusMembership | undefined;
  #closed = false;

  constructor(pace: BusPace, report: (what: string, error?: unknown) => void) {
    this.#pace = pace;
    this.#report = report;
    this.#announced = new AnnouncedChanges(pace.clock);
  }

  get position(): Order | undefined {
    return this.#order.latest;
  }

  get live(): boolean {
    return this.#membership?.live === true;
  }

  get heardAt(): number {
    return this.#membership?.heardAt ?? Number.NEGATIVE_INFINITY;
  }

  get silenceMs(): number {
    return this.#pace.silenceMs;
  }

  subscribe(listener: ChangeListener): () => void {
    const own = { listener };
    this.#subscriptions.add(own);
    // What the newcomer holds is from before, though the feed itself has missed nothing.
    if (this.live) queueMicrotask(() => this.live && this.#subscriptions.has(own) && listener.uncertain("started"));
    else this.#join()?.doubt("started");
    return () => {
      if (this.#subscriptions.delete(own) && this.#subscriptions.size === 0) void this.#leave();
    };
  }

  /** The change comes now, and is over after `ms` milliseconds at the latest. */
  announce(notice: BusNotice, ms: number): Announcement {
    return this.#say({ ...notice, ms });
  }

  /** The change has been made, or may have been. */
  tell(notice: BusNotice, announcement?: Announcement): void {
    this.#say(notice, announcement);
  }

  /** Ends all subscriptions, and waits for the bus to take what was told, within the bound. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#subscriptions.clear();
    await this.#leave();
  }

  #say(notice: BusNotice, ends?: Announcement): Announcement {
    const membership = this.#join();
    if (membership === undefined) return { from: "", number: 0, taken: undefined };
    const { id } = membership;
    const said = ends?.from === id ? { ...notice, of: ends.number } : notice;
    const { number, taken } = membership.tell(said);
    this.#take(id, number, said);
    return { from: id, number, taken };
  }

  #join(): BusMembership | undefined {
    if (this.#closed) return undefined;
    this.#membership ??= new BusMembership(this.#pace, {
      notice: (from, number, notice) => this.#take(from, number, notice),
      silent: (reason) => this.#each((listener) => listener.silent(reason)),
      resumed: () => this.#each((listener) => listener.resumed()),
      uncertain: (reason) => this.#each((listener) => listener.uncertain(reason)),
      report: this.#report,
    });
    return this.#membership;
  }

  async #leave(): Promise<void> {
    const membership = this.#membership;
    this.#membership = undefined;
    this.#announced.endAll();
    this.#order.forget();
    try {
      await membership?.close();
    } catch (error) {
      this.#report("the bus can't be left", error);
    }
  }

  #take(from: string, number: number, notice: BusNotice): void {
    const { ms, of } = notice;
    if (ms === undefined) this.#happened(notice);
    else this.#begin(`${from} ${number}`, notice, ms);
    if (of !== undefined) this.#announced.end(`${from} ${of}`);
  }

  /** Of marks and the like nothing is said before they are made: what they cover is judged by when it began. */
  #begin(id: string, notice: BusNotice, ms: number): void {
    const settled = this.#announced.begin(id, ms, () => this.#happened(notice));
    if (notice.keys !== undefined) this.#changed(notice.keys, notice, settled);
  }

  #happened(notice: BusNotice): void {
    const { keys, marks, filled, failure, all, order } = notice;
    if (keys !== undefined) this.#changed(keys, notice);
    if (marks !== undefined) this.#each((listener) => listener.marked(marks));
    if (filled !== undefined) this.#each((listener) => listener.filled(filled, failure));
    if (all) this.#membership?.doubt("anything may have changed");
    // Only now: a creation that starts in one of those calls must not count from an order whose change it has not seen.
    if (this.#order.note(order)) this.#membership?.doubt("the store is another one");
  }

  #changed(keys: readonly string[], { sender, order }: BusNotice, settled?: Promise<void>): void {
    const notice: ChangeNotice = {
      keys,
      ...(order !== undefined && { order }),
      ...(sender !== undefined && { sender }),
      ...(settled !== undefined && { settled }),
    };
    this.#each((listener) => listener.changed(notice));
  }

  #each(what: (listener: ChangeListener) => void): void {
    for (const { listener } of [...this.#subscriptions]) what(listener);
  }
}
