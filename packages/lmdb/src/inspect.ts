import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statfsSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { ConfigurationError } from "@cascata/core";

/** What stands at a path, as far as can be told without LMDB. */
export type FileState =
  | { readonly kind: "absent" }
  /** `fingerprint` changes with every commit and with the file. */
  | { readonly kind: "lmdb"; readonly fingerprint: string; readonly inode: number }
  | { readonly kind: "damaged"; readonly why: string; readonly inode: number };

// The meta pages of LMDB's data format 2 on a 64-bit machine: a page header of 24 bytes, then magic, version, address,
// map size, two trees of 48 bytes (the first begins with the page size), last page, transaction. (`MDB_meta` in mdb.c.)
const headerBytes = 24;
const magic = 0xbeefc0de;
const dataVersion = 2;
const pageSizeAt = headerBytes + 24;
const lastPageAt = headerBytes + 24 + 2 * 48;
const transactionAt = lastPageAt + 8;
const newFileBytes = 1024 ** 2;

/**
 * Looks at what is to be opened, since LMDB ends the process on a file that isn't its own or is cut short, and hangs on
 * a pipe. Costs some tens of microseconds. The lock file's content is left alone: closing it would drop LMDB's locks.
 * @throws ConfigurationError for what is no file, can't be reached or can't be written
 */
export function inspectFile(path: string): FileState {
  const lock = statOf(`${path}-lock`);
  if (lock !== undefined && !lock.isFile())
    refuse(path, `a free place or a file beside it at ${path}-lock`, kindOf(lock));
  const stats = statOf(path);
  if (stats === undefined) return absent(path);
  if (!stats.isFile()) {
    refuse(
      path,
      "the path of a file",
      `${path} (${kindOf(stats)})`,
      stats.isDirectory() ? "name a file in the folder" : undefined,
    );
  }
  try {
    permit(path, path, "a file that this process can read and write");
    return stats.size === 0 ? { kind: "absent" } : judgeFile(path);
  } catch (error) {
    // Another process may have taken it away since.
    if (statOf(path) === undefined) return absent(path);
    throw error;
  }
}

function judgeFile(path: string): FileState {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return judge(file);
  } finally {
    closeSync(file);
  }
}

function judge(file: number): FileState {
  const { ino: inode } = fstatSync(file);
  const damaged = (why: string): FileState => ({ kind: "damaged", why, inode });
  const first = readAt(file, 0, transactionAt + 8);
  if (first.length < transactionAt + 8) return damaged("it is too short for an LMDB file");
  if (first.readUInt32LE(headerBytes) !== magic) return damaged("it is no LMDB file");
  const pageBytes = first.readUInt32LE(pageSizeAt);
  const isPage = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
  if (!isPage) return damaged("its header is damaged");
  const metas = [first, readAt(file, pageBytes, transactionAt + 8)];
  if (metas.some((meta) => meta.length < transactionAt + 8)) return damaged("it is cut short");
  for (const meta of metas) {
    if (meta.readUInt32LE(headerBytes) !== magic) return damaged("its second header is damaged");
    const version = meta.readUInt32LE(headerBytes + 4) & 0xffff;
    if (version !== dataVersion) return damaged(`it has LMDB's data version ${version}, expected ${dataVersion}`);
  }
  const [one, two] = metas as [Buffer, Buffer];
  const newest = one.readBigUInt64LE(transactionAt) >= two.readBigUInt64LE(transactionAt) ? one : two;
  // Only now: a file grows, before its header says so.
  const { size } = fstatSync(file);
  const needed = (newest.readBigUInt64LE(lastPageAt) + 1n) * BigInt(pageBytes);
  if (needed > BigInt(size)) return damaged(`it is cut short: ${size} bytes of at least ${needed}`);
  const digest = createHash("sha256").update(one).update(two).digest("base64url");
  return { kind: "lmdb", fingerprint: `${inode}-${digest}`, inode };
}

function absent(path: string): FileState {
  let folder = dirname(path);
  let stats = statOf(folder);
  while (stats === undefined && dirname(folder) !== folder) {
    folder = dirname(folder);
    stats = statOf(folder);
  }
  if (stats !== undefined && !stats.isDirectory()) refuse(path, `a folder at ${folder}`, kindOf(stats));
  permit(path, folder, "a folder in which this process can make files");
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < newFileBytes) refuse(path, "a disk with at least 1 MB free", `${bavail * bsize} bytes free`);
  return { kind: "absent" };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return unlessDangling(path);
    return refuse(path, "a path that can be reached", `${path} (${code ?? String(error)})`);
  }
}

/** For a path where nothing was found a moment ago; somebody may have made a file there since. */
function unlessDangling(path: string): Stats | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (stats === undefined && isLink) refuse(path, "a path that leads somewhere", "a dangling link");
  return stats;
}

function permit(path: string, subject: string, expected: string): void {
  try {
    accessSync(subject, constants.R_OK | constants.W_OK);
  } catch (error) {
    refuse(path, expected, `${subject} (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  if (stats.isSocket()) return "a socket";
  if (stats.isFile()) return "a file";
  return "a device";
}

function refuse(path: string, expected: string, received: string, hint?: string): never {
  throw new ConfigurationError({
    path: "path",
    expected,
    received: received || path,
    ...(hint !== undefined && { hint }),
  });
}
