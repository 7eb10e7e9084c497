import { type Awaitable, andThen, isPromiseLike } from "./awaitable.ts";
import type { CacheBackend } from "./backend.ts";
import { CachedValue, compareOrders, type Found, ReadFailure } from "./cached-value.ts";
import type { Clock } from "./clock.ts";
import { withDeadline } from "./deadline.ts";
import type { NearTier } from "./near-tier.ts";
import { isNoValue } from "./no-value.ts";
import { askForKeys } from "./read-keys.ts";

/** `different`: the near copy is dropped, and the key has to be read anew. */
export type Verdict = "same" | "different" | ReadFailure;

const patienceMs = 5;

/**
 * Asks the authority whether near entries still are what it has: by revision, a whole batch in one round trip. What is the
 * same is believed again, what is not is dropped; where the authority can't be read, nothing changes.
 */
export class Revalidation {
  readonly #near: NearTier;
  readonly #far: CacheBackend;
  readonly #clock: Clock;

  constructor(near: NearTier, far: CacheBackend, clock: Clock) {
    this.#near = near;
    this.#far = far;
    this.#clock = clock;
  }

  /**
   * The same for callers who can be served what is in doubt. They are kept for some milliseconds, more than an authority that
   * is well needs: then nothing is answered, the authority is suspect, and what it says later counts for who comes later.
   */
  confirmSoon(entries: ReadonlyMap<string, CachedValue>): Awaitable<ReadonlyMap<string, Verdict> | undefined> {
    const verdicts = this.confirm(entries);
    if (!isPromiseLike(verdicts)) return verdicts;
    return withDeadline(verdicts, patienceMs, this.#clock, "confirming near entries").catch(() => {
      this.#near.confidence.failed();
      return undefined;
    });
  }

  confirm(entries: ReadonlyMap<string, CachedValue>): Awaitable<ReadonlyMap<string, Verdict>> {
    const keys = [...entries.keys()];
    return andThen(this.#near.ticket(keys), (ticket) =>
      andThen(
        askForKeys(this.#far, keys, () => this.#ask(keys, entries)),
        (answers) => {
          const stand = keys.map((key) => this.#near.stands(key, ticket));
          this.#near.giveBack(ticket);
          const verdicts = new Map<string, Verdict>();
          answers.forEach((answer, index) => {
            const key = keys[index] as string;
            const entry = entries.get(key) as CachedValue;
            verdicts.set(key, this.#settle(key, entry, answer, stand[index] as boolean, ticket.guards?.[index]));
          });
          return verdicts;
        },
      ),
    );
  }

  #ask(keys: readonly string[], entries: ReadonlyMap<string, CachedValue>): Awaitable<readonly Found[]> {
    if (this.#far.revisions === undefined) return this.#far.getMulti(keys);
    return andThen(this.#far.revisions(keys), (revisions) =>
      revisions.map((revision, index) => {
        if (revision instanceof ReadFailure || isNoValue(revision)) return revision;
        const { metadata } = entries.get(keys[index] as string) as CachedValue;
        return new CachedValue(undefined, { ...metadata, revision });
      }),
    );
  }

  #settle(key: string, entry: CachedValue, answer: Found, stands: boolean, guard: string | undefined): Verdict {
    if (answer instanceof ReadFailure) {
      this.#near.confidence.failed();
      return answer;
    }
    this.#near.confidence.answered();
    if (!stands) return "different";
    if (answer instanceof CachedValue && isSameEntry(answer, entry)) {
      this.#near.remember(key, entry, guard);
      return "same";
    }
    this.#near.quietly(this.#near.drop(key));
    return "different";
  }
}

function isSameEntry(a: CachedValue, b: CachedValue): boolean {
  const difference = compareOrders(a.metadata.revision, b.metadata.revision);
  if (difference !== undefined) return difference === 0;
  if (a.metadata.revision !== undefined || b.metadata.revision !== undefined) return false;
  return a.metadata.startedAt === b.metadata.startedAt && a.metadata.createdAt === b.metadata.createdAt;
}
