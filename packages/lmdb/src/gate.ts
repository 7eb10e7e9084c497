import { rmSync } from "node:fs";
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from "lmdb";
import { inspectFile } from "./inspect.ts";
import { pause } from "./pause.ts";

/** The second file beside a tier's own: never written, only its lock is used. */
export function gatePath(path: string): string {
  return `${path}-gate`;
}

/** How LMDB opens the gate of the tier's file at `path`: here, and where {@link probeFile} tries it. */
export function gateOptions(path: string): RootDatabaseOptionsWithPath {
  return { path: gatePath(path), noSubdir: true, maxReaders: 1024, mapSize: 65_536, overlappingSync: false };
}

const makingLooks = 50;
const makingPauseMs = 5;

/** Flags of a transaction. Without a write there is nothing to commit, and what `run` throws ends it as well. */
export const abortable = 1;

/**
 * One lock for writing to a file and for opening it, over all processes.
 *
 * LMDB has a lock for writing, and opening a file doesn't take it. But each opening sets the number of the latest
 * transaction in the shared lock file to the one that it has read a moment before (`mdb_env_open2` in lmdb 3.5.6):
 *
 *     opens: reads N · another process commits N + 1 · opens: sets N · the next writer begins from N: N + 1 is lost
 *
 * So both happen under this lock, which is the lock for writing of another LMDB file, where nothing is ever written.
 */
export class Gate {
  readonly #lock: RootDatabase;

  constructor(path: string) {
    const file = gatePath(path);
    if (isLastinglyDamaged(file)) rmSync(file, { force: true });
    this.#lock = open(gateOptions(path));
  }

  /** Nobody else opens the file or writes to it meanwhile. Not to be nested. */
  hold<T>(run: () => T): T {
    return this.#lock.transactionSync(run, abortable);
  }

  close(): Promise<void> {
    return this.#lock.close();
  }
}

/** Somebody who is just making it has it half made for less than a millisecond; to take that away would make two gates. */
function isLastinglyDamaged(file: string): boolean {
  for (let look = 0; inspectFile(file).kind === "damaged"; look += 1) {
    if (look === makingLooks) return true;
    pause(makingPauseMs);
  }
  return false;
}
