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
  readonly root: Stats;
  readonly free: Stats;
}

const highWater = 0.8;
const lowWater = 0.75;
const evictAtOnce = 64;
const stepBytes = 1024 * 1024;
const ahead = 128;
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
  readonly #maxBytes: number;
  readonly #now: () => number;
  #fullUntil = 0;
  #lastPages = 0;

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
    const { used, most } = this.#usage();
    return used > most * highWater;
  }

  /** Evicts expired and then the oldest entries while more is in use than there should be. Says whether more is to be done. */
  relieve(): boolean {
    const { used, most } = this.#usage();
    return used > most * highWater && this.#evict(used - most * lowWater);
  }

  #find(state: SharedState, pages: number, demand: "store" | "must"): void {
    const { used, end, most, pageSize } = this.#usage();
    // Counted in pages of 4 KB, also where they are larger.
    const scale = pageSize / 4096;
    const needed = (end + pages) * scale;
    const reserve = Math.min(64, Math.floor(most / 16));
    if (used > most * highWater) this.#evict(used - most * lowWater);
    const least = demand === "must" ? needed : needed + reserve;
    if (least <= most * scale || demand === "must") {
      // Some way ahead, so that it is looked at once in a dozen transactions.
      this.#extend(state, Math.max(least, Math.min(needed + reserve + ahead, most * scale)) * 4096, least * 4096);
      state.pages = end * scale;
      return;
    }
    // At its maximum the file lives on pages that were freed. Those that a reader still sees can't be reused; if the file
    // has grown although there were enough, they are pinned.
    const free = end - used;
    const isPinned = this.#lastPages !== 0 && end > this.#lastPages + reserve;
    this.#lastPages = end;
    if (isPinned || free < pages * 2 + reserve) throw new FullError("no page can be reused yet");
    this.#extend(state, (end + reserve) * scale * 4096, end * scale * 4096);
    state.pages = state.extent / 4096 - Math.min(free / 4, 2048) * scale;
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

  #evict(pages: number): boolean {
    const average = Math.max(
      0.05,
      pagesOf(this.#trees.entries.getStats()) / Math.max(1, entriesOf(this.#trees.entries)),
    );
    const wanted = Math.ceil(pages / average);
    const atOnce = Math.min(evictAtOnce, wanted);
    const expired = sweepExpired(this.#trees, this.#now(), atOnce);
    evictOldest(this.#trees, atOnce - expired);
    return wanted > evictAtOnce;
  }

  #usage(): { used: number; end: number; most: number; pageSize: number } {
    const stats = this.#root.getStats() as Stats;
    const { entries, ages, expiries, notices } = this.#trees;
    let used = 2 + pagesOf(stats.root) + pagesOf(stats.free);
    for (const tree of [entries, ages, expiries, notices]) used += pagesOf(tree.getStats());
    return {
      used,
      end: stats.lastPageNumber + 1,
      most: Math.floor(this.#maxBytes / stats.pageSize),
      pageSize: stats.pageSize,
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
