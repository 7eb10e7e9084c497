import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import type { WriteOutcomes } from "./backend.ts";
import type { CachedValue, Order } from "./cached-value.ts";
import type { ResolvedWriteOptions } from "./call-options.ts";
import type { Mark } from "./capabilities.ts";
import { STORED, type WriteContext, type WriteOutcome } from "./contexts.ts";
import { ValidationError } from "./errors.ts";
import type { FenceTicket } from "./fences.ts";
import { newEntry } from "./new-entry.ts";
import { isNoValue } from "./no-value.ts";
import type { PendingDelete } from "./pending-deletes.ts";
import { RecentChanges } from "./recent-changes.ts";
import { type CloseReport, closeRegion } from "./region-close.ts";
import { RegionInvalidations } from "./region-invalidations.ts";
import type { RegionState } from "./region-state.ts";
import { givenKeysOf, leavesOld, logOf, type SentSet } from "./sent-sets.ts";
import { chainOf } from "./tiers.ts";
import { UnconfirmedWork } from "./unconfirmed-work.ts";
import { deleteKey, deleteKeys, writeKey, writeKeys } from "./write-keys.ts";
import { answerOf, done, LoggedReport, StoredReport, WriteLog, type WriteReport } from "./write-log.ts";

/** The writing half of a region: sets, deletes and invalidations that tell the truth and are retried until it is done. */
export class RegionWrites {
  readonly #state: RegionState;
  readonly #unconfirmed: UnconfirmedWork;
  readonly #invalidations: RegionInvalidations;
  readonly #forgetFailure: (key: string) => void;
  readonly #recent: RecentChanges | undefined;
  /** Memory is all there is: one tier, which answers at once and keeps the very objects. */
  readonly #isAlone: boolean;
  readonly #plainContext: WriteContext;

  constructor(state: RegionState, forgetFailure: (key: string) => void) {
    this.#state = state;
    this.#unconfirmed = new UnconfirmedWork(state);
    this.#forgetFailure = forgetFailure;
    this.#isAlone = state.backend.byReference && chainOf(state.backend) === undefined && state.replays === undefined;
    this.#plainContext = { sender: state.sender };
    this.#recent = state.backend.changes && new RecentChanges(state.options.clock);
    this.#invalidations = new RegionInvalidations(state, this.#unconfirmed, this.#recent);
    if (this.#recent === undefined) return;
    state.onNewEpoch(() => this.#sendAgain());
  }

  /** One write a tier. @param key below the region */
  setOne(key: string, givenKey: string, value: unknown, options: ResolvedWriteOptions): Awaitable<WriteReport> {
    const { backend, stamps } = this.#state;
    const order = this.#state.knownOrder();
    const startedAt = stamps.next();
    const entry = this.#entry(givenKey, value, options, startedAt, order);
    const sent: SentSet = { key, givenKey, entry, ticket: this.#start(key, startedAt) };
    if (this.#isAlone && options.skip === undefined) {
      const written = writeKey(backend, key, entry, this.#plainContext);
      if (written === STORED) {
        this.#storedAlone(key, startedAt);
        return this.#reportAlone([givenKey]);
      }
      return this.#whenSet(sent, written, logOf([sent]));
    }
    const log = logOf([sent]);
    return this.#whenSet(sent, writeKey(backend, key, entry, this.#context(log, options)), log);
  }

  /** The same for many. @param mapping by the caller's keys */
  set(mapping: ReadonlyMap<string, unknown>, options: ResolvedWriteOptions): Awaitable<WriteReport> {
    const { backend, stamps } = this.#state;
    const order = this.#state.knownOrder();
    const startedAt = stamps.next();
    const entries = new Map<string, CachedValue>();
    const made: SentSet[] = [];
    for (const [givenKey, value] of mapping) {
      const key = this.#state.inner(givenKey);
      const entry = this.#entry(givenKey, value, options, startedAt, order);
      entries.set(key, entry);
      made.push({ key, givenKey, entry, ticket: undefined });
    }
    // Of keys that a mangler makes one, the last.
    const sets = entries.size === made.length ? made : made.filter(({ key, entry }) => entries.get(key) === entry);
    for (const sent of sets) sent.ticket = this.#start(sent.key, startedAt);
    const log = logOf(sets);
    const isPlain = this.#isAlone && options.skip === undefined;
    const written = writeKeys(backend, entries, isPlain ? this.#plainContext : this.#context(log, options));
    if (isPlain && !isPromiseLike(written) && written.size === 0) {
      for (const { key } of sets) this.#storedAlone(key, startedAt);
      return this.#reportAlone(givenKeysOf(sets));
    }
    return andThen(written, (all) => {
      const pending: PendingDelete[] = [];
      for (const sent of sets) {
        const left = this.#settled(sent, all.get(sent.key) ?? STORED, log);
        if (left !== undefined) pending.push(left);
      }
      return this.#wasSet(sets, log, pending);
    });
  }

  delete(given: ReadonlyMap<string, string>): Awaitable<WriteReport> {
    const state = this.#state;
    const at = state.stamps.next();
    const keys = [...given.keys()];
    const pendings = keys.map((key) => {
      state.flights.break(key);
      state.replays?.changed(key);
      this.#forgetFailure(key);
      return state.pending.add(key, at);
    });
    const log = new WriteLog((key) => given.get(key) ?? key);
    const context: WriteContext = { sender: state.sender, observe: log.observe };
    const [only] = keys;
    const outcomes: Awaitable<WriteOutcomes> =
      keys.length === 1 && only !== undefined
        ? deleteKey(state.backend, only, context)
        : deleteKeys(state.backend, keys, context);
    return andThen(outcomes, (all) => {
      const left = pendings.filter((pending) => {
        const outcome = all.get(pending.key) ?? STORED;
        log.farthest(pending.key, outcome, state.backend.name);
        this.#tell(given.get(pending.key) ?? pending.key, outcome, "delete");
        if (outcome.status === "failed" || outcome.status === "unknown") return true;
        if (outcome.status === "stored") {
          state.note(outcome.revision);
          this.#recent?.add(pending.key, given.get(pending.key) ?? pending.key);
        }
        state.pending.confirm(pending);
        return false;
      });
      const report = this.#report(log, left);
      state.events.emit("deleted", { keys: [...given.values()], confirmed: report.confirmed });
      return answerOf(report, "a delete", state.options.unconfirmed);
    });
  }

  /** Marks names; the empty one is the whole region. */
  invalidate(names: readonly string[], mode: Mark["mode"]): Awaitable<WriteReport> {
    return this.#invalidations.invalidate(names, mode);
  }

  /** Ends the region. */
  close(ended: () => void): Promise<CloseReport> {
    return closeRegion(this.#state, this.#unconfirmed, ended);
  }

  /** @throws ValidationError for NO_VALUE */
  #entry(
    givenKey: string,
    value: unknown,
    { ttlMs, graceMs, ownTtl, tags }: ResolvedWriteOptions,
    startedAt: number,
    startedOrder: Order | undefined,
  ): CachedValue {
    if (isNoValue(value)) {
      const hint = `key ${JSON.stringify(givenKey)}`;
      throw new ValidationError({ path: "value", expected: "a value", received: value, hint });
    }
    const payload = this.#state.isolator.apart(value);
    const plan = { createdAt: startedAt, startedAt, startedOrder, ttlMs, graceMs, ownTtl, tags };
    return newEntry(this.#state.options, payload, plan);
  }

  #context(log: WriteLog, { skip }: ResolvedWriteOptions): WriteContext {
    const { sender } = this.#state;
    const { observe } = log;
    return skip === undefined ? { sender, observe } : { sender, observe, skip };
  }

  #start(key: string, startedAt: number): FenceTicket | undefined {
    const { flights, pending, replays } = this.#state;
    flights.break(key);
    pending.letPass(key, startedAt);
    this.#forgetFailure(key);
    return replays?.begin(key);
  }

  #whenSet(sent: SentSet, written: Awaitable<WriteOutcome>, log: WriteLog): Awaitable<WriteReport> {
    return andThen(written, (outcome) => {
      const pending = this.#settled(sent, outcome, log);
      return this.#wasSet([sent], log, pending === undefined ? [] : [pending]);
    });
  }

  /** After one key's set where memory is all, and has taken it: nobody has anything to tell. */
  #storedAlone(key: string, startedAt: number): void {
    // A listener of what the store lets go of may have begun one meanwhile.
    this.#state.flights.forget(key);
    this.#state.pending.supersede(key, startedAt);
  }

  #reportAlone(keys: readonly string[]): WriteReport {
    const { backend, events } = this.#state;
    if (events.observes("set")) events.emit("set", { keys, confirmed: true });
    return new StoredReport(keys, backend.name);
  }

  /** After one key's set: what is to be deleted if the store did not take it. */
  #settled(sent: SentSet, outcome: WriteOutcome, log: WriteLog): PendingDelete | undefined {
    const { key, givenKey, entry } = sent;
    const { startedAt } = entry.metadata;
    const state = this.#state;
    log.farthest(key, outcome, state.backend.name);
    this.#tell(givenKey, outcome, "write");
    this.#keepForReplay(sent, outcome);
    // What began while the set was under way may have read what was there before.
    state.flights.forget(key);
    if (outcome.status === "stored") {
      state.note(outcome.revision);
      this.#recent?.add(key, givenKey);
      state.pending.supersede(key, startedAt);
      return undefined;
    }
    if (outcome.status === "refused" && !leavesOld(outcome.why)) return undefined;
    // The old value must not be served on: the key is deleted until the store has confirmed at least that.
    return state.pending.add(key, startedAt);
  }

  #keepForReplay({ key, entry, ticket }: SentSet, outcome: WriteOutcome): void {
    const { replays } = this.#state;
    if (replays === undefined || ticket === undefined) return;
    const isMissed = outcome.status === "unknown" || outcome.status === "failed";
    if (isMissed) replays.missed(key, entry, ticket);
    else replays.answered(ticket);
  }

  #wasSet(sets: readonly SentSet[], log: WriteLog, pending: readonly PendingDelete[]): Awaitable<WriteReport> {
    const report = this.#report(log, pending);
    const { events } = this.#state;
    if (events.observes("set")) events.emit("set", { keys: givenKeysOf(sets), confirmed: report.confirmed });
    return answerOf(report, "a set", this.#state.options.unconfirmed);
  }

  /** The authority was replaced: what it had confirmed lately, the one in its place may not have had. */
  #sendAgain(): void {
    const { keys, marks } = this.#recent?.take() ?? { keys: new Map<string, string>(), marks: [] };
    const work: Awaitable<unknown>[] = marks.map(({ names, mode }) => this.invalidate(names, mode));
    if (keys.size > 0) work.push(this.delete(keys));
    if (work.length > 0) this.#state.inBackground(Promise.all(work), "sending the last changes again");
  }

  #report(log: WriteLog, pending: readonly PendingDelete[]): WriteReport {
    if (pending.length === 0) return new LoggedReport(log, done);
    this.#unconfirmed.retry(pending, log.firstError);
    const settled = Promise.all(pending.map((one) => one.settled)).then(() => undefined);
    return new LoggedReport(log, this.#unconfirmed.waitedFor(settled));
  }

  #tell(key: string, outcome: WriteOutcome, operation: "write" | "delete"): void {
    if (outcome.status !== "failed" && outcome.status !== "unknown") return;
    const { backend, events } = this.#state;
    events.emit("tierFailed", { tier: backend.name, operation, key, error: outcome.error });
  }
}
