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

export interface CreationRecord {
  readonly process: number;
  readonly key: string;
  readonly from: number;
  to: number;
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
  /** Whether at most one creator may run at once for a key in the cluster. */
  readonly oneCreator: boolean;
}

/** Everything that happened in one run, and what must not be in it. */
export class History {
  readonly reads: ReadRecord[] = [];
  readonly changes: ChangeRecord[] = [];
  readonly creations: CreationRecord[] = [];
  readonly slowCalls: Violation[] = [];

  get sharedErrors(): number {
    return this.reads.filter(({ error }) => error instanceof RemoteCreatorError).length;
  }

  violations(bounds: Bounds): readonly Violation[] {
    const found: Violation[] = [...this.slowCalls];
    for (const read of this.reads) this.#checkRead(read, bounds, found);
    if (bounds.oneCreator) this.#checkCreators(bounds, found);
    return found;
  }

  #checkRead(read: ReadRecord, bounds: Bounds, found: Violation[]): void {
    const { value } = read;
    if (value === undefined) return;
    if (value.key !== read.key) found.push({ rule: "I8", text: `${show(read)} was made for ${value.key}` });
    for (const change of this.changes) {
      const since = change.versions.get(read.key);
      if (since === undefined || value.version >= since) continue;
      const own = change.process === read.process && read.from > change.from + bounds.ownMs;
      const heard = change.confirmedAt !== undefined && read.from > change.confirmedAt + bounds.staleMs;
      if (!own && !heard) continue;
      const rule = own ? "I1/I2/I7 in the changing process" : "I3 bounded staleness";
      found.push({ rule, text: `${show(read)} is older than ${showChange(change)}` });
      return;
    }
  }

  #checkCreators(bounds: Bounds, found: Violation[]): void {
    const byKey = new Map<string, CreationRecord[]>();
    for (const creation of this.creations) {
      const ofKey = byKey.get(creation.key) ?? [];
      // A change of the key begins a new epoch: a creation that began before it may still run.
      const running = ofKey.filter(
        (other) => other.to > creation.from && !this.#changedBetween(other, creation, bounds.staleMs),
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

  #changedBetween(first: CreationRecord, second: CreationRecord, slackMs: number): boolean {
    return this.changes.some(
      ({ keys, from, to }) =>
        keys.includes(first.key) && from <= second.from && (to ?? Number.POSITIVE_INFINITY) >= first.from - slackMs,
    );
  }

  /** The lines that concern one key, in order: what a failure shows. */
  excerpt(key: string): string {
    const lines: (readonly [number, string])[] = [];
    for (const read of this.reads) if (read.key === key) lines.push([read.from, show(read)]);
    for (const change of this.changes) if (change.keys.includes(key)) lines.push([change.from, showChange(change)]);
    for (const creation of this.creations) {
      if (creation.key === key)
        lines.push([
          creation.from,
          `process ${creation.process} creates ${key} from ${creation.from.toFixed(1)} to ${creation.to.toFixed(1)}`,
        ]);
    }
    return lines
      .sort(([a], [b]) => a - b)
      .map(([, text]) => text)
      .join("\n");
  }
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
