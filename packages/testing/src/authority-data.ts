import {
  CachedValue,
  type Clock,
  compareOrders,
  type Mark,
  NO_VALUE,
  type NoValue,
  type Order,
  remainingLifeMs,
} from "@cascata/core";
import { copiedMetadata, copyOf } from "./async-map-backend.ts";

/** An entry as the authority keeps it. */
export interface StoredEntry {
  readonly entry: CachedValue;
  readonly expiresAt: number;
}

/** A copy of everything that the authority keeps, as a replica has it that lags behind from now on. */
export interface AuthoritySnapshot {
  readonly entries: ReadonlyMap<string, StoredEntry>;
  readonly marks: ReadonlyMap<string, ReadonlyMap<Mark["mode"], Mark>>;
}

/** What the authority keeps: entries, each for its time, and marks, for ever. Nothing in it is shared with callers. */
export class AuthorityData {
  readonly #clock: Clock;
  #entries = new Map<string, StoredEntry>();
  #marks = new Map<string, Map<Mark["mode"], Mark>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  found(key: string): CachedValue | NoValue {
    const stored = this.#entries.get(key);
    if (stored === undefined || stored.expiresAt <= this.#clock.now()) return NO_VALUE;
    return new CachedValue(copyOf(stored.entry.payload), stored.entry.metadata);
  }

  /** An entry with no life left removes what was there. */
  keep(key: string, entry: CachedValue, revision: Order, keepMs: number): void {
    const now = this.#clock.now();
    const life = Math.min(keepMs, remainingLifeMs(entry.metadata, now));
    this.#entries.delete(key);
    if (!(life > 0)) return;
    const kept = new CachedValue(copyOf(entry.payload), { ...copiedMetadata(entry.metadata), revision });
    this.#entries.set(key, { entry: kept, expiresAt: now + life });
  }

  remove(key: string): void {
    this.#entries.delete(key);
  }

  removeAll(): void {
    this.#entries.clear();
  }

  mark(mark: Mark): void {
    const standing = this.#marks.get(mark.name) ?? new Map<Mark["mode"], Mark>();
    this.#marks.set(mark.name, standing.set(mark.mode, mark));
  }

  marksOf(name: string): readonly Mark[] {
    return [...(this.#marks.get(name)?.values() ?? [])];
  }

  snapshot(): AuthoritySnapshot {
    return { entries: new Map(this.#entries), marks: copied(this.#marks) };
  }

  restore(snapshot: AuthoritySnapshot): void {
    this.#entries = new Map(snapshot.entries);
    this.#marks = copied(snapshot.marks);
  }
}

function copied(marks: AuthoritySnapshot["marks"]): Map<string, Map<Mark["mode"], Mark>> {
  return new Map([...marks].map(([name, standing]) => [name, new Map(standing)]));
}

/** Whether a read that rejects this may lease the key. */
export function isRejected(found: CachedValue | NoValue, rejects: Order | "any" | undefined): boolean {
  if (!(found instanceof CachedValue)) return true;
  return rejects === "any" || (rejects !== undefined && compareOrders(found.metadata.revision, rejects) === 0);
}
