import { close, closeSync, constants, fsync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { uptime } from "node:os";

/**
 * A note beside the file, ending in `-stamp`. Nothing is flushed to the disk while a file is in use, so a file that was in
 * use when the machine stopped can be torn, and looks whole; the note tells such a file from one that was closed.
 */
export interface Stamp {
  /** The machine's boot in which the file was last opened. */
  readonly boot: string;
  /** The fingerprint at the last clean close; nothing has been committed since if the file still has it. */
  readonly clean?: string;
}

/** The note, if there is a legible one. */
export function readStamp(path: string): Stamp | undefined {
  try {
    const stamp: unknown = JSON.parse(readFileSync(stampPath(path), "utf8"));
    const { boot, clean } = stamp as { boot?: unknown; clean?: unknown };
    if (typeof boot !== "string") return undefined;
    return typeof clean === "string" ? { boot, clean } : { boot };
  } catch {
    return undefined;
  }
}

/**
 * Replaces the note in one step; where that fails, on a full disk, there is none, and the file is checked at the next
 * opening. It is flushed to the disk in the background: a write of this process would have to reach the disk within those
 * milliseconds, and the note not, for a torn file to pass as a clean one.
 */
export function writeStamp(path: string, stamp: Stamp): void {
  const draft = `${stampPath(path)}.${process.pid}`;
  try {
    const file = openSync(draft, constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY, 0o666);
    try {
      writeSync(file, JSON.stringify(stamp));
      renameSync(draft, stampPath(path));
    } catch (error) {
      closeSync(file);
      throw error;
    }
    fsync(file, () => close(file, () => undefined));
  } catch {
    for (const stale of [draft, stampPath(path)]) rmSync(stale, { force: true });
  }
}

/** Names the machine's current boot. Where the system has no name for it, its time, to the minute. */
export function currentBoot(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return `up-since-${Math.round((Date.now() - uptime() * 1000) / 60_000)}`;
  }
}

/** Whether two names mean one boot; times may be a minute apart. */
export function isSameBoot(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((name) => /^up-since-(\d+)$/.exec(name)?.[1]);
  return a !== undefined && b !== undefined && Math.abs(Number(a) - Number(b)) <= 1;
}

function stampPath(path: string): string {
  return `${path}-stamp`;
}
