import { type Awaitable, andThen } from "./awaitable.ts";
import type { CacheBackend } from "./backend.ts";
import { CachedValue, type CacheMetadata, type Found } from "./cached-value.ts";
import type { Mark } from "./capabilities.ts";
import type { Judge, ReadContext } from "./contexts.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { MarkBoard } from "./mark-board.ts";
import { NO_VALUE } from "./no-value.ts";
import { ProxyBackend } from "./proxy-backend.ts";

type Mode = Mark["mode"];

/** The marks of a region whose own invalidation is a strategy's: tags are judged as ever, and what the strategy said of an entry. */
export class StrategyBoard extends MarkBoard {
  readonly #said = new WeakMap<CacheMetadata, Mode>();

  say(metadata: CacheMetadata, mode: Mode): void {
    this.#said.set(metadata, mode);
  }

  override verdict(metadata: CacheMetadata): Mode | undefined {
    const marked = super.verdict(metadata);
    return marked === "hard" ? marked : (this.#said.get(metadata) ?? marked);
  }

  override spares(entry: CachedValue): boolean {
    return !this.#said.has(entry.metadata) && super.spares(entry);
  }
}

interface Covered {
  readonly startedAt: number;
  readonly createdAt: number;
  readonly mode: Mode;
}

const mostCovered = 10_000;

/**
 * Stands around all the tiers of a region with a strategy and asks it about what they answer, once for all keys of a
 * call. What is invalid goes up as a copy whose metadata the board knows, so that the region judges as it does by marks.
 */
export class StrategyProxy extends ProxyBackend {
  readonly #strategy: RegionInvalidationStrategy;
  readonly #board: StrategyBoard;
  readonly #givenKey: (key: string) => string;
  readonly #hasTiers: boolean;
  /** What is known to be invalid, so that a near tier's entry doesn't hide a farther one's. Bounded; forgetting costs a read. */
  readonly #covered = new Map<string, Covered>();

  /**
   * @param givenKey the caller's key of a key below the region's mangler
   * @param hasTiers whether there may be something behind an entry that is invalid
   */
  constructor(
    proxied: CacheBackend,
    strategy: RegionInvalidationStrategy,
    board: StrategyBoard,
    givenKey: (key: string) => string,
    hasTiers: boolean,
  ) {
    super(proxied);
    this.#strategy = strategy;
    this.#board = board;
    this.#givenKey = givenKey;
    this.#hasTiers = hasTiers;
  }

  override get(key: string, context?: ReadContext): Awaitable<Found> {
    return andThen(this.getMulti([key], context), ([found]) => found as Found);
  }

  override getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]> {
    // The whole read follows at once, and the strategy is asked once for both.
    if (context?.nearestOnly) return keys.map(() => NO_VALUE);
    return this.#read(keys, this.#within(context), this.#hasTiers);
  }

  #read(keys: readonly string[], context: ReadContext | undefined, mayReadOn: boolean): Awaitable<readonly Found[]> {
    const [only] = keys;
    const found: Awaitable<readonly Found[]> =
      keys.length === 1 && only !== undefined
        ? andThen(this.proxied.get(only, context), (one) => [one])
        : this.proxied.getMulti(keys, context);
    return andThen(found, (all) =>
      andThen(this.#judged(keys, all), (newly) => this.#answer(keys, all, newly, context, mayReadOn)),
    );
  }

  /** Asks the strategy and remembers; answers the indices of what is invalid and was not known to be. It may be asked anew at any time: a soft invalidation may be followed by a hard one. */
  #judged(keys: readonly string[], all: readonly Found[]): Awaitable<ReadonlySet<number>> {
    const asked: { readonly index: number; readonly key: string; readonly metadata: CacheMetadata }[] = [];
    all.forEach((one, index) => {
      const key = keys[index] as string;
      if (one instanceof CachedValue) asked.push({ index, key, metadata: one.metadata });
    });
    if (asked.length === 0) return new Set();
    const candidates = asked.map(({ key, metadata }) => ({ key: this.#givenKey(key), metadata }));
    return andThen(this.#strategy.verdicts(candidates), (modes) => {
      if (modes.length !== asked.length)
        throw new TypeError(`the invalidation strategy gave ${modes.length} verdicts on ${asked.length} entries`);
      const newly = new Set<number>();
      asked.forEach(({ index, key, metadata: { startedAt, createdAt } }, at) => {
        const mode = modes[at];
        if (mode !== undefined && this.#modeOf(key, all[index] as CachedValue) !== mode) newly.add(index);
        if (mode === undefined) this.#covered.delete(key);
        else this.#covered.set(key, { startedAt, createdAt, mode });
      });
      if (this.#covered.size > mostCovered) this.#covered.clear();
      return newly;
    });
  }

  #answer(
    keys: readonly string[],
    all: readonly Found[],
    newly: ReadonlySet<number>,
    context: ReadContext | undefined,
    mayReadOn: boolean,
  ): Awaitable<readonly Found[]> {
    const merged = all.map((one, index) => this.#marked(keys[index] as string, one));
    if (newly.size === 0 || !mayReadOn) return merged;
    // A nearer tier has answered with what turned out to be invalid: the farther ones may have what is not.
    const at = [...newly];
    const again = this.#read(
      at.map((index) => keys[index] as string),
      context,
      false,
    );
    return andThen(again, (answers) => {
      at.forEach((index, place) => {
        const answer = answers[place];
        if (answer instanceof CachedValue) merged[index] = answer;
      });
      return merged;
    });
  }

  #marked(key: string, one: Found): Found {
    if (!(one instanceof CachedValue)) return one;
    const mode = this.#modeOf(key, one);
    if (mode === undefined) return one;
    const copy = new CachedValue(one.payload, { ...one.metadata }, one.residence);
    this.#board.say(copy.metadata, mode);
    return copy;
  }

  #modeOf(key: string, { metadata }: CachedValue): Mode | undefined {
    const known = this.#covered.get(key);
    return known?.startedAt === metadata.startedAt && known.createdAt === metadata.createdAt ? known.mode : undefined;
  }

  #within(context: ReadContext | undefined): ReadContext | undefined {
    const judge = context?.judge;
    if (judge === undefined) return context;
    const aware: Judge = (key, entry) => {
      const mode = this.#modeOf(key, entry);
      if (mode === undefined) return judge(key, entry);
      const judgement = judge(key, entry);
      return mode === "hard" || judgement === "absent" ? "absent" : "stale";
    };
    return { ...context, judge: aware };
  }
}
