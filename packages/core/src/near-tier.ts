import { type Awaitable, andThen, attempt, isPromiseLike } from "./awaitable.ts";
import type { CacheBackend } from "./backend.ts";
import { CachedValue, compareOrders, type Found, type Order } from "./cached-value.ts";
import type { Clock } from "./clock.ts";
import type { Confidence } from "./confidence.ts";
import type { WriteContext, WriteOutcome } from "./contexts.ts";
import { asCacheError } from "./errors.ts";
import { Fences, type FenceTicket } from "./fences.ts";
import { TransientMap } from "./transient-map.ts";

/** What a read of the farther tier takes along, so that it fills this one only with what nothing has happened to meanwhile. */
export interface FillTicket {
  readonly fence: FenceTicket;
  /** Of the tier itself, where several processes share it: one for each key. */
  readonly guards: readonly string[] | undefined;
}

/** A ticket that no tier has ever given. */
const neverStands = "none";

/** The near half of a read-through tier: a backend, and what guards it against being filled or read wrongly. */
export class NearTier {
  readonly backend: CacheBackend;
  readonly confidence: Confidence;
  readonly #clock: Clock;
  readonly #capMs: number;
  readonly #fences = new Fences();
  /** Keys in transition, counted: neither read nor filled. */
  readonly #masks = new TransientMap<string, number>();

  constructor(backend: CacheBackend, confidence: Confidence, clock: Clock, capMs: number) {
    this.backend = backend;
    this.confidence = confidence;
    this.#clock = clock;
    this.#capMs = capMs;
  }

  /** Whether an entry found here may be served without asking further. */
  confirms(key: string, entry: CachedValue): boolean {
    return !this.isMasked(key) && this.confidence.trusts(entry) && !this.isPastCap(entry);
  }

  /** An entry past the tier's cap is within its life, but the next tier has to be asked. */
  isPastCap(entry: CachedValue): boolean {
    const storedAt = entry.residence?.storedAt;
    return (
      this.#capMs !== Number.POSITIVE_INFINITY &&
      storedAt !== undefined &&
      this.#clock.coarse() - storedAt > this.#capMs
    );
  }

  isMasked(key: string): boolean {
    return this.#masks.size !== 0 && this.#masks.has(key);
  }

  /** With the tier's own tickets, where it has them: taken before the farther tier is asked, or written. */
  ticket(keys: readonly string[]): Awaitable<FillTicket> {
    const fence = this.#fences.take();
    const { guards } = this.backend;
    if (guards === undefined) return { fence, guards };
    // A near tier that fails keeps nobody from the farther one: it is not filled.
    const given = attempt<readonly string[], readonly string[]>(
      () => guards.tickets(keys),
      () => [],
    );
    return andThen(given, (all) => ({ fence, guards: keys.map((_, index) => all[index] ?? neverStands) }));
  }

  /** Whether nothing has happened to the key; to be asked before the ticket is given back. */
  stands(key: string, ticket: FillTicket): boolean {
    return this.#fences.stands(key, ticket.fence) && !this.isMasked(key);
  }

  giveBack(ticket: FillTicket): void {
    this.#fences.giveBack(ticket.fence);
  }

  /** Breaks what is under way for the key: what left before now must not arrive here. */
  break(key: string): void {
    this.#fences.break(key);
  }

  breakAll(): void {
    this.#fences.breakAll();
  }

  mask(keys: readonly string[]): void {
    for (const key of keys) {
      this.#fences.break(key);
      this.#masks.set(key, (this.#masks.get(key) ?? 0) + 1);
    }
  }

  unmask(keys: readonly string[]): void {
    for (const key of keys) {
      const count = (this.#masks.get(key) ?? 1) - 1;
      if (count === 0) this.#masks.delete(key);
      else this.#masks.set(key, count);
    }
  }

  /** Keeps what a farther tier has answered or taken, unless something newer is here. Failures are reported by the tier, and the answer is not delayed. */
  fill(key: string, entry: CachedValue, guard?: string, keepMs?: number): Awaitable<WriteOutcome | void> {
    if (this.#hasNewer(key, entry.metadata.revision)) return { status: "refused", why: "newer" };
    return this.put(key, this.confidence.taken(entry), guard, keepMs);
  }

  /** The same for a batch: in one multi-write, unless the tier keeps the very objects: making a Map of them takes as long. */
  fillMulti(keys: readonly string[], entries: readonly (CachedValue | undefined)[], guards?: readonly string[]): void {
    if (this.backend.byReference) {
      for (let at = 0; at < keys.length; at += 1) {
        const entry = entries[at];
        if (entry !== undefined) this.quietly(this.fill(keys[at] as string, entry, guards?.[at]));
      }
      return;
    }
    for (let at = 0; at < keys.length; ) {
      // Tickets of one moment are mostly one and the same: a write carries one of them.
      const guard = guards?.[at];
      const group = new Map<string, CachedValue>();
      for (; at < keys.length && guards?.[at] === guard; at += 1) {
        const entry = entries[at];
        if (entry === undefined || this.#hasNewer(keys[at] as string, entry.metadata.revision)) continue;
        group.set(keys[at] as string, this.confidence.taken(entry));
      }
      if (group.size > 0) this.quietly(this.#attempt(() => this.backend.setMulti(group, this.#writeContext(guard))));
    }
  }

  put(key: string, entry: CachedValue, guard?: string, keepMs?: number): Awaitable<WriteOutcome | void> {
    return this.#attempt(() => this.backend.set(key, entry, this.#writeContext(guard, keepMs)));
  }

  /** The entry that is here has just been confirmed. */
  remember(key: string, entry: CachedValue, guard: string | undefined): void {
    // Only a tier that gives an entry's residence back can remember it.
    if (this.backend.keepsResidence) this.quietly(this.put(key, this.confidence.confirmed(entry), guard));
  }

  drop(key: string): Awaitable<WriteOutcome | void> {
    return this.#attempt(() => this.backend.delete(key));
  }

  dropMulti(keys: readonly string[]): Awaitable<unknown> {
    return this.#attempt(() => this.backend.deleteMulti(keys));
  }

  /** Drops what is older than `order`; what cannot be compared is older. */
  dropOlder(keys: readonly string[], order: Order | undefined): Awaitable<unknown> {
    const older = order === undefined ? keys : keys.filter((key) => !this.#hasNewer(key, order));
    return older.length === 0 ? undefined : this.dropMulti(older);
  }

  /** Whether what is here is the very entry that was put; `undefined`: a tier that takes its time can't tell. */
  holds(key: string, entry: CachedValue): boolean | undefined {
    const found = this.#now(key);
    if (found === undefined) return undefined;
    return (
      found instanceof CachedValue &&
      found.metadata.startedAt === entry.metadata.startedAt &&
      found.metadata.createdAt === entry.metadata.createdAt
    );
  }

  /** Waits for nobody: a near tier's own failure concerns no answer. */
  quietly(work: Awaitable<unknown>): void {
    if (isPromiseLike(work)) work.then(undefined, () => undefined);
  }

  #hasNewer(key: string, revision: Order | undefined): boolean {
    if (revision === undefined || this.backend.remote) return false;
    const now = this.#now(key);
    const difference = compareOrders(now instanceof CachedValue ? now.metadata.revision : undefined, revision);
    return difference !== undefined && difference >= 0;
  }

  /** What is here, if that can be known at once. */
  #now(key: string): Found | undefined {
    try {
      const found: Awaitable<Found> = this.backend.get(key);
      if (!isPromiseLike(found)) return found;
      this.quietly(found);
    } catch {
      // A tier that fails can't tell either.
    }
    return undefined;
  }

  #writeContext(guard?: string, keep?: number): WriteContext | undefined {
    // A tier that keeps residence remembers when an entry came; another one has to forget it by itself.
    const capMs = this.backend.keepsResidence ? Number.POSITIVE_INFINITY : this.#capMs;
    const keepMs = Math.min(keep ?? Number.POSITIVE_INFINITY, capMs);
    if (keepMs === Number.POSITIVE_INFINITY) return guard === undefined ? undefined : { ticket: guard };
    return guard === undefined ? { keepMs } : { keepMs, ticket: guard };
  }

  #attempt<T>(run: () => Awaitable<T>): Awaitable<T | { status: "failed"; error: Error }> {
    const fail = (error: unknown) =>
      ({ status: "failed", error: asCacheError(error, this.backend.name, "write", 1) }) as const;
    try {
      const result = run();
      return isPromiseLike(result) ? result.then((value) => value, fail) : result;
    } catch (error) {
      return fail(error);
    }
  }
}
