import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Awaitable, andThen, BackendError, ConfigurationError } from "@cascata/core";
import { Gate, gatePath } from "./gate.ts";
import { type FileState, inspectFile } from "./inspect.ts";
import { ForeignFile, isDamage, LmdbFile } from "./lmdb-file.ts";
import type { DamagePolicy } from "./options.ts";
import { pause } from "./pause.ts";
import { probeFile } from "./probe.ts";
import { currentBoot, isSameBoot, readStamp } from "./stamp.ts";

/** How a file is to be opened. */
export interface OpenRequest {
  readonly name: string;
  readonly path: string;
  readonly maxBytes: number;
  readonly onDamage: DamagePolicy;
  /** The tier's clock. */
  readonly now: () => number;
  /** Told of what was done to a damaged or torn file. */
  readonly report: (what: string, error: Error) => void;
}

// LMDB maps a file once a process; two backends on one file therefore share it, and have to find each other.
const openFiles = new Map<string, LmdbFile | Promise<LmdbFile>>();
/** What a child process has found wrong with a file, so that each file is tried only once. */
const verdicts = new Map<string, { readonly fingerprint: string; readonly why: string }>();
const lockPatienceMs = 5000;
const attempts = 5;

/**
 * Opens the file, or joins those of this thread that have it open. Answers at once for a new file and for one that was
 * closed cleanly; another one is opened by a child process first, which costs some 100 ms.
 * @throws ConfigurationError for a path where no file can be, a damaged file that is to be refused, or a file that is open
 * with another maximum size
 */
export function openShared(request: OpenRequest): Awaitable<LmdbFile> {
  const path = canonical(request.path);
  const known = openFiles.get(path);
  if (known instanceof LmdbFile) {
    if (known.isOpen) return joined(known, request);
  } else if (known !== undefined) {
    return known.then((file) => joined(file, request));
  }
  const opening = openNow({ ...request, path }, attempts);
  if (opening instanceof LmdbFile) {
    openFiles.set(path, opening);
    return opening;
  }
  const promise = Promise.resolve(opening);
  openFiles.set(path, promise);
  promise.then(
    (file) => openFiles.set(path, file),
    () => openFiles.delete(path),
  );
  return promise;
}

/** One backend less uses the file. */
export function leaveShared(file: LmdbFile): Promise<void> {
  return file.leave(() => {
    if (openFiles.get(file.path) === file) openFiles.delete(file.path);
  });
}

function joined(file: LmdbFile, request: OpenRequest): LmdbFile {
  if (file.maxBytes !== request.maxBytes) {
    throw new ConfigurationError({
      path: "maxSize",
      expected: `${file.maxBytes} bytes, as another backend of this process has it for ${file.path}`,
      received: request.maxBytes,
    });
  }
  file.join();
  return file;
}

function openNow(request: OpenRequest, left: number): Awaitable<LmdbFile> {
  const { path } = request;
  const state = look(path);
  if (state.kind === "absent") {
    mkdirSync(dirname(path), { recursive: true });
    return adopt(request, state, left);
  }
  if (state.kind === "damaged") return onDamage(request, state, state.why, left);
  const stamp = readStamp(path);
  if (stamp?.clean === state.fingerprint) return adopt(request, state, left);
  if (stamp !== undefined && !isSameBoot(stamp.boot, currentBoot())) {
    request.report(
      "torn",
      new BackendError(request.name, "open", 0, `${path} was in use when the machine stopped; it starts empty`),
    );
    replace(path, state, () => unlinkSync(path));
    return again(request, left);
  }
  const verdict = verdicts.get(path);
  if (verdict?.fingerprint === state.fingerprint) return onDamage(request, state, verdict.why, left);
  return andThen(probeFile(path), (why) => {
    if (why === undefined) return adopt(request, inspectFile(path), left);
    verdicts.set(path, { fingerprint: state.fingerprint, why });
    return onDamage(request, state, why, left);
  });
}

/** Looks at a file; one that seems damaged may only be half made or half written, by somebody who then holds its gate. */
function look(path: string): FileState {
  const state = inspectFile(path);
  if (state.kind !== "damaged" || !existsSync(gatePath(path))) return state;
  const gate = new Gate(path);
  try {
    return gate.hold(() => inspectFile(path));
  } finally {
    void gate.close();
  }
}

function adopt(request: OpenRequest, state: FileState, left: number): Awaitable<LmdbFile> {
  try {
    return new LmdbFile(request.path, request.maxBytes, {
      now: request.now,
      diskFull: (error) => request.report("disk-full", error),
    });
  } catch (error) {
    if (error instanceof ForeignFile) return onDamage(request, state, error.message, left);
    if (isDamage(error)) return onDamage(request, state, `LMDB can't read it (${error.message})`, left);
    throw new BackendError(request.name, "open", 0, error);
  }
}

function onDamage(request: OpenRequest, state: FileState, why: string, left: number): Awaitable<LmdbFile> {
  const { path } = request;
  if (request.onDamage === "refuse") {
    throw new ConfigurationError({
      path: "path",
      expected: "an LMDB file of Cascata, or none yet",
      received: `${path}: ${why}`,
      hint: `move it away, or set onDamage to "rebuild"`,
    });
  }
  const aside = `${path}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, "-")}-${process.pid}`;
  replace(path, state, () => renameSync(path, aside));
  request.report("rebuilt", new BackendError(request.name, "open", 0, `${path}: ${why}; it was set aside as ${aside}`));
  return again(request, left);
}

function again(request: OpenRequest, left: number): Awaitable<LmdbFile> {
  if (left > 0) return openNow(request, left - 1);
  throw new BackendError(request.name, "open", 0, `${request.path} is damaged again and again`);
}

/**
 * Takes a file away, unless another process has done so already: of two that find the same damaged file the second one
 * would otherwise take away what the first has just begun.
 */
function replace(path: string, seen: FileState, takeAway: () => void): void {
  const guard = `${path}-opening`;
  holdGuard(guard);
  try {
    const now = inspectFile(path);
    if (identity(now) !== identity(seen)) return;
    takeAway();
    rmSync(`${path}-lock`, { force: true });
    rmSync(`${path}-stamp`, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function identity(state: FileState): string {
  if (state.kind === "absent") return "absent";
  return state.kind === "lmdb" ? state.fingerprint : `${state.inode} ${state.why}`;
}

function holdGuard(guard: string): void {
  const giveUpAt = performance.now() + lockPatienceMs;
  for (;;) {
    try {
      closeSync(openSync(guard, "wx"));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    // Its maker holds it for some milliseconds, or died.
    const madeAt = statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (performance.now() > giveUpAt || (madeAt !== 0 && Date.now() - madeAt > lockPatienceMs))
      rmSync(guard, { force: true });
    else pause(5);
  }
}

/** One name for a file, whatever links lead to it. */
function canonical(path: string): string {
  const full = resolve(path);
  try {
    return realpathSync(full);
  } catch {
    // It isn't there yet; its folder may be.
  }
  try {
    return join(realpathSync(dirname(full)), basename(full));
  } catch {
    return full;
  }
}
