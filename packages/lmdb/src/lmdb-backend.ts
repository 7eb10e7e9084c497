import {
  type Awaitable,
  type BackendHealth,
  CacheBackend,
  type CachedValue,
  type CacheMutex,
  type ChangeFeed,
  type Found,
  type GuardTable,
  type KeyMangler,
  type LeaseTable,
  type MarkTable,
  type NoValue,
  type Order,
  type ReadContext,
  TimeoutError,
  Wire,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
} from "@cascata/core";
import { LmdbChangeFeed } from "./change-feed.ts";
import { EntryReader } from "./entry-reader.ts";
import { EntryWriter } from "./entry-writer.ts";
import { FileAccess } from "./file-access.ts";
import { optionsFrom } from "./flat-options.ts";
import { inspectFile } from "./inspect.ts";
import { LmdbLeases, type RunOnFile } from "./leases.ts";
import { announce, guardTicket, nextOrder } from "./ledger.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import { LmdbMutex, type MutexSource } from "./lmdb-mutex.ts";
import { LmdbMarks } from "./marks.ts";
import { type LmdbBackendOptions, type ResolvedLmdbOptions, resolveLmdbOptions } from "./options.ts";
import { TierClock } from "./tier-clock.ts";
import { TrustMemory } from "./trust-memory.ts";

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
  readonly #leases: LmdbLeases;
  readonly #marks: LmdbMarks;
  readonly #guards: GuardTable;
  readonly #changes: LmdbChangeFeed;
  readonly #waiting: MutexSource["waiting"] = new Map();
  readonly #access: FileAccess;
  readonly #run: RunOnFile;

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
    this.#clock = new TierClock(clock);
    this.#access = new FileAccess(this.#options, this.#clock, (what, error) => this.report(what, { error }));
    const offsetMs = () => this.#clock.offsetMs;
    const wire = new Wire({ serializer, maxEntryBytes, offsetMs });
    const corrupt = (key: string, error: unknown) => this.report("corrupt-entry", { key, error });
    const full = (error: Error) => this.report("full", { error });
    this.#reader = new EntryReader(wire, this.#clock, this.#trust, corrupt);
    this.#writer = new EntryWriter({ name, wire, clock: this.#clock, trust: this.#trust, full });
    const run: RunOnFile = (operation, keys, step) => this.#access.run(operation, keys.length, undefined, step);
    this.#run = run;
    this.#leases = new LmdbLeases(run, () => this.#clock.now());
    this.#marks = new LmdbMarks(run);
    this.#guards = { tickets: (keys) => run("tickets", keys, (file) => ticketsFor(file, keys)) };
    const failed = (error: unknown) => this.report("feed-failed", { error });
    this.#changes = new LmdbChangeFeed({ clock, pollMs, file: () => this.#access.file(), failed });
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
    return this.#access.health;
  }

  override getMutex(key: string): CacheMutex {
    const { clock, lockTimeoutMs } = this.#options;
    const source = {
      run: this.#run,
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
    if (lease === undefined)
      return this.#access.run("get", 1, context?.deadline, (file) => this.#reader.find(file, key));
    return this.#access.run("get", 1, context?.deadline, (file) => this.#reader.lease(file, [key], lease)[0] as Found);
  }

  getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]> {
    const lease = context?.lease;
    return this.#access.run("getMulti", keys.length, context?.deadline, (file) => {
      if (keys.length === 0) return [];
      return lease === undefined ? this.#reader.findMulti(file, keys) : this.#reader.lease(file, keys, lease);
    });
  }

  override revisions(keys: readonly string[], context?: ReadContext): Awaitable<readonly (Order | NoValue)[]> {
    return this.#access.run("revisions", keys.length, context?.deadline, (file) =>
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
    await this.#access.run("clear", 0, undefined, (file) =>
      file.clear((state) => {
        state.clearedAt = nextOrder(state).seq;
        announce(file.trees, state, { cleared: true });
      }),
    );
    this.#trust.clear();
  }

  /** Ends subscriptions and background work, flushes the file and lets go of it. */
  close(): Promise<void> {
    this.#changes.stop();
    this.#trust.clear();
    return this.#access.close();
  }

  #write<T>(
    operation: string,
    count: number,
    context: WriteContext | undefined,
    step: (file: LmdbFile) => T,
  ): Awaitable<T> {
    const deadline = context?.deadline;
    return this.#access.run(operation, count, deadline, (file) => {
      const late = deadline === undefined ? 0 : this.#options.clock.now() - deadline;
      if (late > 0) throw new TimeoutError(`${this.name}: ${operation}`, Math.round(late));
      return step(file);
    });
  }
}

function ticketsFor(file: LmdbFile, keys: readonly string[]): readonly string[] {
  file.freshen();
  const ticket = guardTicket(file.state());
  return keys.map(() => ticket);
}
