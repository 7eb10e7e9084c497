import { type Awaitable, andThen, attempt } from "./awaitable.ts";
import { type CachedValue, type CacheMetadata, compareOrders } from "./cached-value.ts";
import type { ChangeFeed, Mark, MarkTable } from "./capabilities.ts";
import type { Clock } from "./clock.ts";

/** The name of the mark that covers a whole region. */
export const regionMark = "";

/** The standing marks of one name: for each mode the authority's latest, and an own one that it has not counted yet. */
interface Standing {
  hard?: Mark | undefined;
  soft?: Mark | undefined;
  uncountedHard?: Mark | undefined;
  uncountedSoft?: Mark | undefined;
  /** The clock's instant until which this is known, where no feed keeps it up to date. */
  until: number;
}

const slots = ["hard", "soft", "uncountedHard", "uncountedSoft"] as const;
const mostNames = 10_000;
/** After a look-up that failed. */
const askAgainMs = 1000;

/**
 * What a process knows of the marks on a region and its tags: outside any eviction, asked without I/O. Names that it does
 * not know are looked up in the authority, a whole batch at once.
 */
export class MarkBoard {
  readonly #table: MarkTable | undefined;
  readonly #clock: Clock;
  readonly #feed: ChangeFeed | undefined;
  readonly #maxStalenessMs: number;
  #heardChecked = 0;
  readonly #standing = new Map<string, Standing>();
  readonly #pastEpochs = new Set<string>();
  #any = false;

  /** @param feed tells of new marks: while it is heard, what is known stays known; for `maxStalenessMs` after it was heard last */
  constructor(table: MarkTable | undefined, feed: ChangeFeed | undefined, clock: Clock, maxStalenessMs: number) {
    this.#table = table;
    this.#feed = feed;
    this.#clock = clock;
    this.#maxStalenessMs = maxStalenessMs;
  }

  /** Whether an entry is covered: `hard` makes it absent, `soft` stale. Costs a comparison where nothing was ever marked. */
  verdict(metadata: CacheMetadata): Mark["mode"] | undefined {
    if (!this.#any) return undefined;
    let soft = this.#covers(regionMark, metadata);
    if (soft === "hard" || metadata.tags === undefined) return soft;
    for (const tag of metadata.tags) {
      const verdict = this.#covers(tag, metadata);
      if (verdict === "hard") return "hard";
      soft ??= verdict;
    }
    return soft;
  }

  /** Whether everything is known that a verdict on the entry needs. */
  knows(metadata: CacheMetadata): boolean {
    if (this.#table === undefined) return true;
    if (!this.#isKnown(regionMark)) return false;
    return metadata.tags === undefined || metadata.tags.every((tag) => this.#isKnown(tag));
  }

  /**
   * Looks up, in one round trip, what the verdicts on these entries need. Where the authority can't be asked, verdicts go
   * by what is known, and it is asked again after a second: entries that it hasn't confirmed are the chain's to bound.
   */
  learn(entries: readonly CachedValue[]): Awaitable<void> {
    const names = new Set(this.#isKnown(regionMark) ? [] : [regionMark]);
    for (const { metadata } of entries) for (const tag of metadata.tags ?? []) if (!this.#isKnown(tag)) names.add(tag);
    const table = this.#table;
    if (names.size === 0 || table === undefined) return;
    const asked = [...names];
    const now = this.#clock.now();
    const found = attempt(
      () => table.lookup(asked),
      () => undefined,
    );
    return andThen(found, (marks) => {
      const until = marks !== undefined && this.#feed?.live ? Number.POSITIVE_INFINITY : now + askAgainMs;
      asked.forEach((name, index) => {
        this.#of(name).until = until;
        this.apply(marks?.[index] ?? []);
      });
    });
  }

  /** Own marks, marks told by the feed, marks found: in any order, also twice. */
  apply(marks: readonly Mark[]): void {
    for (const mark of marks) {
      this.#any = true;
      const standing = this.#of(mark.name);
      const uncounted = mark.mode === "hard" ? "uncountedHard" : "uncountedSoft";
      const slot = mark.order === undefined ? uncounted : mark.mode;
      if (this.#isLater(mark, standing[slot])) standing[slot] = mark;
      // The authority has counted our own mark now.
      if (mark.order !== undefined && (standing[uncounted]?.at ?? Number.POSITIVE_INFINITY) <= mark.at)
        standing[uncounted] = undefined;
    }
    if (this.#standing.size > mostNames) this.#fold();
  }

  /** Marks may have been missed: everything is looked up again, but for own ones that are not counted yet. */
  forget(): void {
    for (const standing of this.#standing.values()) standing.until = Number.NEGATIVE_INFINITY;
  }

  #isLater(mark: Mark, than: Mark | undefined): boolean {
    if (than === undefined) return true;
    if (mark.order === undefined || than.order === undefined) return mark.at > than.at;
    if (mark.order.epoch === than.order.epoch) return mark.order.seq > than.order.seq;
    // A mark of the store's new epoch covers all of the old one; a straggler of the old one adds nothing to it.
    if (this.#pastEpochs.has(mark.order.epoch)) return false;
    this.#pastEpochs.add(than.order.epoch);
    return true;
  }

  #covers(name: string, metadata: CacheMetadata): Mark["mode"] | undefined {
    const standing = this.#standing.get(name);
    if (standing === undefined) return undefined;
    let verdict: Mark["mode"] | undefined;
    for (const slot of slots) {
      const mark = standing[slot];
      if (mark === undefined || !isCoveredBy(metadata, mark)) continue;
      if (mark.mode === "hard") return "hard";
      verdict = "soft";
    }
    return verdict;
  }

  #isKnown(name: string): boolean {
    const standing = this.#standing.get(name);
    if (standing === undefined) return false;
    const now = this.#clock.coarse();
    return standing.until === Number.POSITIVE_INFINITY ? this.#isHeard(now) : standing.until >= now;
  }

  #isHeard(now: number): boolean {
    if (this.#feed === undefined || now === this.#heardChecked) return true;
    if (now - this.#feed.heardAt > this.#maxStalenessMs) return false;
    this.#heardChecked = now;
    return true;
  }

  #of(name: string): Standing {
    let standing = this.#standing.get(name);
    if (standing === undefined) {
      standing = { until: this.#table === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY };
      this.#standing.set(name, standing);
    }
    return standing;
  }

  /** Too many names: with a table they can be asked again; else the older half becomes one mark on the region, which covers more, never less. */
  #fold(): void {
    const names = [...this.#standing.keys()].filter((name) => name !== regionMark).slice(0, mostNames / 2);
    for (const name of names) {
      const standing = this.#standing.get(name);
      this.#standing.delete(name);
      for (const slot of slots) {
        const mark = standing?.[slot];
        if (mark !== undefined && (this.#table === undefined || mark.order === undefined))
          this.apply([{ ...mark, name: regionMark }]);
      }
    }
  }
}

/** By the authority's order where both have it; a mark of another epoch covers (that errs on the safe side); else by this process's time. */
function isCoveredBy(metadata: CacheMetadata, mark: Mark): boolean {
  if (mark.order === undefined || metadata.startedOrder === undefined) return metadata.startedAt < mark.at;
  return (compareOrders(metadata.startedOrder, mark.order) ?? -1) < 0;
}
