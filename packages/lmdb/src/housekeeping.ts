import type { Clock, Timer } from "@cascata/core";
import { sweepExpired } from "./entry-table.ts";
import { sweepLeases } from "./leases.ts";
import { trimNotices } from "./ledger.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import { foldMarks } from "./marks.ts";
import type { TierClock } from "./tier-clock.ts";

const everyMs = 1000;
const soonMs = 10;
/** Entries, leases and notices that one step handles: it holds the file's one write lock for about a millisecond. */
const atOnce = 128;

/**
 * Drops in the background what is over: expired entries and leases, the oldest entries of a file that is too full, the
 * oldest notices. Bounded work a step; every process on the file does it, and none that idles is kept alive by it.
 */
export class Housekeeping {
  readonly #file: LmdbFile;
  readonly #clock: Clock;
  readonly #tierClock: TierClock;
  readonly #keepNotices: number;
  readonly #failed: (error: unknown) => void;
  #timer: Timer;

  constructor(
    file: LmdbFile,
    clock: Clock,
    tierClock: TierClock,
    keepNotices: number,
    failed: (error: unknown) => void,
  ) {
    this.#file = file;
    this.#clock = clock;
    this.#tierClock = tierClock;
    this.#keepNotices = keepNotices;
    this.#failed = failed;
    this.#timer = clock.schedule(() => this.#step(), everyMs);
  }

  stop(): void {
    this.#timer.cancel();
  }

  #step(): void {
    let isMore = false;
    try {
      isMore = this.#clean();
    } catch (error) {
      this.#failed(error);
    }
    this.#timer = this.#clock.schedule(() => this.#step(), isMore ? soonMs : everyMs);
  }

  #clean(): boolean {
    const { trees } = this.#file;
    this.#tierClock.measure();
    this.#file.forgetDeadReaders();
    if (foldMarks(this.#file)) return true;
    if (!this.#file.glance(() => this.#isWorkToDo())) return false;
    return this.#file.write(16 + atOnce * 4, "must", (state) => {
      const now = this.#tierClock.now();
      const expired = sweepExpired(trees, now, atOnce);
      const leases = sweepLeases(trees, now, atOnce);
      const trimmed = trimNotices(trees, state, this.#keepNotices, atOnce * 8);
      const isStillFull = expired < atOnce && this.#file.room.relieve();
      return expired === atOnce || leases === atOnce || trimmed === atOnce * 8 || isStillFull;
    });
  }

  /** Looks without a transaction that writes, so that idle processes leave the file alone. */
  #isWorkToDo(): boolean {
    const { trees, room } = this.#file;
    const now = this.#tierClock.now();
    for (const key of trees.expiries.getKeys({ limit: 1 })) if (key.readDoubleBE(0) <= now) return true;
    const { entryCount } = trees.notices.getStats() as { entryCount: number };
    if (entryCount > this.#keepNotices || room.isTooFull) return true;
    for (const { value } of trees.leases.getRange({ limit: atOnce })) if (value.readDoubleBE(0) <= now) return true;
    return false;
  }
}
