import { type Awaitable, andThen } from "./awaitable.ts";
import type { WriteOutcomes } from "./backend.ts";
import type { CachedValue } from "./cached-value.ts";
import type { ResolvedWriteOptions } from "./call-options.ts";
import type { Mark } from "./capabilities.ts";
import { STORED, type WriteContext, type WriteOutcome } from "./contexts.ts";
import { InvalidationPendingError, ValidationError } from "./errors.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { regionMark } from "./mark-board.ts";
import { isNoValue } from "./no-value.ts";
import type { PendingDelete } from "./pending-deletes.ts";
import type { RegionState } from "./region-state.ts";
import { UnconfirmedWork } from "./unconfirmed-work.ts";
import { deleteMany, deleteOne, writeMany, writeOne } from "./write-through.ts";

/** What became of a write, a delete or an invalidation. */
export interface WriteReport {
  /** Whether the farthest tier has done it, for every key. */
  readonly confirmed: boolean;
  /** By key, what the farthest tier said. */
  readonly outcomes: ReadonlyMap<string, WriteOutcome>;
  /** By tier and key, as far as it is known when the call answers. */
  readonly tiers: ReadonlyMap<string, ReadonlyMap<string, WriteOutcome>>;
  /** Fulfilled when what was not confirmed has been, or something newer has taken its place. */
  readonly settled: Promise<void>;
}

/** What `close` had to leave undone. */
export interface CloseReport {
  /** Keys whose deletion the authority has not confirmed. */
  readonly unconfirmedKeys: readonly string[];
  /** Marks (tags; "" is the region) that it has not confirmed. */
  readonly unconfirmedMarks: readonly string[];
  /** Pieces of background work that had not ended in time. */
  readonly unfinished: number;
}

const done = Promise.resolve();
/** Refusals after which the authority still holds the old value. */
const leavesOld: ReadonlySet<string> = new Set(["too-large", "full"]);

/** The writing half of a region: sets, deletes and invalidations that tell the truth and are retried until it is done. */
export class RegionWrites {
  readonly #state: RegionState;
  readonly #unconfirmed: UnconfirmedWork;
  readonly #forgetFailure: (key: string) => void;

  constructor(state: RegionState, forgetFailure: (key: string) => void) {
    this.#state = state;
    this.#unconfirmed = new UnconfirmedWork(state);
    this.#forgetFailure = forgetFailure;
  }

  /** @param given by inner key, the caller's key and value */
  set(given: ReadonlyMap<string, readonly [string, unknown]>, options: ResolvedWriteOptions): Awaitable<WriteReport> {
    const state = this.#state;
    const startedOrder = state.knownOrder();
    const startedAt = state.stamps.next();
    const entries = new Map<string, CachedValue>();
    for (const [key, [givenKey, value]] of given) {
      if (isNoValue(value))
        throw new ValidationError({
          path: "value",
          expected: "a value",
          received: value,
          hint: `key ${JSON.stringify(givenKey)}`,
        });
      entries.set(key, state.entry(state.isolator.apart(value), { ...options, startedAt, startedOrder }));
    }
    for (const key of entries.keys()) {
      state.flights.break(key);
      state.pending.letPass(key, startedAt);
      this.#forgetFailure(key);
    }
    const log = new TierLog(given);
    const context: WriteContext = {
      sender: state.sender,
      observe: log.observe,
      ...(options.skip !== undefined && { skip: options.skip }),
    };
    const [first] = entries;
    const outcomes =
      entries.size === 1 && first !== undefined
        ? writeOne(state.backend, first[0], first[1], context)
        : writeMany(state.backend, entries, context);
    return andThen(outcomes, (all) => {
      const pending: PendingDelete[] = [];
      for (const key of entries.keys()) {
        const outcome = all.get(key) ?? STORED;
        log.farthest(key, outcome, state.backend.name);
        if (outcome.status === "stored") {
          state.note(outcome.revision);
          state.pending.supersede(key, startedAt);
        } else if (outcome.status !== "refused" || leavesOld.has(outcome.why)) {
          // The old value must not be served on: the key is deleted until the store has confirmed at least that.
          pending.push(state.pending.add(key, startedAt));
        }
        this.#tell(given, key, outcome, "write");
      }
      const report = this.#report(log, pending);
      state.events.emit("set", { keys: [...given.values()].map(([key]) => key), confirmed: report.confirmed });
      return this.#answer(report, "a set");
    });
  }

  delete(given: ReadonlyMap<string, string>): Awaitable<WriteReport> {
    const state = this.#state;
    const at = state.stamps.next();
    const keys = [...given.keys()];
    const pendings = keys.map((key) => {
      state.flights.break(key);
      this.#forgetFailure(key);
      return state.pending.add(key, at);
    });
    const log = new TierLog(new Map([...given].map(([inner, key]) => [inner, [key]])));
    const context: WriteContext = { sender: state.sender, observe: log.observe };
    const [only] = keys;
    const outcomes: Awaitable<WriteOutcomes> =
      keys.length === 1 && only !== undefined
        ? deleteOne(state.backend, only, context)
        : deleteMany(state.backend, keys, context);
    return andThen(outcomes, (all) => {
      const left = pendings.filter((pending) => {
        const outcome = all.get(pending.key) ?? STORED;
        log.farthest(pending.key, outcome, state.backend.name);
        this.#tell(given, pending.key, outcome, "delete");
        if (outcome.status === "failed" || outcome.status === "unknown") return true;
        if (outcome.status === "stored") state.note(outcome.revision);
        state.pending.confirm(pending);
        return false;
      });
      const report = this.#report(log, left);
      state.events.emit("deleted", { keys: [...given.values()], confirmed: report.confirmed });
      return this.#answer(report, "a delete");
    });
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
    return andThen(marked, ({ confirmed, error, settled }) => {
      state.events.emit("invalidated", { names, mode, confirmed });
      if (error !== undefined) state.events.emit("pending", { what: "invalidation", count: names.length, error });
      const outcome: WriteOutcome = error === undefined ? STORED : { status: "failed", error };
      const outcomes = new Map(names.map((name) => [name, outcome]));
      const tiers = new Map([[state.backend.name, outcomes]]);
      return this.#answer({ confirmed, outcomes, tiers, settled }, "an invalidation");
    });
  }

  #byStrategy(strategy: RegionInvalidationStrategy, mode: Mark["mode"], at: number): Awaitable<WriteReport> {
    const state = this.#state;
    state.flights.forgetAll();
    return andThen(strategy.invalidate({ hard: mode === "hard", at }), () => {
      // Who came meanwhile may have joined what began before.
      state.flights.forgetAll();
      state.events.emit("invalidated", { names: [regionMark], mode, confirmed: true });
      return { confirmed: true, outcomes: new Map([[regionMark, STORED]]), tiers: new Map(), settled: done };
    });
  }

  /** Tries once more what is not confirmed, waits for background work within the bound, and says what is left. */
  async close(ended: () => void): Promise<CloseReport> {
    const state = this.#state;
    const { clock, closeTimeoutMs } = state.options;
    const work = Promise.all([...state.backgroundWork(), this.#unconfirmed.flush()]);
    await new Promise<void>((resolve) => {
      const timer = clock.schedule(resolve, closeTimeoutMs);
      void work.then(() => {
        timer.cancel();
        resolve();
      });
    });
    this.#unconfirmed.stop();
    const { keys, marks } = this.#unconfirmed.left();
    const unfinished = state.backgroundWork().length;
    state.end();
    ended();
    return { unconfirmedKeys: keys, unconfirmedMarks: marks, unfinished };
  }

  #report(log: TierLog, pending: readonly PendingDelete[]): WriteReport {
    if (pending.length > 0) this.#unconfirmed.retry(pending, log.firstError);
    const settled = pending.length === 0 ? done : Promise.all(pending.map((one) => one.settled)).then(() => undefined);
    return { confirmed: log.allStored, outcomes: log.outcomes, tiers: log.tiers, settled };
  }

  #answer(report: WriteReport, what: string): Awaitable<WriteReport> {
    if (report.confirmed || this.#state.options.unconfirmed === "resolve") return report;
    return Promise.reject(new InvalidationPendingError(what, report.settled));
  }

  #tell(
    given: ReadonlyMap<string, string | readonly [string, unknown]>,
    key: string,
    outcome: WriteOutcome,
    operation: "write" | "delete",
  ): void {
    if (outcome.status !== "failed" && outcome.status !== "unknown") return;
    const named = given.get(key);
    const givenKey = typeof named === "string" ? named : (named?.[0] ?? key);
    this.#state.events.emit("tierFailed", {
      tier: this.#state.backend.name,
      operation,
      key: givenKey,
      error: outcome.error,
    });
  }
}

/** Collects what each tier did, in the caller's keys. */
class TierLog {
  readonly outcomes = new Map<string, WriteOutcome>();
  readonly tiers = new Map<string, Map<string, WriteOutcome>>();
  allStored = true;
  firstError: Error | undefined;
  readonly #given: ReadonlyMap<string, readonly [string, ...unknown[]]>;

  constructor(given: ReadonlyMap<string, readonly [string, ...unknown[]]>) {
    this.#given = given;
  }

  readonly observe = (tier: string, key: string, outcome: WriteOutcome): void => {
    const ofTier = this.tiers.get(tier) ?? new Map<string, WriteOutcome>();
    ofTier.set(this.#given.get(key)?.[0] ?? key, outcome);
    this.tiers.set(tier, ofTier);
  };

  farthest(key: string, outcome: WriteOutcome, tier: string): void {
    this.outcomes.set(this.#given.get(key)?.[0] ?? key, outcome);
    if (this.tiers.size === 0 || this.tiers.has(tier)) this.observe(tier, key, outcome);
    if (outcome.status === "stored") return;
    this.allStored = false;
    if (outcome.status !== "refused") this.firstError ??= outcome.error;
  }
}
