import { type Awaitable, andThen, attempt, isPromiseLike } from "./awaitable.ts";
import type { CachedValue, CacheMetadata, Order } from "./cached-value.ts";
import type { ChangeFeed, Mark, MarkTable } from "./capabilities.ts";
import type { Clock } from "./clock.ts";
import { withDeadline } from "./deadline.ts";
import { Epochs } from "./epochs.ts";
import { LatestMarks } from "./latest-marks.ts";

/** The name of the mark that covers a whole region. */
export const regionMark = "";

/** The standing marks of one name: the latest of each mode and epoch, and own ones that the authority has not counted yet. */
interface Standing {
  readonly counted: Mark[];
  readonly uncounted: Mark[];
  /** The clock's instant until which this is known; `Infinity`: for as long as the feed tells of new marks. */
  until: number;
  /** The clock's instant at which the authority was last known to have told all; what `until` is infinite for is known as long as the feed is heard. */
  knownAt: number;
}

const mostNames = 10_000;
const mostEpochs = 4;
/** How long a look-up is believed without a feed, and how soon a failed one is tried again. */
const believedMs = 1000;
/** How long a look-up keeps its caller who can be answered without it. */
const patienceMs = 5;

/**
 * What a process knows of the marks on a region and its tags: outside any eviction, asked without I/O. Names that it does
 * not know are looked up in the authority, a whole batch at once.
 */
export class MarkBoard {
  readonly #table: MarkTable | undefined;
  readonly #clock: Clock;
  readonly #feed: ChangeFeed | undefined;
  readonly #maxStalenessMs: number;
  readonly #epochs = new Epochs();
  readonly #standing = new Map<string, Standing>();
  #heardChecked = 0;
  #silentAt: number | undefined;
  #any = false;
  readonly #latest = new LatestMarks();
  #ofRegion: Standing | undefined;

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

  /** Whether no mark covers the entry. For one that is newer than all marks no tag is looked up. */
  spares({ metadata }: CachedValue): boolean {
    return !this.#any || this.#latest.areBefore(metadata) || this.verdict(metadata) === undefined;
  }

  /** Whether a mark of any name is later than a creation of which nothing else is known, or may be. */
  mayCover(startedOrder: Order | undefined): boolean {
    if (!this.#any || startedOrder === undefined) return this.#any;
    const began = { startedOrder, startedAt: Number.NEGATIVE_INFINITY };
    const covers = (mark: Mark) => this.#epochs.covers(mark, began);
    for (const { counted, uncounted } of this.#standing.values())
      if (counted.some(covers) || uncounted.some(covers)) return true;
    return false;
  }

  /** Whether everything is known that a verdict on the entry needs. */
  knows(metadata: CacheMetadata): boolean {
    if (this.#table === undefined) return true;
    if (!this.#isKnown(regionMark)) return false;
    return metadata.tags === undefined || metadata.tags.every((tag) => this.#isKnown(tag));
  }

  /**
   * Looks up, in one round trip, what the verdicts on these entries need. Where the authority can't be asked, verdicts go
   * by what is known, and it is asked again after a second: entries that it hasn't confirmed are the chain's to bound. One that
   * takes its time is waited for if what is known is too old to be served by; else its answer counts when it comes.
   */
  learn(entries: readonly CachedValue[]): Awaitable<void> {
    const names = new Set(this.#isKnown(regionMark) ? [] : [regionMark]);
    for (const { metadata } of entries) for (const tag of metadata.tags ?? []) if (!this.#isKnown(tag)) names.add(tag);
    const table = this.#table;
    if (names.size === 0 || table === undefined) return;
    const asked = [...names];
    const now = this.#clock.now();
    const epoch = this.#liveEpoch();
    const settle = (marks: readonly (readonly Mark[])[] | undefined): void => {
      const lasting = marks !== undefined && this.#feed?.live === true;
      const until = lasting ? Number.POSITIVE_INFINITY : now + believedMs;
      // What the store answers within one epoch and has from another one is from before it.
      if (epoch !== undefined && epoch === this.#liveEpoch()) this.#epochs.older(marks ?? [], epoch);
      asked.forEach((name, index) => {
        const standing = this.#of(name);
        standing.until = until;
        if (marks !== undefined) standing.knownAt = now;
        this.apply(marks?.[index] ?? []);
      });
    };
    const found = attempt(
      () => table.lookup(asked),
      () => undefined,
    );
    if (!isPromiseLike(found) || !asked.every((name) => this.#isBearable(name))) return andThen(found, settle);
    return withDeadline(found, patienceMs, this.#clock, "looking up marks", settle).then(settle, () =>
      settle(undefined),
    );
  }

  /** Own marks, marks told by the feed, marks found: in any order, also twice. */
  apply(marks: readonly Mark[]): void {
    this.#epochs.heard(this.#feed?.position?.epoch);
    for (const mark of marks) {
      this.#any = true;
      this.#latest.note(mark);
      const { counted, uncounted } = this.#of(mark.name);
      if (mark.order === undefined) replaceLater(uncounted, mark, (other) => other.mode === mark.mode);
      else {
        const { epoch } = mark.order;
        replaceLater(counted, mark, (other) => other.mode === mark.mode && other.order?.epoch === epoch);
        if (counted.length > 2 * mostEpochs) counted.splice(0, 2);
        // Its stamp tells that this is our own mark, counted now, and no other process's.
        const own = uncounted.findIndex(({ mode, at }) => mode === mark.mode && at === mark.at);
        if (own >= 0) uncounted.splice(own, 1);
      }
    }
    if (this.#standing.size > mostNames) this.#fold();
  }

  /** The feed is not heard any more. */
  silent(): void {
    this.#silentAt ??= this.#feed?.heardAt;
  }

  /** It has gone on, and nothing was missed. */
  resumed(): void {
    this.#silentAt = undefined;
  }

  /** Marks may have been missed: everything is looked up again, but for own ones that are not counted yet. */
  forget(): void {
    const knownAt = this.#silentAt ?? this.#clock.now();
    this.#silentAt = undefined;
    for (const standing of this.#standing.values()) {
      if (standing.until === Number.POSITIVE_INFINITY) standing.knownAt = knownAt;
      standing.until = Number.NEGATIVE_INFINITY;
    }
  }

  /** Whether verdicts may go by what was known, for as long as the authority takes to tell. */
  #isBearable(name: string): boolean {
    const standing = this.#standing.get(name);
    if (standing === undefined || standing.until === Number.POSITIVE_INFINITY) return false;
    return this.#clock.now() - standing.knownAt <= this.#maxStalenessMs;
  }

  #covers(name: string, metadata: CacheMetadata): Mark["mode"] | undefined {
    const standing = this.#standing.get(name);
    if (standing === undefined) return undefined;
    let verdict: Mark["mode"] | undefined;
    for (const list of [standing.counted, standing.uncounted]) {
      for (const mark of list) {
        if (verdict === "soft" && mark.mode === "soft") continue;
        if (!this.#epochs.covers(mark, metadata)) continue;
        if (mark.mode === "hard") return "hard";
        verdict = "soft";
      }
    }
    return verdict;
  }

  /** The store's epoch, if the feed is in a position to know it. */
  #liveEpoch(): string | undefined {
    return this.#feed?.live ? this.#feed.position?.epoch : undefined;
  }

  #isKnown(name: string): boolean {
    // The region's own is asked for at every hit, and never forgotten.
    const standing = name === regionMark ? this.#ofRegion : this.#standing.get(name);
    if (standing === undefined) return false;
    const now = this.#clock.coarse();
    return standing.until === Number.POSITIVE_INFINITY ? this.#isHeard(now) : standing.until >= now;
  }

  #isHeard(now: number): boolean {
    if (this.#feed === undefined || now === this.#heardChecked) return true;
    if (now - this.#feed.heardAt > this.#maxStalenessMs) return false;
    this.#epochs.heard(this.#feed.position?.epoch);
    this.#heardChecked = now;
    return true;
  }

  #of(name: string): Standing {
    let standing = this.#standing.get(name);
    if (standing === undefined) {
      const until = this.#table === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      standing = { counted: [], uncounted: [], until, knownAt: Number.NEGATIVE_INFINITY };
      this.#standing.set(name, standing);
      if (name === regionMark) this.#ofRegion = standing;
    }
    return standing;
  }

  /** Too many names: with a table they can be asked again; else the older half becomes one mark on the region, which covers more, never less. */
  #fold(): void {
    const names = [...this.#standing.keys()].filter((name) => name !== regionMark).slice(0, mostNames / 2);
    for (const name of names) {
      const standing = this.#standing.get(name);
      this.#standing.delete(name);
      const lost =
        this.#table === undefined
          ? [...(standing?.counted ?? []), ...(standing?.uncounted ?? [])]
          : standing?.uncounted;
      for (const mark of lost ?? []) this.apply([{ ...mark, name: regionMark }]);
    }
  }
}

/** Keeps the later of `mark` and what is there of its kind. */
function replaceLater(list: Mark[], mark: Mark, isOfKind: (other: Mark) => boolean): void {
  const index = list.findIndex(isOfKind);
  const other = list[index];
  if (other === undefined) list.push(mark);
  else if ((mark.order?.seq ?? mark.at) > (other.order?.seq ?? other.at)) list[index] = mark;
}
