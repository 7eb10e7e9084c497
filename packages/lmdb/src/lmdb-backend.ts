import {
  type Awaitable,
  andThen,
  asCacheError,
  type BackendHealth,
  CacheBackend,
  type CachedValue,
  type CacheMutex,
  type ChangeFeed,
  ClosedError,
  type Found,
  type GuardTable,
  isPromiseLike,
  type KeyMangler,
  type LeaseTable,
  type MarkTable,
  type NoValue,
  type Order,
  type ReadContext,
  TimeoutError,
  UnavailableError,
  Wire,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
  withDeadline,
} from "@cascata/core";
import { LmdbChangeFeed } from "./change-feed.ts";
import { EntryReader } from "./entry-reader.ts";
import { EntryWriter } from "./entry-writer.ts";
import { optionsFrom } from "./flat-options.ts";
import { Housekeeping } from "./housekeeping.ts";
import { inspectFile } from "./inspect.ts";
import { LmdbLeases, type RunOnFile } from "./leases.ts";
import { announce, guardTicket, nextOrder } from "./ledger.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import { LmdbMutex, type MutexSource } from "./lmdb-mutex.ts";
import { LmdbMarks } from "./marks.ts";
import { leaveShared, openShared } from "./open-file.ts";
import { type LmdbBackendOptions, type ResolvedLmdbOptions, resolveLmdbOptions } from "./options.ts";
import { TierClock } from "./tier-clock.ts";
import { TrustMemory } from "./trust-memory.ts";

/** A call waits so long for the file to be checked before it is opened; the check itself may go on longer. */
const openWaitMs = 2000;
const keepNotices = 10_000;

/**
 * The embedded tier: one memory-mapped file, shared by the processes of a machine, that survives restarts. No server.
 *
 *  - Reads and writes answer at once, without a promise, but while a file that was not closed cleanly is being checked.
 *  - What a write has answered is seen by every process and outlives the death of this one. It is not flushed to the disk:
 *    after a crash of the machine itself a file that was in use starts empty.
 *  - Leases, tickets, orders, marks and the change feed are part of the same transactions.
 *
 * The file has to be on a local disk: LMDB's lock doesn't work across machines. Writers take turns, each for some tens of
 * microseconds; a process that is stopped (SIGSTOP, a debugger) in that stretch holds all others' writes up.
 */
export class LmdbBackend extends CacheBackend {
  readonly name: string;
  readonly #options: ResolvedLmdbOptions;
  readonly #clock: TierClock;
  readonly #trust = new TrustMemory();
  readonly #reader: EntryReader;
  readonly #writer: EntryWriter;
  readonly #leases: LeaseTable;
  readonly #marks: MarkTable;
  readonly #guards: GuardTable;
  readonly #changes: LmdbChangeFeed;
  readonly #waiting: MutexSource["waiting"] = new Map();
  #file: LmdbFile | undefined;
  #opening: Promise<LmdbFile> | undefined;
  #housekeeping: Housekeeping | undefined;
  #closing: Promise<void> | undefined;
  #health: BackendHealth;

  /**
   * Looks at what stands at the path, without opening it: the first operation does that.
   * @throws ConfigurationError with every mistake that the options hold, or for a path where no file can be
   */
  constructor(options: LmdbBackendOptions) {
    super();
    this.#options = resolveLmdbOptions(options);
    const { name, path, clock, serializer, maxEntryBytes, pollMs } = this.#options;
    this.name = name;
    inspectFile(path);
    this.#health = { state: "up", since: clock.now() };
    this.#clock = new TierClock(clock);
    const wire = new Wire({ ...(serializer !== undefined && { serializer }), offsetMs: () => this.#clock.offsetMs });
    const corrupt = (key: string, error: unknown) => this.report("corrupt-entry", { key, error });
    const full = (error: Error) => this.report("full", { error });
    this.#reader = new EntryReader(wire, this.#clock, this.#trust, corrupt);
    this.#writer = new EntryWriter({ name, wire, clock: this.#clock, trust: this.#trust, maxEntryBytes, full });
    const run = this.#runOn;
    this.#leases = new LmdbLeases(run, () => this.#clock.now());
    this.#marks = new LmdbMarks(run);
    this.#guards = { tickets: (keys) => run("tickets", keys, (file) => ticketsFor(file, keys)) };
    const failed = (error: unknown) => this.report("feed-failed", { error });
    this.#changes = new LmdbChangeFeed({ clock, pollMs, file: () => this.#fileNow(), failed });
  }

  /** From the entries of `config` that start with `prefix`; values may be texts. */
  static fromConfig(config: Readonly<Record<string, unknown>>, prefix: string): LmdbBackend {
    return new LmdbBackend(optionsFrom(config, prefix));
  }

  override get remote(): boolean {
    return false;
  }

  override get keyMangler(): KeyMangler | undefined {
    return this.#options.keyMangler;
  }

  override get leases(): LeaseTable {
    return this.#leases;
  }

  override get guards(): GuardTable {
    return this.#guards;
  }

  override get changes(): ChangeFeed {
    return this.#changes;
  }

  override get marks(): MarkTable {
    return this.#marks;
  }

  override health(): BackendHealth {
    return this.#health;
  }

  override getMutex(key: string): CacheMutex {
    const { clock, lockTimeoutMs } = this.#options;
    const source = {
      run: this.#runOn,
      clock,
      tierClock: this.#clock,
      timeoutMs: lockTimeoutMs,
      waiting: this.#waiting,
    };
    return new LmdbMutex(key, source);
  }

  override hasLockTimeout(): boolean {
    return true;
  }

  get(key: string, context?: ReadContext): Awaitable<Found> {
    const lease = context?.lease;
    if (lease === undefined) return this.#run("get", 1, context?.deadline, (file) => this.#reader.find(file, key));
    return this.#run("get", 1, context?.deadline, (file) => this.#reader.lease(file, [key], lease)[0] as Found);
  }

  getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]> {
    const lease = context?.lease;
    return this.#run("getMulti", keys.length, context?.deadline, (file) => {
      if (keys.length === 0) return [];
      return lease === undefined ? this.#reader.findMulti(file, keys) : this.#reader.lease(file, keys, lease);
    });
  }

  override revisions(keys: readonly string[], context?: ReadContext): Awaitable<readonly (Order | NoValue)[]> {
    return this.#run("revisions", keys.length, context?.deadline, (file) =>
      keys.length === 0 ? [] : this.#reader.revisions(file, keys),
    );
  }

  set(key: string, value: CachedValue, context?: WriteContext): Awaitable<WriteOutcome> {
    return this.#write("set", 1, context, (file) => {
      const outcome = this.#writer.store(file, [[key, value]], context).get(key) as WriteOutcome;
      if (outcome.status === "failed") throw outcome.error;
      return outcome;
    });
  }

  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Awaitable<WriteOutcomes> {
    return this.#write("setMulti", mapping.size, context, (file) =>
      mapping.size === 0 ? new Map() : this.#writer.store(file, mapping, context),
    );
  }

  delete(key: string, context?: WriteContext): Awaitable<WriteOutcome> {
    return this.#write(
      "delete",
      1,
      context,
      (file) => this.#writer.remove(file, [key], context?.sender).get(key) as WriteOutcome,
    );
  }

  deleteMulti(keys: readonly string[], context?: WriteContext): Awaitable<WriteOutcomes> {
    return this.#write("deleteMulti", keys.length, context, (file) => this.#writer.remove(file, keys, context?.sender));
  }

  /** Drops every entry of the file, for all processes, and breaks leases and tickets. Marks and mutexes stay. */
  override async clear(): Promise<void> {
    await this.#run("clear", 0, undefined, (file) =>
      file.clear((state) => {
        state.clearedAt = nextOrder(state).seq;
        announce(file.trees, state, { cleared: true });
      }),
    );
    this.#trust.clear();
  }

  /** Ends subscriptions and background work, flushes the file and lets go of it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#changes.stop();
    this.#housekeeping?.stop();
    this.#trust.clear();
    const file = this.#file ?? (await this.#opening?.catch(() => undefined));
    this.#file = undefined;
    this.#housekeeping?.stop();
    if (file !== undefined) await leaveShared(file);
  }

  #write<T>(
    operation: string,
    count: number,
    context: WriteContext | undefined,
    step: (file: LmdbFile) => T,
  ): Awaitable<T> {
    const deadline = context?.deadline;
    return this.#run(operation, count, deadline, (file) => {
      const late = deadline === undefined ? 0 : this.#options.clock.now() - deadline;
      if (late > 0) throw new TimeoutError(`${this.name}: ${operation}`, Math.round(late));
      return step(file);
    });
  }

  readonly #runOn: RunOnFile = (operation, keys, step) => this.#run(operation, keys.length, undefined, step);

  #run<T>(operation: string, count: number, deadline: number | undefined, step: (file: LmdbFile) => T): Awaitable<T> {
    const attempt = (file: LmdbFile): T => {
      if (this.#closing !== undefined) throw new ClosedError(`the backend "${this.name}"`);
      try {
        return step(file);
      } catch (error) {
        throw asCacheError(error, this.name, operation, count);
      }
    };
    if (this.#file !== undefined) return attempt(this.#file);
    return andThen(this.#open(deadline), attempt);
  }

  #fileNow(): LmdbFile | undefined {
    if (this.#file !== undefined) return this.#file;
    const opening = this.#open(undefined);
    if (!isPromiseLike(opening)) return opening;
    opening.then(undefined, () => undefined);
    return undefined;
  }

  #open(deadline: number | undefined): Awaitable<LmdbFile> {
    if (this.#closing !== undefined) throw new ClosedError(`the backend "${this.name}"`);
    if (this.#opening === undefined) {
      const { path, maxBytes, onDamage } = this.#options;
      const report = (what: string, error: Error) => this.report(what, { error });
      try {
        const file = openShared({ name: this.name, path, maxBytes, onDamage, now: () => this.#clock.now(), report });
        if (!isPromiseLike(file)) return this.#opened(file);
        this.#opening = Promise.resolve(file).then(
          (one) => this.#opened(one),
          (error: unknown) => this.#failed(error),
        );
      } catch (error) {
        return this.#failed(error);
      }
    }
    const { clock } = this.#options;
    const waitMs = Math.min(openWaitMs, (deadline ?? Number.POSITIVE_INFINITY) - clock.now());
    return withDeadline(this.#opening, waitMs, clock, `opening ${this.#options.path}`).catch((error: unknown) => {
      throw error instanceof TimeoutError ? new UnavailableError(this.name, "its file is still being checked") : error;
    });
  }

  #opened(file: LmdbFile): LmdbFile {
    const { clock } = this.#options;
    this.#opening = undefined;
    this.#file = file;
    if (this.#health.state !== "up") this.#health = { state: "up", since: clock.now() };
    const failed = (error: unknown) => this.report("housekeeping-failed", { error });
    if (this.#closing === undefined)
      this.#housekeeping = new Housekeeping(file, clock, this.#clock, keepNotices, failed);
    return file;
  }

  #failed(error: unknown): never {
    const reason = asCacheError(error, this.name, "open", 0);
    this.#opening = undefined;
    this.#health = { state: "down", since: this.#options.clock.now(), why: reason.message };
    throw reason;
  }
}

function ticketsFor(file: LmdbFile, keys: readonly string[]): readonly string[] {
  file.freshen();
  const ticket = guardTicket(file.state());
  return keys.map(() => ticket);
}
