import { closeSync, openSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { Gate } from "./gate.ts";
import { inspectFile } from "./inspect.ts";
import { FullError, Room, type RoomHost } from "./room.ts";
import { currentBoot, writeStamp } from "./stamp.ts";
import { decodeState, encodeState, newState, type SharedState } from "./state.ts";
import { fileOptions, plainBytes, type Tree, type Trees, treeNames, treePrefix } from "./trees.ts";

// Abortable (a throw rolls back), committed when the call returns, not flushed to the disk: what was answered outlives
// this process, and the file's stamp tells after a crash of the machine. A commit costs 20 to 50 µs so, and 5 ms flushed.
const commitFlags: number = 0x10003;
const stateKey = Buffer.from("state");
/**
 * LMDB's binding keeps a snapshot for a turn of the event loop, which hides what others commit meanwhile. A read may see one
 * that is so many milliseconds old: less than word of another process's write takes to arrive here by any socket or pipe.
 * None at all would leave a timer behind for each read.
 */
const snapshotMs = 0.02;

/** The file was made by something else. */
export class ForeignFile extends Error {}

// MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_PANIC, MDB_INVALID in lmdb.h.
const damageCodes: readonly unknown[] = [-30797, -30796, -30795, -30793];

/** Whether LMDB says that it came upon damage in a file. */
export function isDamage(error: unknown): error is Error {
  return error instanceof Error && "code" in error && damageCodes.includes(error.code);
}

/** An open file, shared by all backends of this thread that use it. */
export class LmdbFile {
  readonly path: string;
  readonly epoch: string;
  readonly maxBytes: number;
  readonly trees: Trees;
  readonly room: Room;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #gate: Gate;
  readonly #descriptor: number;
  #snapshotAt = 0;
  #users = 1;
  #isTrusted = true;
  #closing: Promise<void> | undefined;

  /**
   * The path must have been inspected before.
   * @throws ForeignFile if it is an LMDB file that no backend has made
   */
  constructor(path: string, maxBytes: number, host: RoomHost) {
    this.path = path;
    this.maxBytes = maxBytes;
    const gate = new Gate(path);
    this.#gate = gate;
    try {
      const { root, epoch, trees } = gate.hold(() => openRoot(path));
      this.#root = root;
      this.epoch = epoch;
      this.trees = trees;
    } catch (error) {
      void gate.close();
      throw error;
    }
    const root = this.#root;
    this.#descriptor = openSync(path, "r+");
    this.room = new Room(root, this.trees, this.#descriptor, maxBytes, host);
    // A first read outside of a transaction enters this process in LMDB's list of readers.
    this.refresh();
    this.state();
    writeStamp(path, { boot: currentBoot() });
  }

  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** What the tree has, in a buffer that the next read overwrites. */
  read(tree: Tree, key: Buffer): Buffer | undefined {
    return tree.getBinaryFast(key);
  }

  /** Before a read that may not see an old snapshot: cheap, and at most {@link snapshotMs} behind. */
  freshen(): void {
    const now = performance.now();
    if (now - this.#snapshotAt > snapshotMs) this.refresh(now);
  }

  /** Lets the next read see all that has been committed. */
  refresh(now: number = performance.now()): void {
    this.#root.resetReadTxn();
    this.#snapshotAt = now;
  }

  /** Looks at the very latest, and lets go of the snapshot at once: while one is kept, pages that it shows can't be reused. */
  glance<T>(look: () => T): T {
    this.refresh();
    try {
      return look();
    } finally {
      this.refresh();
    }
  }

  /** The shared state as the current snapshot has it. */
  state(): SharedState {
    return this.#state();
  }

  /**
   * One transaction: all of `run` or nothing, and nobody else's in between. `pages` is the most that it may dirty; a
   * `store` is refused where they aren't to be had, what `must` be done has a reserve.
   * @throws FullError, or what `run` throws, and then nothing has happened
   */
  write<T>(pages: number, demand: "store" | "must", run: (state: SharedState) => T): T {
    try {
      return this.#transact(pages, demand, run);
    } catch (error) {
      if (!(error instanceof FullError) || !error.isCurable) throw error;
      // What the refused transaction has evicted was undone with it.
      this.#transact(16, "must", () => this.room.makeWay(pages));
      return this.#transact(pages, demand, run);
    }
  }

  #transact<T>(pages: number, demand: "store" | "must", run: (state: SharedState) => T): T {
    // A snapshot that is kept while this process waits for its turn pins the pages that others free meanwhile.
    this.refresh();
    return this.#commit((state) => {
      this.room.take(state, pages, demand);
      return run(state);
    });
  }

  #commit<T>(run: (state: SharedState) => T): T {
    const transaction = () => {
      const state = this.#state();
      const result = run(state);
      this.#root.putSync(stateKey, encodeState(state));
      return result;
    };
    return this.#gate.hold(() => this.#root.transactionSync(transaction, commitFlags));
  }

  /** Drops all entries in one transaction and breaks all leases and tickets; marks and mutexes stay. */
  clear(inform: (state: SharedState) => void): void {
    this.#commit((state) => {
      this.room.takeAll(state);
      for (const name of ["entries", "pieces", "ages", "expiries", "leases", "guards"] as const)
        this.trees[name].clearSync();
      inform(state);
    });
  }

  /** Something in it is damaged: it is looked through before it is opened again. Says whether that is news. */
  distrust(): boolean {
    const isNews = this.#isTrusted;
    this.#isTrusted = false;
    return isNews;
  }

  /** Frees what processes that died left pinned. */
  forgetDeadReaders(): void {
    this.#root.readerCheck();
  }

  /** One more backend uses the file. */
  join(): void {
    this.#users += 1;
  }

  /** One less; the last one closes it. `onLast` is called before that. */
  leave(onLast: () => void): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return Promise.resolve();
    onLast();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const isLast = this.#isOnlyUser();
    const before = inspectFile(this.path);
    await flushed(this.#root);
    await this.#root.close();
    await this.#gate.close();
    closeSync(this.#descriptor);
    // What was committed after `before` may not be on the disk, but then the fingerprint is another one.
    if (isLast && this.#isTrusted && before.kind === "lmdb")
      writeStamp(this.path, { boot: currentBoot(), clean: before.fingerprint });
  }

  /** Every process that has the file open has a line in LMDB's list of readers. */
  #isOnlyUser(): boolean {
    this.#root.readerCheck();
    const readers = this.#root.readerList().match(/^\s*\d+ /gm) ?? [];
    return readers.every((line) => Number(line) === process.pid);
  }

  #state(): SharedState {
    return decodeState(this.#root.getBinary(stateKey)) ?? newState();
  }
}

/** Opens the file and its trees. @throws ForeignFile */
function openRoot(path: string) {
  let root: RootDatabase<Buffer, Buffer> | undefined;
  try {
    const opened = open<Buffer, Buffer>(fileOptions(path));
    root = opened;
    const epoch = epochOf(opened);
    const tree = (name: string) => [name, opened.openDB({ name: treePrefix + name, ...plainBytes })] as const;
    const trees = Object.fromEntries(treeNames.map(tree)) as Record<
      (typeof treeNames)[number],
      Database<Buffer, Buffer>
    >;
    return { root: opened, epoch, trees };
  } catch (error) {
    void root?.close();
    throw error;
  }
}

/** The epoch of the file, which a new one is given. @throws ForeignFile */
function epochOf(root: RootDatabase<Buffer, Buffer>): string {
  const epoch = root.transactionSync(() => {
    const known = decodeState(root.getBinary(stateKey));
    if (known !== undefined) return known.epoch;
    // An older state, or another application's trees: nothing of it may be touched.
    if (root.getKeysCount() > 0) return undefined;
    const state = newState();
    root.putSync(stateKey, encodeState(state));
    return state.epoch;
  }, commitFlags);
  if (epoch === undefined) throw new ForeignFile("it is an LMDB file of another application");
  return epoch;
}

/** Everything that has been committed is on the disk. */
function flushed(root: RootDatabase<Buffer, Buffer>): Promise<void> {
  // Missing in the package's types.
  const { sync } = root as unknown as { sync(done: (error?: Error) => void): void };
  return new Promise((resolve, reject) => sync.call(root, (error) => (error ? reject(error) : resolve())));
}
