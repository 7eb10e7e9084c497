import type { CreationTuple, ProcessHistory, ReadTuple } from "./history-record.ts";
import { stalledMs } from "./stall-watch.ts";

/** What a cell promises. */
export interface Promises {
  /** How long after a confirmed change another process may still return the older value, in milliseconds. */
  readonly staleMs: number;
  /** The same for the process that made the change, counted from the call. */
  readonly ownStaleMs: number;
  /** Whether that is lengthened by the time for which the machine did not let the reading process run. */
  readonly excuseStalls: boolean;
  /** At most one creator a key in the cluster for so long, where Redis could be asked; 0: only in each process. */
  readonly leaseMs: number;
}

/** What a history holds. */
export interface Verdict {
  readonly reads: number;
  readonly changes: number;
  readonly creations: number;
  /** Those of them that began because Redis could not be asked. */
  readonly unasked: number;
  /** Reads that returned something older than a change confirmed before they began, and by how much at the most. */
  readonly stale: number;
  readonly oldestMs: number;
  readonly violations: readonly string[];
}

interface Change {
  readonly process: number;
  readonly version: number;
  readonly from: number;
  readonly confirmedAt: number;
}

/** Checks what the processes saw. Versions of a key only grow, so that a read is judged by two searches. */
export function judge(histories: readonly ProcessHistory[], promises: Promises): Verdict {
  const changes = new Map<string, Change[]>();
  const madeAt = new Map<string, number>();
  for (const { process, changes: own } of histories) {
    for (const { versions, askedAt, from, confirmedAt } of own) {
      for (const [key, version] of Object.entries(versions)) {
        madeAt.set(`${key} ${version}`, askedAt);
        listIn(changes, key).push({ process, version, from, confirmedAt: confirmedAt < 0 ? Infinity : confirmedAt });
      }
    }
  }
  const timelines = new Map([...changes].map(([key, all]) => [key, new Timeline(all)]));
  const violations: string[] = [];
  let stale = 0;
  let oldestMs = 0;
  for (const history of histories) {
    for (const read of history.reads) {
      const [from, to, key, version] = read;
      if (version === -1 || version === -2) continue;
      const wrong = invented(read, madeAt);
      if (wrong !== undefined) violations.push(`I8: ${show(history.process, read)} ${wrong}`);
      const timeline = timelines.get(key);
      if (timeline === undefined) continue;
      const own = timeline.newestBy(history.process, from - promises.ownStaleMs);
      if (own !== undefined && own > version)
        violations.push(`I1/I2/I7: ${show(history.process, read)} after its own change to ${own}`);
      const missed = timeline.firstMissed(version, from);
      if (missed === undefined) continue;
      stale += 1;
      const late = from - missed.confirmedAt;
      oldestMs = Math.max(oldestMs, late);
      const excused = promises.excuseStalls ? stalledMs(history.stalls, missed.confirmedAt, from) : 0;
      if (late > promises.staleMs + excused) {
        const text = `${late.toFixed(0)} ms after process ${missed.process}'s change to ${missed.version} was confirmed`;
        violations.push(
          `I3: ${show(history.process, read)} ${text} (stalled ${excused.toFixed(0)} ms, took ${(to - from).toFixed(0)} ms)`,
        );
      }
    }
  }
  const begun = histories.flatMap((one) => one.creations);
  const creations = creators(histories, changes, promises.leaseMs);
  return {
    reads: sum(histories, ({ reads }) => reads.length),
    changes: sum(histories, (one) => one.changes.length),
    creations: begun.length,
    unasked: begun.filter(({ unasked }) => unasked).length,
    stale,
    oldestMs,
    violations: [...violations, ...creations],
  };
}

/** The changes of one key, to be asked what a reader should have known. */
class Timeline {
  readonly #byConfirmation: readonly Change[];
  readonly #newest: readonly number[];
  readonly #own = new Map<number, Change[]>();

  constructor(all: readonly Change[]) {
    this.#byConfirmation = [...all].sort((a, b) => a.confirmedAt - b.confirmedAt);
    let newest = 0;
    this.#newest = this.#byConfirmation.map(({ version }) => {
      newest = Math.max(newest, version);
      return newest;
    });
    for (const change of [...all].sort((a, b) => a.from - b.from)) {
      const own = this.#own.get(change.process) ?? [];
      own.push(change);
      this.#own.set(change.process, own);
    }
  }

  /** The newest version that this process itself had called for before `from`. */
  newestBy(process: number, from: number): number | undefined {
    let newest: number | undefined;
    for (const change of this.#own.get(process) ?? []) {
      if (change.from >= from) break;
      newest = Math.max(newest ?? 0, change.version);
    }
    return newest;
  }

  /** The earliest confirmed change that a read at `from` should have known and that `version` is older than. */
  firstMissed(version: number, from: number): Change | undefined {
    const index = this.#newest.findIndex((newest) => newest > version);
    const change = this.#byConfirmation[index];
    return change !== undefined && change.confirmedAt < from ? change : undefined;
  }
}

function invented([, to, key, version]: ReadTuple, madeAt: ReadonlyMap<string, number>): string | undefined {
  if (Number.isNaN(version)) return "is no value of this key";
  if (version === 0) return undefined;
  const at = madeAt.get(`${key} ${version}`);
  if (at === undefined) return "was never written";
  return at <= to ? undefined : "was returned before it was written";
}

/**
 * Two creators of a key at once, with no change of it between their beginnings. In one process a mark counts as a change of
 * every key: who asks after one does not join what began before, whatever its tags will be.
 */
function creators(
  histories: readonly ProcessHistory[],
  changes: ReadonlyMap<string, readonly Change[]>,
  leaseMs: number,
): string[] {
  const byKey = new Map<string, { process: number; creation: CreationTuple }[]>();
  for (const { process, creations } of histories) {
    for (const creation of creations) listIn(byKey, creation.key).push({ process, creation });
  }
  const found: string[] = [];
  const marks = histories.flatMap((one) => one.changes).filter(({ how }) => !how.startsWith("delete"));
  for (const [key, all] of byKey) {
    all.sort((a, b) => a.creation.from - b.creation.from);
    for (const [index, second] of all.entries()) {
      for (const first of all.slice(Math.max(0, index - 8), index)) {
        if (first.creation.to <= second.creation.from) continue;
        const sameProcess = first.process === second.process;
        const asked = !first.creation.unasked && !second.creation.unasked;
        const leased = asked && leaseMs > 0 && second.creation.from - first.creation.from < leaseMs;
        if (!sameProcess && !leased) continue;
        // A change begins a new epoch, also one of which the second creator hears a little later.
        const covering = sameProcess ? [...(changes.get(key) ?? []), ...marks] : (changes.get(key) ?? []);
        const slackMs = sameProcess ? 3000 : 100;
        const between = covering.some(
          ({ from, confirmedAt }) =>
            from <= second.creation.from && (confirmedAt < 0 || confirmedAt >= first.creation.from - slackMs),
        );
        if (between) continue;
        const text = `${second.creation.from.toFixed(1)} in process ${second.process}, while process ${first.process} was at it since ${first.creation.from.toFixed(1)}`;
        found.push(`I4: a creator of ${key} began at ${text}`);
      }
    }
  }
  return found;
}

function show(process: number, [from, , key, version, how]: ReadTuple): string {
  return `process ${process} ${how}(${key}) at ${from.toFixed(1)} returned ${version},`;
}

function listIn<K, T>(map: Map<K, T[]>, key: K): T[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const list: T[] = [];
  map.set(key, list);
  return list;
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
