import { fstatSync, writeSync } from "node:fs";
import { evictOldest, sweepExpired } from "./entry-table.ts";
import type { SharedState } from "./state.ts";
import type { Tree, Trees } from "./trees.ts";

/** There is no place for a store: the disk is full, or the maximum size is reached and nothing can be reused yet. */
export class FullError extends Error {}

interface Stats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
  readonly lastPageNumber: number;
  readonly lastTxnId: number;
  readonly root: Stats;
  readonly free: Stats;
}

/** So much of the maximum the file takes before it begins to live on freed pages alone. */
const growthShare = 0.8;
/** Free pages, at the least, of a file that has grown so far. */
const leastFree = 192;
const leastUsed = 0.4;
/** The rest of the maximum is for what several writers and a slow reader may need in the worst case. */
const accountedShare = 0.92;
const nearEndShare = 0.9;
/** In transactions. */
const mostLag = 6;
const hysteresis = 0.03;
const evictAtOnce = 64;
const stepBytes = 1024 * 1024;
const ahead = 128;
const retryMs = 1000;

/** Counted in pages of the file: what holds something, where the last one is, and how many there may be. */
interface Usage {
  readonly used: number;
  readonly end: number;
  readonly most: number;
  readonly pageSize: number;
  readonly lastTransaction: number;
}

/**
 * Sees to it, inside each transaction, that LMDB never writes where the disk may have no room: LMDB's heap is broken after
 * a failed write, so the process would end. The file is extended with written zeros before LMDB needs them, which fails
 * harmlessly, and under LMDB's own lock. It also keeps the file within its maximum size, by eviction.
 */
export class Room {
  readonly #root: Tree;
  readonly #trees: Trees;
  readonly #descriptor: number;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #fullUntil = 0;

  constructor(root: Tree, trees: Trees, descriptor: number, maxBytes: number, now: () => number) {
    this.#root = root;
    this.#trees = trees;
    this.#descriptor = descriptor;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** The most pages that one store may ask for. A larger batch is stored in several transactions. */
  get pagesAtOnce(): number {
    return Math.max(48, Math.floor(this.#maxBytes / 4096 / 16));
  }

  /** @throws FullError */
  take(state: SharedState, pages: number, demand: "store" | "must"): void {
    if (state.pages + pages > state.extent / 4096) this.#find(state, pages, demand);
    state.pages += pages;
  }

  /** For a transaction that frees everything: the list of free pages takes some too. */
  takeAll(state: SharedState): void {
    this.#find(state, 64 + Math.ceil(this.#usage().end / 256), "must");
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

  /** After a refusal: makes room for `pages` more, so that the next attempt finds some. */
  makeWay(pages: number): void {
    this.#evict(Math.max(pages * 2, this.#surplus(this.#usage())));
  }

  #find(state: SharedState, pages: number, demand: "store" | "must"): void {
    const usage = this.#usage();
    const { used, end, most, pageSize } = usage;
    // Counted in pages of 4 KB, also where they are larger.
    const scale = pageSize / 4096;
    const needed = (end + pages) * scale;
    const reserve = Math.min(64, Math.floor(most / 16));
    const surplus = this.#surplus(usage);
    if (surplus > 0) this.#evict(surplus);
    const least = needed + reserve;
    if (least <= most * scale * growthShare) {
      // Some way ahead, so that it is looked at once in a dozen transactions.
      const target = Math.min(least + ahead, most * scale * growthShare);
      this.#extend(state, target * 4096, (demand === "must" ? needed : least) * 4096);
      state.pages = end * scale;
      return;
    }
    // From here on the file lives on pages that were freed. Those that a reader still sees can't be reused, and the file
    // would grow instead; so, near its maximum, it is asked for each transaction whether one lags behind.
    const free = end - used;
    const isNearEnd = end > most * nearEndShare;
    const isTight = free < pages * 2 + reserve || (isNearEnd && this.#isPinned(usage));
    if (isTight && demand === "store") throw new FullError("no page can be reused yet");
    const spare = demand === "must" ? Math.min(pages, reserve) : reserve;
    this.#extend(state, (end + spare) * scale * 4096, end * scale * 4096);
    state.pages = state.extent / 4096 - (isTight || isNearEnd ? 0 : Math.min(free / 4, 2048) * scale);
  }

  /** Whether a process still reads a snapshot since which much has been freed. */
  #isPinned({ lastTransaction }: Usage): boolean {
    const { readerList } = this.#root as unknown as { readerList(): string };
    const snapshots = readerList.call(this.#root).matchAll(/ (\d+)$/gm);
    for (const [, transaction] of snapshots) if (Number(transaction) < lastTransaction - mostLag) return true;
    return false;
  }

  #extend(state: SharedState, target: number, least: number): void {
    const size = fstatSync(this.#descriptor).size;
    let extent = Math.max(state.extent, 0);
    if (extent >= target) return;
    const now = performance.now();
    if (now < this.#fullUntil && extent >= least) return;
    if (now < this.#fullUntil) throw new FullError("the disk is full");
    const wish = Math.ceil(Math.max(target, Math.min(extent + stepBytes, this.#maxBytes)) / 4096) * 4096;
    try {
      const zeros = Buffer.alloc(stepBytes);
      extent = Math.max(extent, Math.floor(size / 4096) * 4096);
      while (extent < wish)
        extent += writeSync(this.#descriptor, zeros, 0, Math.min(zeros.length, wish - extent), extent);
    } catch (error) {
      this.#fullUntil = now + retryMs;
      extent = Math.floor(extent / 4096) * 4096;
      state.extent = Math.max(state.extent, extent);
      if (extent < least) throw new FullError(`the disk is full: ${(error as Error).message}`, { cause: error });
      return;
    }
    state.extent = extent;
  }

  /**
   * How many pages in use are too many. Large entries need free pages in a row; where there are none the file grows although
   * enough are free. So the nearer it has come to its maximum, the less of it may be in use.
   */
  #surplus({ used, end, most }: Usage): number {
    const growth = Math.max(0, (end / most - growthShare) / (1 - growthShare));
    const mostUsed = growthShare - Math.min(0.3, 0.05 + leastFree / most);
    const share = Math.max(leastUsed, mostUsed - growth * (mostUsed - leastUsed));
    return used <= most * share ? 0 : used - most * (share - hysteresis);
  }

  #evict(pages: number): boolean {
    const { entries, pieces: parts } = this.#trees;
    const held = pagesOf(entries.getStats()) + pagesOf(parts.getStats());
    const average = Math.max(0.05, held / Math.max(1, entriesOf(entries)));
    const wanted = Math.ceil(pages / average);
    const atOnce = Math.min(evictAtOnce, wanted);
    const expired = sweepExpired(this.#trees, this.#now(), atOnce);
    evictOldest(this.#trees, atOnce - expired);
    return wanted > evictAtOnce;
  }

  #usage(): Usage {
    const stats = this.#root.getStats() as Stats;
    const { entries, pieces, ages, expiries, notices } = this.#trees;
    let used = 2 + pagesOf(stats.root) + pagesOf(stats.free);
    for (const tree of [entries, pieces, ages, expiries, notices]) used += pagesOf(tree.getStats());
    return {
      used,
      end: stats.lastPageNumber + 1,
      most: Math.floor((this.#maxBytes * accountedShare) / stats.pageSize),
      pageSize: stats.pageSize,
      lastTransaction: stats.lastTxnId,
    };
  }
}

function pagesOf(stats: object): number {
  const { treeBranchPageCount, treeLeafPageCount, overflowPages } = stats as Stats;
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}

function entriesOf(tree: Tree): number {
  return (tree.getStats() as { entryCount: number }).entryCount;
}
