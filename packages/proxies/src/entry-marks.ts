import {
  asCacheError,
  BackendError,
  type CacheBackend,
  CachedValue,
  type Found,
  isNoValue,
  type Mark,
  type MarkTable,
  ReadFailure,
} from "@cascata/core";

const modes = ["hard", "soft"] as const;

/**
 * Marks as ordinary entries without a ttl, for a store that keeps none itself: they last as long as the store keeps
 * such entries. They carry the marking process's instant and no order, and two processes that mark the same name within one
 * round trip of each other may leave the earlier of their two instants. A mark that can't be read is a failure, never "no mark".
 */
export class EntryMarks implements MarkTable {
  readonly #backend: CacheBackend;

  constructor(backend: CacheBackend) {
    this.#backend = backend;
  }

  /** Two round trips: an instant is never set back, so what stands is read first. */
  async put(names: readonly string[], mode: Mark["mode"], at: number): Promise<readonly Mark[]> {
    const unique = [...new Set(names)];
    if (unique.length === 0) return [];
    const keys = unique.map((name) => this.#key(name, mode));
    const standing = await this.#backend.getMulti(keys);
    const marks = unique.map((name, index) => ({ name, mode, at: Math.max(at, this.#instant(standing[index]) ?? at) }));
    const entries = new Map(marks.map((mark, index) => [keys[index] as string, entryOf(mark.at)]));
    const outcomes = await this.#backend.setMulti(entries);
    for (const outcome of outcomes?.values() ?? []) {
      if (outcome.status === "refused") throw this.#failure(`the store refused it: ${outcome.why}`);
      if (outcome.status !== "stored")
        throw asCacheError(outcome.error, this.#backend.name, "marks.put", unique.length);
    }
    return names.map((name) => marks[unique.indexOf(name)] as Mark);
  }

  async lookup(names: readonly string[]): Promise<readonly (readonly Mark[])[]> {
    const unique = [...new Set(names)];
    if (unique.length === 0) return [];
    const found = await this.#backend.getMulti(unique.flatMap((name) => modes.map((mode) => this.#key(name, mode))));
    const byName = new Map<string, readonly Mark[]>();
    unique.forEach((name, index) => {
      const marks = modes.map((mode, which) => ({
        name,
        mode,
        at: this.#instant(found[index * modes.length + which]),
      }));
      byName.set(
        name,
        marks.filter((mark): mark is Mark => mark.at !== undefined),
      );
    });
    return names.map((name) => byName.get(name) ?? []);
  }

  #key(name: string, mode: Mark["mode"]): string {
    const key = `cascata.mark:${mode}:${name}`;
    return this.#backend.keyMangler?.(key) ?? key;
  }

  #instant(found: Found | undefined): number | undefined {
    if (found === undefined || isNoValue(found)) return undefined;
    if (found instanceof ReadFailure) throw found.error;
    if (typeof found.payload !== "number") throw this.#failure("something else stands in the place of a mark");
    return found.payload;
  }

  #failure(why: string): BackendError {
    return new BackendError(this.#backend.name, "marks", 1, new Error(why));
  }
}

function entryOf(at: number): CachedValue {
  return new CachedValue(at, { createdAt: at, startedAt: at, formatVersion: 1, ttl: Number.POSITIVE_INFINITY });
}
