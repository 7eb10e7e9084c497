import { RemoteCreatorError } from "@cascata/core";

/** What a creator made or a read returned: the key that it was made for, and the origin's version that it was made from. */
export interface Versioned {
  readonly key: string;
  readonly version: number;
}

/** A read of one key, as its caller saw it. Instants are virtual milliseconds. */
export interface ReadRecord {
  readonly process: number;
  readonly key: string;
  readonly how: string;
  readonly from: number;
  readonly to: number;
  readonly value: Versioned | undefined;
  readonly error: unknown;
}

/** A change of the origin and the invalidation that followed it. */
export interface ChangeRecord {
  readonly process: number;
  readonly keys: readonly string[];
  readonly how: string;
  /** The origin's versions of the keys since the change. */
  readonly versions: ReadonlyMap<string, number>;
  readonly from: number;
  /** When the authority had confirmed it. */
  confirmedAt: number | undefined;
  to: number | undefined;
}

export interface CreatedRecord {
  readonly id: number;
  readonly process: number;
  readonly key: string;
  readonly from: number;
  to: number;
  /** From the call's hard timeout on it holds nothing up. */
  readonly givenUpAt: number;
  /** `stopped`: the creator was told to stop, and did. */
  ended: "made" | "failed" | "stopped" | undefined;
}

/** What a creator throws: it names its call, here and, as its code, in other processes. */
export class CreationError extends Error {
  override readonly name = "CreationError";
  readonly code: number;

  constructor(id: number) {
    super(`creation ${id} has failed`);
    this.code = id;
  }
}

export interface Violation {
  readonly rule: string;
  readonly text: string;
}

export interface Bounds {
  /** How long after a confirmed change another process may still return the older value. */
  readonly staleMs: number;
  /** How long a call may take beyond its creator. */
  readonly callMs: number;
  /** How long after its own change even the changing process may return the older value: where the store may lose confirmed changes. */
  readonly ownMs: number;
  /** How long after a creation's failure a caller of another process may still have asked, and share it: until it has heard. */
  readonly sharedMs: number;
  /** What was confirmed in these stretches was lost, and who knows of it may have been deaf for long. */
  readonly lost: readonly (readonly [number, number])[];
  /** Whether at most one creator may run at once for a key in the cluster. */
  readonly oneCreator: boolean;
}

/** Everything that happened in one run, and what must not be in it. */
export class History {
  readonly reads: ReadRecord[] = [];
  readonly changes: ChangeRecord[] = [];
  readonly creations: CreatedRecord[] = [];
  /** When what went wrong. */
  readonly faults: (readonly [number, string])[] = [];
  /** What was found while the run went on. */
  readonly others: Violation[] = [];

  get sharedErrors(): number {
    return this.reads.filter(({ error }) => error instanceof RemoteCreatorError).length;
  }

  violations(bounds: Bounds): readonly Violation[] {
    const found: Violation[] = [...this.others];
    for (const read of this.reads) {
      this.#checkRead(read, bounds, found);
      this.#checkError(read, bounds, found);
    }
    if (bounds.oneCreator) this.#checkCreators(bounds, found);
    return found;
  }

  #checkRead(read: ReadRecord, bounds: Bounds, found: Violation[]): void {
    const { value } = read;
    if (value === undefined) return;
    if (value.key !== read.key) found.push({ rule: "I8", text: `${show(read)} was made for ${value.key}` });
    for (const change of this.changes) {
      const since = change.versions.get(read.key);
      // What is marked softly may still be served stale.
      if (since === undefined || value.version >= since || change.how === "soft") continue;
      const own = change.process === read.process && read.from > ownFrom(change) + bounds.ownMs;
      const { confirmedAt = Number.POSITIVE_INFINITY } = change;
      if (bounds.lost.some(([from, to]) => confirmedAt >= from && change.from <= to)) continue;
      const heard = read.from > confirmedAt + bounds.staleMs;
      if (!own && !heard) continue;
      const rule = own ? "I1/I2/I7 in the changing process" : "I3 bounded staleness";
      found.push({ rule, text: `${show(read)} is older than ${showChange(change)}` });
      return;
    }
  }

  /** An error is shared by those alone who asked while its creation was under way, and by nobody who has changed the key since. */
  #checkError(read: ReadRecord, bounds: Bounds, found: Violation[]): void {
    const { error } = read;
    if (!(error instanceof CreationError || error instanceof RemoteCreatorError)) return;
    const creation = this.creations[error.code as number];
    if (creation === undefined) return;
    const blame = (rule: string, why: string) =>
      found.push({ rule, text: `${show(read)}: creation ${creation.id} of ${creation.key} ${why}` });
    const isRemote = error instanceof RemoteCreatorError;
    if (creation.key !== read.key) blame("I8", "is another key's");
    else if (isRemote && creation.ended === "stopped")
      blame("I5 shared outcome", "was stopped, which concerns nobody else");
    else if (read.from > creation.to + (isRemote ? bounds.sharedMs : 0))
      blame("I5 shared outcome", `had failed at ${creation.to.toFixed(1)}`);
    const since = this.changes.find(
      (change) =>
        change.process === read.process &&
        change.how !== "soft" &&
        change.keys.includes(read.key) &&
        creation.from < change.from &&
        ownFrom(change) < read.from,
    );
    if (since !== undefined)
      blame("I5 shared outcome", `began at ${creation.from.toFixed(1)}, before ${showChange(since)}`);
  }

  #checkCreators(bounds: Bounds, found: Violation[]): void {
    const byKey = new Map<string, CreatedRecord[]>();
    for (const creation of this.creations) {
      const ofKey = byKey.get(creation.key) ?? [];
      // A change of the key begins a new epoch: a creation that began before it may still run.
      const running = ofKey.filter(
        (other) =>
          Math.min(other.to, other.givenUpAt) > creation.from &&
          !this.#changedBetween(other, creation, bounds.staleMs) &&
          !this.#isAbandoned(other, creation.from),
      );
      if (running.length > 0) {
        const [first] = running;
        found.push({
          rule: "I4 one creator",
          text: `key ${creation.key}: process ${creation.process} began at ${creation.from.toFixed(1)} while process ${first?.process} was at it since ${first?.from.toFixed(1)}`,
        });
      }
      ofKey.push(creation);
      byKey.set(creation.key, ofKey);
    }
  }

  /** Whether its callers have left, so that it holds nothing up any more. */
  #isAbandoned({ process, key, from }: CreatedRecord, until: number): boolean {
    return this.reads.some(
      (read) =>
        read.process === process &&
        read.key === key &&
        read.error !== undefined &&
        !(read.error instanceof CreationError || read.error instanceof RemoteCreatorError) &&
        read.to >= from &&
        read.to <= until,
    );
  }

  #changedBetween(first: CreatedRecord, second: CreatedRecord, slackMs: number): boolean {
    return this.changes.some(
      ({ keys, from, to }) =>
        keys.includes(first.key) && from <= second.from && (to ?? Number.POSITIVE_INFINITY) >= first.from - slackMs,
    );
  }

  /** The lines that concern one key, in order: what a failure shows. */
  excerpt(key: string): string {
    const lines = this.faults.map(([at, text]): readonly [number, string] => [at, `${text} at ${at.toFixed(1)}`]);
    for (const read of this.reads) if (read.key === key) lines.push([read.from, show(read)]);
    for (const change of this.changes) if (change.keys.includes(key)) lines.push([change.from, showChange(change)]);
    for (const creation of this.creations) {
      if (creation.key === key)
        lines.push([
          creation.from,
          `process ${creation.process} creates ${key} (${creation.id}) from ${creation.from.toFixed(1)} to ${creation.to.toFixed(1)}: ${creation.ended}`,
        ]);
    }
    return lines
      .sort(([a], [b]) => a - b)
      .map(([, text]) => text)
      .join("\n");
  }
}

/** From when on the changing process itself must not serve anything older: what is set is there when `set` has answered. */
function ownFrom({ how, from, to }: ChangeRecord): number {
  return how === "set" || how === "setMulti" ? (to ?? Number.POSITIVE_INFINITY) : from;
}

function show({ process, key, how, from, to, value, error }: ReadRecord): string {
  const what =
    error !== undefined ? `an error (${String(error)})` : value === undefined ? "nothing" : `version ${value.version}`;
  return `process ${process} ${how}(${key}) from ${from.toFixed(1)} to ${to.toFixed(1)} returned ${what}`;
}

function showChange({ process, how, versions, from, confirmedAt }: ChangeRecord): string {
  const what = [...versions].map(([key, version]) => `${key}=${version}`).join(" ");
  return `process ${process} ${how}(${what}) from ${from.toFixed(1)}, confirmed ${confirmedAt === undefined ? "never" : `at ${confirmedAt.toFixed(1)}`}`;
}
