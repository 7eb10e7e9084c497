import {
  CachedValue,
  type Clock,
  type CreationFailure,
  type LeaseRequest,
  type Mark,
  NO_VALUE,
  type NoValue,
  type Order,
  UnavailableError,
  type WriteContext,
  type WriteOutcome,
} from "@cascata/core";
import { AuthorityData, type AuthoritySnapshot, isRejected } from "./authority-data.ts";
import { AuthorityLocks } from "./authority-locks.ts";
import { AuthorityLog, type LogBatch, type LogPosition } from "./authority-log.ts";
import type { AuthorityStoreOptions, ReadAnswer } from "./authority-options.ts";
import { AuthorityTickets } from "./authority-tickets.ts";
import { type Random, seededRandom } from "./random.ts";

/**
 * The authority itself, without any network: the executable specification of leases, tickets, revisions, orders, marks,
 * guards and the change log. Each method is one atomic step; the store counts every store, delete and mark.
 * {@link ReferenceAuthority} is its client. Tests also stop it, empty it, trim its log and promote a lagging replica.
 */
export class AuthorityStore {
  readonly clock: Clock;
  readonly #locks: AuthorityLocks;
  readonly log: AuthorityLog;
  readonly #random: Random;
  readonly #near: boolean;
  #epoch: string;
  #seq = 0;
  #down: string | undefined;
  readonly #tickets: AuthorityTickets;
  readonly #data: AuthorityData;

  constructor(options: AuthorityStoreOptions) {
    this.clock = options.clock;
    this.#tickets = new AuthorityTickets(options.clock);
    this.#data = new AuthorityData(options.clock);
    this.#locks = new AuthorityLocks(options.clock);
    this.log = new AuthorityLog(options.logLimit ?? 10_000);
    this.#random = options.random ?? seededRandom(Math.floor(Math.random() * 2 ** 32));
    this.#near = options.near ?? false;
    this.#epoch = this.#random.text(12);
  }

  /** The count so far. */
  get order(): Order {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /** Reads, and leases what is absent or rejected. */
  read(keys: readonly string[], lease?: LeaseRequest): readonly ReadAnswer[] {
    this.#up();
    const answered = new Set<string>();
    return keys.map((key) => {
      const found = this.#data.found(key);
      if (lease === undefined || answered.has(key) || !isRejected(found, lease.rejects?.get(key))) return { found };
      answered.add(key);
      return { found, lease: this.#tickets.lease(key, lease, this.order) };
    });
  }

  /**
   * Stores; with a ticket only those keys for which it stands, and with a lease's what that replaces is announced as
   * changed. Every key that is not refused takes the next order.
   */
  write(mapping: ReadonlyMap<string, CachedValue>, context: WriteContext = {}): ReadonlyMap<string, WriteOutcome> {
    this.#up();
    const outcomes = new Map<string, WriteOutcome>();
    const stored: string[] = [];
    const replaced: string[] = [];
    for (const [key, entry] of mapping) {
      if (context.ticket !== undefined && !this.#tickets.stands(key, context.ticket, this.#epoch)) {
        outcomes.set(key, { status: "refused", why: "ticket" });
        continue;
      }
      const isFill = context.ticket !== undefined && this.#tickets.holds(key, context.ticket);
      if (isFill && this.#data.found(key) !== NO_VALUE) replaced.push(key);
      outcomes.set(key, { status: "stored", revision: this.#store(key, entry, context.keepMs) });
      stored.push(key);
    }
    // A fill of an absent key changes nothing that anybody holds; one of a value that its creator has rejected does.
    this.#announce(context.ticket === undefined ? stored : replaced, context.sender);
    if (context.ticket !== undefined && stored.length > 0) this.log.append({ kind: "filled", keys: stored });
    return outcomes;
  }

  /** Deletes, and breaks leases and tickets, also of keys that are not there. */
  remove(keys: readonly string[], sender?: string): ReadonlyMap<string, WriteOutcome> {
    this.#up();
    const outcomes = new Map<string, WriteOutcome>();
    for (const key of new Set(keys)) {
      this.#data.remove(key);
      outcomes.set(key, { status: "stored", revision: this.#changed(key) });
    }
    this.#announce([...outcomes.keys()], sender);
    return outcomes;
  }

  /** Drops all entries and breaks all leases and tickets; marks stay. */
  clear(): void {
    this.#up();
    this.#data.removeAll();
    this.#seq += 1;
    this.#tickets.breakAll(this.#seq);
    this.log.append({ kind: "cleared" });
  }

  /** Each key's revision. */
  revisions(keys: readonly string[]): readonly (Order | NoValue)[] {
    return this.read(keys).map(
      ({ found }) => (found instanceof CachedValue ? found.metadata.revision : found) ?? NO_VALUE,
    );
  }

  /** Prolongs what the token holds. */
  renew(keys: readonly string[], token: string, ms: number): readonly boolean[] {
    this.#up();
    return keys.map((key) => this.#tickets.renew(key, token, ms));
  }

  /** Gives back what the token holds, and wakes who waits for it: with the failure, where there was one. */
  release(keys: readonly string[], token: string, failure?: CreationFailure): void {
    this.#up();
    const held = keys.filter((key) => this.#tickets.release(key, token));
    if (held.length > 0) this.log.append({ kind: "filled", keys: held, ...(failure !== undefined && { failure }) });
  }

  /** Tickets that stand until their key is stored or deleted by anybody. */
  tickets(keys: readonly string[]): readonly string[] {
    this.#up();
    return keys.map(() => this.#tickets.guard(this.order));
  }

  /** Writes a mark of each name, each with the next order. */
  mark(names: readonly string[], mode: Mark["mode"], at: number): readonly Mark[] {
    this.#up();
    const marks = names.map((name): Mark => {
      this.#seq += 1;
      const mark: Mark = { name, mode, at, order: this.order };
      this.#data.mark(mark);
      return mark;
    });
    if (marks.length > 0) this.log.append({ kind: "marked", marks });
    return marks;
  }

  /** The standing marks of each name. */
  marks(names: readonly string[]): readonly (readonly Mark[])[] {
    this.#up();
    return names.map((name) => this.#data.marksOf(name));
  }

  /** Locks the key for `owner`, not re-entrantly; `wait`: in its turn. */
  lock(key: string, owner: object, ms: number, wait: boolean): boolean | Promise<boolean> {
    this.#up();
    return this.#locks.take(key, owner, ms, wait);
  }

  /** Whether `owner` had it. */
  unlock(key: string, owner: object): boolean {
    this.#up();
    return this.#locks.give(key, owner);
  }

  isLocked(key: string): boolean {
    this.#up();
    return this.#locks.has(key);
  }

  /** The log from `position` on: at once if there is something, else with the next line or after `waitMs` with nothing. */
  async follow(position: LogPosition | undefined, waitMs: number): Promise<LogBatch> {
    this.#up();
    if (waitMs > 0 && position?.epoch === this.#epoch && position.line >= this.log.end) {
      const { done, stop } = this.log.wait();
      const timer = this.clock.schedule(stop, waitMs);
      await done.finally(() => timer.cancel());
      this.#up();
    }
    return this.log.batch(position, this.order);
  }

  /** From now on every step fails, and whoever waits is told. Data, leases and locks stay. */
  stop(why = "it is stopped"): void {
    this.#down = why;
    this.#locks.disconnect();
    this.log.disconnect();
  }

  /** Takes up work again with its data and log; `empty`: with nothing, in a new epoch. */
  start(options: { readonly empty?: boolean } = {}): void {
    this.#down = undefined;
    if (options.empty === true) this.#replace({ entries: new Map(), marks: new Map() });
  }

  /** A restart without persistence: nothing is left, and the epoch is a new one. */
  restartEmpty(): void {
    this.stop("it restarts");
    this.start({ empty: true });
  }

  /** What a replica has that gets nothing more from now on. */
  snapshot(): AuthoritySnapshot {
    return this.#data.snapshot();
  }

  /** A failover: what happened since the snapshot is lost. A new epoch, since its orders would name other things. */
  promote(snapshot: AuthoritySnapshot): void {
    this.stop("it fails over");
    this.start();
    this.#replace(snapshot);
  }

  #replace(state: AuthoritySnapshot): void {
    this.#data.restore(state);
    this.#tickets.breakAll(0);
    this.#locks.clear();
    this.#seq = 0;
    this.#epoch = this.#random.text(12);
    this.log.trim(0);
  }

  #up(): void {
    if (this.#down !== undefined) throw new UnavailableError("the authority", this.#down);
  }

  #store(key: string, entry: CachedValue, keepMs = Number.POSITIVE_INFINITY): Order {
    const order = this.#changed(key);
    const revision = (this.#near ? entry.metadata.revision : undefined) ?? order;
    this.#data.keep(key, entry, revision, keepMs);
    return revision;
  }

  /** Takes the next order for the key, and breaks its lease and its tickets. */
  #changed(key: string): Order {
    this.#seq += 1;
    this.#tickets.break(key, this.#seq);
    return this.order;
  }

  #announce(keys: readonly string[], sender: string | undefined): void {
    if (keys.length === 0) return;
    const notice = { keys, order: this.order, ...(sender !== undefined && { sender }) };
    this.log.append({ kind: "changed", notice });
  }
}
