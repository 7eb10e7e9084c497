import { pause } from "./pause.ts";
import type { Tree } from "./trees.ts";

/** A reader may lag behind by so many transactions. */
export const mostLag = 6;
const patienceMs = 20;

/** The processes that read a file, and whether one of them pins what has been freed since. */
export class SlowReaders {
  readonly #root: Tree;
  /** The snapshot that a reader has been waited for in vain. */
  #stuckAt = -1;

  constructor(root: Tree) {
    this.#root = root;
  }

  /**
   * Whether a process still reads a snapshot since which much has been freed. One that has only lost its processor gets
   * a few milliseconds to go on, once.
   */
  pinPages(lastTransaction: number): boolean {
    for (let waited = 0; ; waited += 1) {
      const oldest = this.#oldestSnapshot();
      if (oldest >= lastTransaction - mostLag) return false;
      if (oldest === this.#stuckAt) return true;
      if (waited === patienceMs) this.#stuckAt = oldest;
      else pause(1);
    }
  }

  #oldestSnapshot(): number {
    const { readerList } = this.#root as unknown as { readerList(): string };
    let oldest = Number.POSITIVE_INFINITY;
    for (const [, transaction] of readerList.call(this.#root).matchAll(/ (\d+)$/gm))
      oldest = Math.min(oldest, Number(transaction));
    return oldest;
  }
}
