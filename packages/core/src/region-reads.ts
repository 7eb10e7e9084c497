import type { Answers } from "./answers.ts";
import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import { CachedValue, type Found, ReadFailure } from "./cached-value.ts";
import type { ResolvedReadOptions } from "./call-options.ts";
import type { Judge, ReadContext } from "./contexts.ts";
import type { CacheError } from "./errors.ts";
import { isNoValue, NO_VALUE, type NoValue } from "./no-value.ts";
import type { PendingDelete } from "./pending-deletes.ts";
import { readKey, readKeys, readLater } from "./read-keys.ts";
import type { RegionState } from "./region-state.ts";
import { settledRead } from "./settled-read.ts";
import type { Sightings } from "./sightings.ts";

/** The reading half of a region: what the tiers have, judged. */
export class RegionReads {
  readonly #state: RegionState;
  readonly #answers: Answers;
  /** For plain reads, so that they make none. */
  readonly #context: ReadContext;
  readonly #nearContext: ReadContext;
  readonly #hitsAtOnce: boolean;

  constructor(state: RegionState, answers: Answers) {
    this.#state = state;
    this.#answers = answers;
    this.#hitsAtOnce = state.hasNearTier && state.backend.byReference;
    this.#context = { judge: state.freshness.judge };
    this.#nearContext = { judge: state.freshness.judge, nearestOnly: true };
  }

  /** A fresh entry of the nearest tier, at once; NO_VALUE if it has none; `undefined` if what it has can't be served so. */
  near(key: string): CachedValue | NoValue | undefined {
    if (!this.#state.hasNearTier) return undefined;
    const found = this.#state.backend.get(key, this.#nearContext);
    if (found instanceof CachedValue) return this.#isFresh(key, found) ? found : undefined;
    if (isNoValue(found)) return found;
    if (isPromiseLike(found)) found.then(undefined, () => undefined);
    return undefined;
  }

  nearMulti(keys: readonly string[]): readonly (CachedValue | undefined)[] {
    if (!this.#state.hasNearTier) return keys.map(() => undefined);
    const found = this.#state.backend.getMulti(keys, this.#nearContext);
    if (isPromiseLike(found)) {
      found.then(undefined, () => undefined);
      return keys.map(() => undefined);
    }
    return found.map((one, index) =>
      one instanceof CachedValue && this.#isFresh(keys[index] as string, one) ? one : undefined,
    );
  }

  /** Fresh entries of the nearest tier for all the keys, at once, or nothing if one of them is lacking. */
  hits(keys: readonly string[]): readonly CachedValue[] | undefined {
    // Worth a try where a read is a look-up in this process's memory; the first key and the last tell most cold batches.
    if (!this.#hitsAtOnce || !this.#isNear(keys[0]) || !this.#isNear(keys.at(-1))) return undefined;
    const found = this.#state.backend.getMulti(keys, this.#nearContext);
    if (isPromiseLike(found)) {
      found.then(undefined, () => undefined);
      return undefined;
    }
    if (found.length !== keys.length) return undefined;
    for (let at = 0; at < found.length; at += 1) {
      const one = found[at];
      if (!(one instanceof CachedValue) || !this.#isFresh(keys[at] as string, one)) return undefined;
    }
    return found as readonly CachedValue[];
  }

  #isNear(key: string | undefined): boolean {
    return key !== undefined && this.near(key) instanceof CachedValue;
  }

  /** Fresh, or NO_VALUE. A fresh memory hit is answered at once. */
  get(key: string, givenKey: string): Awaitable<CachedValue | NoValue> {
    if (this.#state.events.observesHits) return this.#getTold(key, givenKey);
    const hidden = this.#hidden(key);
    const found = this.#state.backend.get(key, this.#context);
    if (found instanceof CachedValue && this.#isFresh(key, found)) return found;
    return this.#getFurther(key, givenKey, found, hidden);
  }

  /** The same where somebody wants to know which tier answers. */
  #getTold(key: string, givenKey: string): Awaitable<CachedValue | NoValue> {
    const near = this.near(key);
    if (!(near instanceof CachedValue)) return this.getWith(key, givenKey, plain);
    this.#state.events.hit(givenKey, this.#state.nearName);
    return near;
  }

  #getFurther(
    key: string,
    givenKey: string,
    found: Awaitable<Found>,
    hidden: PendingDelete | undefined,
  ): Awaitable<CachedValue | NoValue> {
    const { backend, freshness } = this.#state;
    const read = isPromiseLike(found) ? readLater(backend, found) : found;
    return andThen(this.#learned(read), (one) =>
      this.#isOverdue(key, hidden)
        ? this.get(key, givenKey)
        : this.#verdict(key, givenKey, one, freshness.judge, undefined),
    );
  }

  getWith(
    key: string,
    givenKey: string,
    { ignoreExpiration, expirationMs, skip }: ResolvedReadOptions,
    sightings: Sightings | undefined = this.#answers.sightingsIfTold(),
  ): Awaitable<CachedValue | NoValue> {
    const { backend, freshness } = this.#state;
    const judge = ignoreExpiration ? freshness.anyAge : freshness.judgeWith(expirationMs);
    const hidden = this.#hidden(key);
    const found = readKey(backend, key, contextOf(judge, skip, sightings));
    return andThen(this.#learned(found), (one) =>
      this.#isOverdue(key, hidden)
        ? this.getWith(key, givenKey, { ignoreExpiration, expirationMs, skip }, sightings)
        : this.#verdict(key, givenKey, one, judge, sightings),
    );
  }

  /** Aligned with the keys; failures in their places. */
  getMulti(
    keys: readonly string[],
    givenKeys: readonly string[],
    options: ResolvedReadOptions | undefined,
  ): Awaitable<readonly (CachedValue | NoValue | CacheError)[]> {
    const { backend, freshness, marks } = this.#state;
    const judge = options?.ignoreExpiration ? freshness.anyAge : freshness.judgeWith(options?.expirationMs);
    const sightings = this.#answers.sightingsIfTold();
    const isPlain = options === undefined && sightings === undefined;
    const context = isPlain ? this.#context : contextOf(judge, options?.skip, sightings);
    const read = (wanted: readonly string[]) =>
      andThen(readKeys(backend, wanted, context), (all) => {
        const unknown: CachedValue[] = [];
        for (const one of all) if (one instanceof CachedValue && !marks.knows(one.metadata)) unknown.push(one);
        return unknown.length === 0 ? all : andThen(marks.learn(unknown), () => all);
      });
    return andThen(settledRead(keys, this.#state.pending, read), (all) => {
      const verdicts = new Array<CachedValue | NoValue | CacheError>(all.length);
      for (let at = 0; at < all.length; at += 1) {
        try {
          verdicts[at] = this.#verdict(keys[at] as string, givenKeys[at] as string, all[at] as Found, judge, sightings);
        } catch (error) {
          verdicts[at] = error as CacheError;
        }
      }
      return verdicts;
    });
  }

  #isFresh(key: string, entry: CachedValue): boolean {
    return this.#state.freshness.isFresh(key, entry) && this.#state.marks.knows(entry.metadata);
  }

  #hidden(key: string): PendingDelete | undefined {
    const { pending } = this.#state;
    return pending.size === 0 ? undefined : pending.get(key);
  }

  /** A delete that hid the key when the read began was confirmed meanwhile: see {@link settledRead}. */
  #isOverdue(key: string, hidden: PendingDelete | undefined): boolean {
    return hidden !== undefined && this.#state.pending.get(key) !== hidden;
  }

  #learned(found: Awaitable<Found>): Awaitable<Found> {
    const { marks } = this.#state;
    return andThen(found, (one) =>
      one instanceof CachedValue && !marks.knows(one.metadata) ? andThen(marks.learn([one]), () => one) : one,
    );
  }

  /** @throws CacheError if no tier could be read and nothing near may be served */
  #verdict(
    key: string,
    givenKey: string,
    found: Found,
    judge: Judge,
    sightings: Sightings | undefined,
  ): CachedValue | NoValue {
    const { events, freshness } = this.#state;
    if (found instanceof ReadFailure) {
      events.emit("tierFailed", { tier: found.tier, operation: "read", key: givenKey, error: found.error });
      const { candidate } = found;
      if (candidate !== undefined && judge(key, candidate) === "fresh" && freshness.graceMs(candidate) > 0) {
        events.emit("stale", { key: givenKey, reason: "unconfirmed" });
        if (sightings !== undefined) events.served(givenKey, "stale", sightings.tierOf(key, candidate));
        return candidate;
      }
      events.emit("miss", { key: givenKey, reason: "failed" });
      throw found.error;
    }
    if (found instanceof CachedValue && judge(key, found) === "fresh") {
      if (sightings !== undefined) events.hit(givenKey, sightings.tierOf(key, found));
      return found;
    }
    if (events.observes("miss")) {
      const reason = found instanceof CachedValue ? (freshness.why(key, found) ?? "expired") : "absent";
      events.emit("miss", { key: givenKey, reason });
    }
    return NO_VALUE;
  }
}

const plain: ResolvedReadOptions = { ignoreExpiration: false, expirationMs: undefined, skip: undefined };

function contextOf(judge: Judge, skip: ResolvedReadOptions["skip"], sightings: Sightings | undefined): ReadContext {
  return { judge, ...(skip !== undefined && { skip }), ...(sightings !== undefined && { observe: sightings.observe }) };
}
