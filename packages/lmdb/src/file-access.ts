import {
  type Awaitable,
  andThen,
  asCacheError,
  type BackendHealth,
  ClosedError,
  isPromiseLike,
  TimeoutError,
  UnavailableError,
  withDeadline,
} from "@cascata/core";
import { Housekeeping } from "./housekeeping.ts";
import { isDamage, type LmdbFile } from "./lmdb-file.ts";
import { leaveShared, openShared } from "./open-file.ts";
import type { ResolvedLmdbOptions } from "./options.ts";
import type { TierClock } from "./tier-clock.ts";

/** A call waits so long for the file to be checked before it is opened; the check itself may go on longer. */
const openWaitMs = 2000;
/** Notices in the log: what a process may miss while it is stopped before it has to confirm what it holds. */
const keepNotices = 10_000;

/** A backend's way to its file: opens it with the first operation, keeps house while it is open, and closes it. */
export class FileAccess {
  readonly #options: ResolvedLmdbOptions;
  readonly #tierClock: TierClock;
  readonly #report: (what: string, error: unknown) => void;
  #file: LmdbFile | undefined;
  #opening: Promise<LmdbFile> | undefined;
  #housekeeping: Housekeeping | undefined;
  #closing: Promise<void> | undefined;
  #health: BackendHealth;

  constructor(options: ResolvedLmdbOptions, tierClock: TierClock, report: (what: string, error: unknown) => void) {
    this.#options = options;
    this.#tierClock = tierClock;
    this.#report = report;
    this.#health = { state: "up", since: options.clock.now() };
  }

  get health(): BackendHealth {
    return this.#health;
  }

  /**
   * Runs a step on the file, at once when it is open. What it throws becomes a CacheError that names the operation.
   * @throws ClosedError after `close`
   */
  run<T>(operation: string, count: number, deadline: number | undefined, step: (file: LmdbFile) => T): Awaitable<T> {
    if (this.#file !== undefined) return this.#step(this.#file, operation, count, step);
    return andThen(this.#open(deadline), (file) => this.#step(file, operation, count, step));
  }

  /** The file if it is open; starts opening it otherwise. */
  file(): LmdbFile | undefined {
    if (this.#file !== undefined) return this.#file;
    const opening = this.#open(undefined);
    if (!isPromiseLike(opening)) return opening;
    // Whoever needs the file hears of a failure from their own call.
    opening.then(undefined, () => undefined);
    return undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#housekeeping?.stop();
    const file = this.#file ?? (await this.#opening?.catch(() => undefined));
    this.#file = undefined;
    if (file !== undefined) await leaveShared(file);
  }

  #step<T>(file: LmdbFile, operation: string, count: number, step: (file: LmdbFile) => T): T {
    if (this.#closing !== undefined) throw this.#closed();
    try {
      return step(file);
    } catch (error) {
      this.#suspect(file, error);
      throw asCacheError(error, this.#options.name, operation, count);
    }
  }

  #open(deadline: number | undefined): Awaitable<LmdbFile> {
    if (this.#closing !== undefined) throw this.#closed();
    const { name, path, maxBytes, onDamage, clock } = this.#options;
    if (this.#opening === undefined) {
      const request = { name, path, maxBytes, onDamage, now: () => this.#tierClock.now(), report: this.#report };
      try {
        const file = openShared(request);
        if (!isPromiseLike(file)) return this.#opened(file);
        this.#opening = Promise.resolve(file).then(
          (one) => this.#opened(one),
          (error: unknown) => this.#failed(error),
        );
      } catch (error) {
        return this.#failed(error);
      }
    }
    const waitMs = Math.min(openWaitMs, (deadline ?? Number.POSITIVE_INFINITY) - clock.now());
    return withDeadline(this.#opening, waitMs, clock, `opening ${path}`).catch((error: unknown) => {
      throw error instanceof TimeoutError ? new UnavailableError(name, "its file is still being checked") : error;
    });
  }

  #opened(file: LmdbFile): LmdbFile {
    const { clock } = this.#options;
    this.#opening = undefined;
    if (this.#closing !== undefined) return file;
    this.#file = file;
    if (this.#health.state !== "up") this.#health = { state: "up", since: clock.now() };
    const failed = (error: unknown) => {
      this.#suspect(file, error);
      this.#report("housekeeping-failed", error);
    };
    this.#housekeeping = new Housekeeping(file, clock, this.#tierClock, keepNotices, failed);
    return file;
  }

  /** A file that was closed cleanly is believed; one with damage inside is not believed a second time. */
  #suspect(file: LmdbFile, error: unknown): void {
    if (isDamage(error) && file.distrust()) this.#report("damaged", error);
  }

  #failed(error: unknown): never {
    const reason = asCacheError(error, this.#options.name, "open", 0);
    this.#opening = undefined;
    const since = this.#health.state === "down" ? this.#health.since : this.#options.clock.now();
    this.#health = { state: "down", since, why: reason.message };
    throw reason;
  }

  #closed(): ClosedError {
    return new ClosedError(`the backend "${this.#options.name}"`);
  }
}
