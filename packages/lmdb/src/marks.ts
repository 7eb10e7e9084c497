import type { Awaitable, Mark, MarkTable } from "@cascata/core";
import { entryKey } from "./entry-key.ts";
import type { RunOnFile } from "./leases.ts";
import { announce, nextOrder } from "./ledger.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import type { Tree } from "./trees.ts";

/** More marks than this are folded, the oldest first, into a floor that stands for every name. */
const mostMarks = 100_000;
const foldAtOnce = 1000;
const modes = ["hard", "soft"] as const;

/**
 * Marks of regions and tags, each at an order of its own, in a tree that eviction never touches. There are at most 100 000:
 * beyond that the oldest become a floor, a mark that covers every name, which invalidates too much and never too little.
 */
export class LmdbMarks implements MarkTable {
  readonly #run: RunOnFile;

  constructor(run: RunOnFile) {
    this.#run = run;
  }

  put(names: readonly string[], mode: Mark["mode"], at: number, sender?: string): Awaitable<readonly Mark[]> {
    if (names.length === 0) return [];
    return this.#run("put", names, (file) =>
      file.write(20 + 4 * names.length, "must", (state) => {
        const marks = names.map((name): Mark => ({ name, mode, at, order: nextOrder(state) }));
        for (const mark of marks) write(file.trees.marks, placeOf(mode, mark.name), mark);
        announce(file.trees, state, { marks, ...(sender !== undefined && { sender }) });
        return marks;
      }),
    );
  }

  lookup(names: readonly string[]): Awaitable<readonly (readonly Mark[])[]> {
    if (names.length === 0) return [];
    return this.#run("lookup", names, (file) => {
      file.refresh();
      const { marks } = file.trees;
      const floors = modes.map((mode) => read(marks, floorOf(mode)));
      return names.map((name) =>
        modes.flatMap((mode, index) => {
          const own = read(marks, placeOf(mode, name));
          const floor = floors[index];
          if (own !== undefined) return [own];
          return floor === undefined ? [] : [{ ...floor, name }];
        }),
      );
    });
  }
}

/** Folds the oldest marks into the floor where there are too many; says whether more is to be done. */
export function foldMarks(file: LmdbFile, most: number = mostMarks): boolean {
  const count = () => (file.trees.marks.getStats() as { entryCount: number }).entryCount;
  if (count() <= most + modes.length) return false;
  file.write(64 + foldAtOnce, "must", () => {
    const { marks } = file.trees;
    const all = [...marks.getRange({ start: Buffer.of(1) })].map(({ key, value }) => ({
      key: Buffer.from(key),
      mark: parse(value),
    }));
    const surplus = Math.min(foldAtOnce, all.length - most);
    const oldest = all
      .sort((a, b) => (a.mark.order?.seq ?? 0) - (b.mark.order?.seq ?? 0))
      .slice(0, Math.max(0, surplus));
    for (const { key, mark } of oldest) {
      marks.removeSync(key);
      const floor = read(marks, floorOf(mark.mode));
      const latest = Math.max(mark.at, floor?.at ?? 0);
      if ((floor?.order?.seq ?? 0) <= (mark.order?.seq ?? 0)) write(marks, floorOf(mark.mode), { ...mark, at: latest });
    }
  });
  return count() > most + modes.length;
}

function placeOf(mode: Mark["mode"], name: string): Buffer {
  return Buffer.concat([Buffer.of(1 + modes.indexOf(mode)), entryKey(name)]);
}

/** Sorts before every mark. */
function floorOf(mode: Mark["mode"]): Buffer {
  return Buffer.of(0, modes.indexOf(mode));
}

function read(marks: Tree, place: Buffer): Mark | undefined {
  const bytes = marks.getBinaryFast(place);
  return bytes === undefined ? undefined : parse(bytes);
}

function write(marks: Tree, place: Buffer, mark: Mark): void {
  marks.putSync(place, Buffer.from(JSON.stringify(mark)));
}

function parse(bytes: Buffer): Mark {
  return JSON.parse(bytes.toString("utf8", 0, bytes.length)) as Mark;
}
