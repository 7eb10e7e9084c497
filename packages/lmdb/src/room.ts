import { fstatSync, writeSync } from "node:fs";
import { evictOldest, sweepExpired } from "./entry-table.ts";
import { mostLag, SlowReaders } from "./slow-readers.ts";
import type { SharedState } from "./state.ts";
import type { Tree, Trees } from "./trees.ts";

/** There is no place for a store: the disk is full, or the maximum size is reached and nothing can be reused yet. */
export class FullError extends Error {
  /** Whether evicting entries would help. */
  readonly isCurable: boolean;

  constructor(message: string, isCurable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.isCurable = isCurable;
  }
}

interface Stats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
  readonly lastPageNumber: number;
  readonly lastTxnId: number;
  readonly entryCount: number;
  readonly root: Stats;
  readonly free: Stats;
}

/** Counted in units of 4 KB: what holds something, where the last page is, and how many there should be at most. */
interface Usage {
  readonly used: number;
  readonly end: number;
  readonly most: number;
  readonly lastTransaction: number;
}

/** What a room needs of those who use the file. */
export interface RoomHost {
  /** The tier's clock. */
  now(): number;
  /** Told at most once a second while the disk is full. */
  diskFull(error: Error): void;
}

const unit = 4096;
/** The rest of the maximum is for what several writers need at once in the worst case. */
const accountedShare = 0.92;
/** So much of the maximum the file takes before it lives on freed pages alone; the rest is for a slow reader. */
const growthShare = 0.75;
const nearEndShare = 0.85;
const leastUsedShare = 0.4;
const hysteresis = 0.03;
/** What a reader may lag behind by has freed some 20 pages each, and they can't be reused. */
const unreachable = mostLag * 20;
/** Free pages, at the least, of a file that has grown so far. */
const leastFree = 320;
const evictAtOnce = 64;
const stepUnits = 256;
const retryMs = 1000;

/**
 * Sees to it, inside each transaction, that LMDB never writes where the disk may have no room: LMDB's heap is broken after
 * a failed write, so the process would end. The file is extended with written zeros before LMDB needs them, which fails
 * harmlessly, and under LMDB's own lock. It also keeps the file within its maximum size, by eviction.
 */
export class Room {
  readonly #root: Tree;
  readonly #trees: Trees;
  readonly #descriptor: number;
  readonly #maxUnits: number;
  /** Beyond it nothing may make the file grow, not even what must be done. */
  readonly #lastUnit: number;
  readonly #host: RoomHost;
  readonly #readers: SlowReaders;
  /** Units in a page: 4 where the system's pages have 16 KB. */
  readonly #scale: number;
  #diskFullUntil = 0;
  #diskUnits = 0;

  constructor(root: Tree, trees: Trees, descriptor: number, maxBytes: number, host: RoomHost) {
    this.#root = root;
    this.#trees = trees;
    this.#descriptor = descriptor;
    this.#maxUnits = Math.floor((maxBytes * accountedShare) / unit);
    this.#lastUnit = Math.floor(maxBytes / unit) - this.#reserve;
    this.#host = host;
    this.#readers = new SlowReaders(root);
    this.#scale = (root.getStats() as Stats).pageSize / unit;
  }

  /** The most pages that one store may ask for. A larger batch is stored in several transactions. */
  get pagesAtOnce(): number {
    return Math.max(48, Math.floor(this.#maxUnits / 16));
  }

  /** Only what must be done uses these. */
  get #reserve(): number {
    return Math.min(64, Math.floor(this.#maxUnits / 16));
  }

  /** For a transaction that dirties `count` pages at the most. @throws FullError */
  take(state: SharedState, count: number, demand: "store" | "must"): void {
    const pages = count * this.#scale;
    const wanted = demand === "store" ? pages + this.#reserve : Math.min(pages, this.#reserve);
    if (state.pages + wanted > state.extent / unit) this.#find(state, pages, wanted, demand);
    state.pages += pages;
  }

  /** For a transaction that frees everything: the list of free pages takes some too. */
  takeAll(state: SharedState): void {
    const { end } = this.#usage();
    this.#extend(state, end + 64 + end / 256, end + this.#reserve);
    state.pages = end;
  }

  /** Whether more is in use than there should be. */
  get isTooFull(): boolean {
    return this.#surplus(this.#usage()) > 0;
  }

  /** Evicts expired and then the oldest entries while more is in use than there should be. Says whether more is to be done. */
  relieve(): boolean {
    const surplus = this.#surplus(this.#usage());
    return surplus > 0 && this.#evict(surplus);
  }

  /** After a refusal: makes room for `pages` more, so that a later attempt finds some. */
  makeWay(pages: number): void {
    this.#evict(Math.max(pages * 2, this.#surplus(this.#usage())));
  }

  #find(state: SharedState, pages: number, wanted: number, demand: "store" | "must"): void {
    const usage = this.#usage();
    const { used, end, most, lastTransaction } = usage;
    const surplus = this.#surplus(usage);
    if (surplus > 0) this.#evict(surplus);
    // Beyond its share of growth the file lives on pages that were freed. Those that a reader still sees can't be reused,
    // and the file would grow instead; so, near its maximum, it is asked each time whether one lags behind.
    const isGrowing = end + pages + this.#reserve <= most * growthShare;
    const free = end - used - unreachable;
    const isNearEnd = demand === "store" ? end > most * nearEndShare : end + wanted > this.#lastUnit;
    // First: evicting frees nothing that can be reused then, and takes pages itself.
    if (isNearEnd && this.#readers.pinPages(lastTransaction))
      throw new FullError("a slow reader pins free pages", false);
    if (demand === "store" && !isGrowing) {
      const isTight = free < pages * 2 + this.#reserve || (end + pages > this.#maxUnits && free < end / 2);
      if (isTight) throw new FullError("no page can be reused yet", true);
    }
    // Some way ahead, so that it is looked at once in several transactions.
    const ahead = isGrowing ? stepUnits / 2 : Math.max(0, Math.min(free / 3, stepUnits / 2));
    const least = Math.min(end + wanted, Math.max(this.#maxUnits, end + Math.min(pages, this.#reserve)));
    this.#extend(state, Math.max(least, Math.min(end + pages + this.#reserve + ahead, this.#maxUnits)), least);
    state.pages = end;
  }

  /** Makes the file `target` units long, or as long as the disk allows. @throws FullError below `least` */
  #extend(state: SharedState, target: number, least: number): void {
    const size = Math.floor(fstatSync(this.#descriptor).size / unit);
    let extent = Math.max(state.extent / unit, size);
    const now = performance.now();
    const isDiskFull = now < this.#diskFullUntil;
    let cause: unknown;
    if (extent < target && !isDiskFull) {
      const step = Math.min(extent + stepUnits, Math.max(target, this.#maxUnits));
      const wish = Math.ceil(Math.max(target, step));
      const zeros = Buffer.alloc(stepUnits * unit);
      try {
        while (extent < wish) {
          const length = Math.min(stepUnits, wish - extent) * unit;
          extent += Math.floor(writeSync(this.#descriptor, zeros, 0, length, extent * unit) / unit);
        }
      } catch (error) {
        cause = error;
        this.#diskFullUntil = now + retryMs;
        this.#diskUnits = extent;
        this.#host.diskFull(error as Error);
      }
    }
    if (extent < least) throw new FullError("the disk is full", false, { cause });
    state.extent = extent * unit;
  }

  /**
   * How many pages in use are too many. Free pages can be out of reach for a while, and the file grows then although enough
   * are free. So the nearer it has come to its maximum, the less of it may be in use.
   */
  #surplus({ used, end, most }: Usage): number {
    const growth = Math.max(0, (end / most - growthShare) / (1 - growthShare));
    const mostUsed = growthShare - Math.min(0.35, 0.05 + leastFree / most);
    const share = Math.max(leastUsedShare, mostUsed - growth * (mostUsed - leastUsedShare));
    return used <= most * share ? 0 : used - most * (share - hysteresis);
  }

  #evict(pages: number): boolean {
    const { entries, pieces } = this.#trees;
    const held = pagesOf(entries.getStats()) + pagesOf(pieces.getStats());
    const average = Math.max(0.05, held / Math.max(1, (entries.getStats() as Stats).entryCount));
    const wanted = Math.ceil(pages / average);
    const atOnce = Math.min(this.#isDiskFull ? evictAtOnce / 4 : evictAtOnce, wanted);
    const expired = sweepExpired(this.#trees, this.#host.now(), atOnce);
    evictOldest(this.#trees, atOnce - expired);
    return wanted > atOnce;
  }

  get #isDiskFull(): boolean {
    return performance.now() < this.#diskFullUntil;
  }

  #usage(): Usage {
    const stats = this.#root.getStats() as Stats;
    const { entries, pieces, ages, expiries, notices } = this.#trees;
    let used = 2 + pagesOf(stats.root) + pagesOf(stats.free);
    for (const tree of [entries, pieces, ages, expiries, notices]) used += pagesOf(tree.getStats());
    return {
      used: used * this.#scale,
      end: (stats.lastPageNumber + 1) * this.#scale,
      // A full disk is a smaller maximum, for the time being.
      most: this.#isDiskFull ? Math.min(this.#maxUnits, this.#diskUnits) : this.#maxUnits,
      lastTransaction: stats.lastTxnId,
    };
  }
}

function pagesOf(stats: object): number {
  const { treeBranchPageCount, treeLeafPageCount, overflowPages } = stats as Stats;
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}
