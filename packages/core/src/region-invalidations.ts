import { type Awaitable, andThen } from "./awaitable.ts";
import type { Mark } from "./capabilities.ts";
import { STORED, type WriteOutcome } from "./contexts.ts";
import { ValidationError } from "./errors.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { regionMark } from "./mark-board.ts";
import type { RecentChanges } from "./recent-changes.ts";
import type { RegionState } from "./region-state.ts";
import type { UnconfirmedWork } from "./unconfirmed-work.ts";
import { answerOf, done, type WriteReport } from "./write-log.ts";

/** Invalidations: what the names are on is out of date from now on, though nothing is deleted. */
export class RegionInvalidations {
  readonly #state: RegionState;
  readonly #unconfirmed: UnconfirmedWork;
  readonly #recent: RecentChanges | undefined;

  /** @param recent absent where no other store can take the authority's place */
  constructor(state: RegionState, unconfirmed: UnconfirmedWork, recent: RecentChanges | undefined) {
    this.#state = state;
    this.#unconfirmed = unconfirmed;
    this.#recent = recent;
  }

  /** Marks names; the empty one is the whole region. */
  invalidate(names: readonly string[], mode: Mark["mode"]): Awaitable<WriteReport> {
    const state = this.#state;
    if (mode === "soft" && state.options.ttlMs === Number.POSITIVE_INFINITY && state.options.graceMs === 0) {
      const hint = "a soft invalidation makes values stale, and without either they would stay stale for ever";
      throw new ValidationError({
        path: "hard",
        expected: "true in a region without a ttl and without a grace",
        received: false,
        hint,
      });
    }
    const at = state.stamps.next();
    if (state.strategy !== undefined && names[0] === regionMark) return this.#byStrategy(state.strategy, mode, at);
    state.marks.apply(names.map((name) => ({ name, mode, at })));
    state.flights.forgetAll();
    const marked = this.#unconfirmed.mark(names, mode, at);
    return andThen(marked, ({ confirmed, error, rest }) => {
      if (confirmed) this.#recent?.addMark(names, mode);
      state.events.emit("invalidated", { names, mode, confirmed });
      if (error !== undefined) state.events.emit("pending", { what: "invalidation", count: names.length, error });
      const outcome: WriteOutcome = error === undefined ? STORED : { status: "failed", error };
      const outcomes = new Map(names.map((name) => [name, outcome]));
      const tiers = new Map([[state.backend.name, outcomes]]);
      const report: WriteReport = {
        confirmed,
        outcomes,
        tiers,
        get settled() {
          return rest.settled;
        },
      };
      return answerOf(report, "an invalidation", state.options.unconfirmed);
    });
  }

  #byStrategy(strategy: RegionInvalidationStrategy, mode: Mark["mode"], at: number): Awaitable<WriteReport> {
    const state = this.#state;
    state.flights.forgetAll();
    return andThen(strategy.invalidate({ hard: mode === "hard", at }), () => {
      // Who came meanwhile may have joined what began before.
      state.flights.forgetAll();
      state.events.emit("invalidated", { names: [regionMark], mode, confirmed: true });
      return { confirmed: true, outcomes: new Map([[regionMark, STORED]]), tiers: new Map(), settled: done.settled };
    });
  }
}
