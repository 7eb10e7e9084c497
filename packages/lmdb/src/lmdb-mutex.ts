import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { type Awaitable, type CacheMutex, type Clock, LockError } from "@cascata/core";
import { entryKey } from "./entry-key.ts";
import type { RunOnFile } from "./leases.ts";
import type { TierClock } from "./tier-clock.ts";
import type { Trees } from "./trees.ts";

/** Between two attempts of one that waits, in milliseconds; the second half is by chance. */
const retryMs = 10;

interface Owner {
  readonly token: string;
  readonly until: number;
  /** Where the process is known by its number. */
  readonly space: string;
  readonly pid: number;
}

/** What all mutexes of a backend share. */
export interface MutexSource {
  readonly run: RunOnFile;
  readonly clock: Clock;
  readonly tierClock: TierClock;
  readonly timeoutMs: number;
  /** Those of this backend who wait, by key, first come first: a release here wakes one at once. */
  readonly waiting: Map<string, (() => void)[]>;
}

/**
 * A lock over one key between all processes on the file. It is held until it is released, for at most the configured time,
 * and no longer than its owner's process lives, where that can be told (the same machine and container). Those who wait in
 * one backend take turns; between processes whoever asks first after a release has it, and asks every few milliseconds.
 */
export class LmdbMutex implements CacheMutex {
  readonly #key: string;
  readonly #source: MutexSource;
  #token: string | undefined;

  constructor(key: string, source: MutexSource) {
    this.#key = key;
    this.#source = source;
  }

  async acquire(wait = true): Promise<boolean> {
    while (!(await this.#take())) {
      if (!wait) return false;
      await this.#pause();
    }
    return true;
  }

  async release(): Promise<void> {
    const token = this.#token;
    this.#token = undefined;
    const place = entryKey(this.#key);
    const { run, tierClock } = this.#source;
    const released = await run("unlock", [this.#key], (file) =>
      file.write(16, "must", () => {
        if (token === undefined || ownerOf(file.trees, place, tierClock.now())?.token !== token) return false;
        return file.trees.locks.removeSync(place);
      }),
    );
    this.#wakeNext();
    if (!released)
      throw new LockError(`the lock of ${JSON.stringify(this.#key.slice(0, 100))} is not held by this object`);
  }

  locked(): Awaitable<boolean> {
    const { run, tierClock } = this.#source;
    return run("locked", [this.#key], (file) => {
      file.refresh();
      return ownerOf(file.trees, entryKey(this.#key), tierClock.now()) !== undefined;
    });
  }

  #take(): Awaitable<boolean> {
    const { run, tierClock, timeoutMs } = this.#source;
    const place = entryKey(this.#key);
    return run("lock", [this.#key], (file) => {
      file.refresh();
      if (ownerOf(file.trees, place, tierClock.now()) !== undefined) return false;
      const token = randomUUID();
      const isTaken = file.write(16, "must", () => {
        const now = tierClock.now();
        if (ownerOf(file.trees, place, now) !== undefined) return false;
        const owner: Owner = { token, until: now + timeoutMs, space: processSpace(), pid: process.pid };
        file.trees.locks.putSync(place, Buffer.from(JSON.stringify(owner)));
        return true;
      });
      if (isTaken) this.#token = token;
      return isTaken;
    });
  }

  /** Ends when somebody here releases the lock, or after a while: somebody elsewhere may have. */
  #pause(): Promise<void> {
    const { waiting, clock } = this.#source;
    return new Promise((resolve) => {
      const queue = waiting.get(this.#key) ?? [];
      waiting.set(this.#key, queue);
      const wake = () => {
        timer.cancel();
        queue.splice(queue.indexOf(wake), 1);
        if (queue.length === 0 && waiting.get(this.#key) === queue) waiting.delete(this.#key);
        resolve();
      };
      const timer = clock.schedule(wake, retryMs * (0.5 + Math.random() / 2));
      queue.push(wake);
    });
  }

  #wakeNext(): void {
    this.#source.waiting.get(this.#key)?.[0]?.();
  }
}

/** Who holds the lock; nobody whose time is over or who is dead. */
function ownerOf(trees: Trees, place: Buffer, now: number): Owner | undefined {
  const bytes = trees.locks.getBinaryFast(place);
  if (bytes === undefined) return undefined;
  const owner = JSON.parse(bytes.toString("utf8", 0, bytes.length)) as Owner;
  return owner.until <= now || isDead(owner) ? undefined : owner;
}

function isDead({ space, pid }: Owner): boolean {
  if (space !== processSpace() || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Process numbers mean the same within it: a boot of a machine and, on Linux, a container. */
function processSpace(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}
