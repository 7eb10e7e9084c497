import type { ChangeFeed, ChangeListener, ChangeNotice, CreationFailure, Mark } from "./capabilities.ts";
import type { RegionState } from "./region-state.ts";

/** What a region does about what the authority's feed tells. */
export class RegionListener implements ChangeListener {
  readonly #state: RegionState;
  readonly #feed: ChangeFeed;
  readonly #newEpoch: (() => void)[] = [];
  #epoch: string | undefined;

  constructor(state: RegionState, feed: ChangeFeed) {
    this.#state = state;
    this.#feed = feed;
  }

  /** Calls `run` whenever another store, or a replica, has taken the authority's place. */
  onNewEpoch(run: () => void): void {
    this.#newEpoch.push(run);
  }

  changed(notice: ChangeNotice): void {
    if (notice.sender === this.#state.sender) return;
    for (const key of notice.keys) {
      this.#state.flights.break(key);
      this.#state.replays?.changed(key);
    }
    // What began between the announcement of a change and the change itself has, perhaps, read what was before.
    const over = () => {
      for (const key of notice.keys) this.#state.flights.forget(key);
    };
    notice.settled?.then(over, over);
  }

  marked(marks: readonly Mark[]): void {
    this.#state.marks.apply(marks);
    this.#state.flights.forgetAll();
  }

  filled(keys: readonly string[], failure?: CreationFailure): void {
    if (failure !== undefined)
      for (const key of keys) {
        const flight = this.#state.flights.get(key);
        if (flight !== undefined) flight.failure = failure;
      }
    this.#state.announcements.announce(keys);
  }

  silent(reason: string): void {
    this.#state.marks.silent();
    this.#state.events.emit("coherence", { state: "silent", reason });
  }

  resumed(): void {
    this.#state.marks.resumed();
    this.#state.events.emit("coherence", { state: "resumed", reason: "nothing was missed" });
  }

  uncertain(reason: string): void {
    this.#state.marks.forget();
    this.#state.replays?.changedAll();
    // What began before the gap began, perhaps, before a change that nobody will tell us of any more.
    this.#state.flights.forgetAll();
    // The feed takes its new position once everybody has been told.
    queueMicrotask(() => this.#noteEpoch(this.#feed.position?.epoch));
    this.#state.events.emit("coherence", { state: "uncertain", reason });
  }

  #noteEpoch(epoch: string | undefined): void {
    const before = this.#epoch;
    this.#epoch = epoch ?? before;
    if (before === undefined || epoch === undefined || before === epoch || this.#state.closed) return;
    for (const run of this.#newEpoch) run();
  }
}
