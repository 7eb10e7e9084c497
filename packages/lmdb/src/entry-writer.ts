import {
  asCacheError,
  type CachedValue,
  compareOrders,
  isEntryRefused,
  type Order,
  type Wire,
  type WriteContext,
  type WriteOutcome,
} from "@cascata/core";
import { entryKey } from "./entry-key.ts";
import { revisionIn } from "./entry-reader.ts";
import { putEntry, removeEntry } from "./entry-table.ts";
import { breakLease, holdsLease } from "./leases.ts";
import { announce, breakTickets, guardStands, isGuardTicket, nextOrder } from "./ledger.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import { inParts, type Prepared, pagesFor, prepareEntry } from "./prepared-entry.ts";
import { decodeHead } from "./record.ts";
import { FullError } from "./room.ts";
import { orderOf, type SharedState } from "./state.ts";
import type { TierClock } from "./tier-clock.ts";
import type { Trees } from "./trees.ts";
import type { TrustMemory } from "./trust-memory.ts";

type Outcomes = Map<string, WriteOutcome>;

/** What a writer works with. */
export interface WriterParts {
  readonly name: string;
  readonly wire: Wire;
  readonly clock: TierClock;
  readonly trust: TrustMemory;
  /** Told when there was no room. */
  readonly full: (error: Error) => void;
}

const refusedTicket: WriteOutcome = Object.freeze({ status: "refused", why: "ticket" });
const refusedNewer: WriteOutcome = Object.freeze({ status: "refused", why: "newer" });
const refusedLarge: WriteOutcome = Object.freeze({ status: "refused", why: "too-large" });
const refusedFull: WriteOutcome = Object.freeze({ status: "refused", why: "full" });

/**
 * Writes entries: value, indexes, order, tickets, leases and notice in one transaction.
 *
 *  - Whatever is stored takes the next order and breaks leases and tickets of its key, as a delete does.
 *  - Where this tier is the near half of a read-through tier, an entry keeps the revision of the farther authority, and
 *    never replaces a newer one of that authority.
 *  - What is refused because it is too large, or because there is no room, doesn't leave its predecessor standing.
 */
export class EntryWriter {
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** A payload that can't be stored fails its own key alone; the rest of the batch is one transaction. */
  store(
    file: LmdbFile,
    mapping: Iterable<readonly [string, CachedValue]>,
    context: WriteContext | undefined,
  ): Outcomes {
    const outcomes: Outcomes = new Map();
    const prepared: Prepared[] = [];
    const tooLarge: string[] = [];
    for (const [key, entry] of mapping) {
      const confirmed = this.#confirmed(file, key, entry, context);
      if (confirmed !== undefined) {
        outcomes.set(key, confirmed);
        continue;
      }
      try {
        prepared.push(prepareEntry(this.#parts, file.epoch, key, entry, context));
      } catch (error) {
        if (isEntryRefused(error)) tooLarge.push(key);
        else outcomes.set(key, { status: "failed", error: asCacheError(error, this.#parts.name, "encode", 1) });
      }
    }
    for (const part of inParts(prepared, file.room.pagesAtOnce)) this.#commit(file, part, context, outcomes);
    this.#refuse(file, tooLarge, refusedLarge, context, outcomes);
    return outcomes;
  }

  remove(file: LmdbFile, keys: readonly string[], sender: string | undefined): Outcomes {
    const outcomes: Outcomes = new Map();
    if (keys.length === 0) return outcomes;
    file.write(14 + 6 * keys.length, "must", (state) => {
      for (const key of keys) {
        if (outcomes.has(key)) continue;
        const place = entryKey(key);
        removeEntry(file.trees, place);
        outcomes.set(key, { status: "stored", revision: this.#changed(file.trees, state, place) });
      }
      announce(file.trees, state, { keys: [...outcomes.keys()], ...(sender !== undefined && { sender }) });
    });
    return outcomes;
  }

  /**
   * A read-through tier puts an entry again when the farther tier has confirmed it. It stands here already, so only the
   * trust in it is new, and that stays in this process.
   */
  #confirmed(
    file: LmdbFile,
    key: string,
    entry: CachedValue,
    context: WriteContext | undefined,
  ): WriteOutcome | undefined {
    const { revision } = entry.metadata;
    if (revision === undefined || entry.residence?.trust === undefined || context?.keepMs !== undefined)
      return undefined;
    const present = file.trees.entries.getBinaryFast(entryKey(key));
    const head = present && decodeHead(present);
    if (present === undefined || head === undefined || head.expiresAt <= this.#parts.clock.now()) return undefined;
    if (compareOrders(revisionIn(present), revision) !== 0) return undefined;
    this.#parts.trust.keep(head.slot, entry.residence.trust);
    return { status: "stored", revision };
  }

  #commit(file: LmdbFile, part: readonly Prepared[], context: WriteContext | undefined, outcomes: Outcomes): void {
    const { trees } = file;
    const done: [string, WriteOutcome, number, object | undefined][] = [];
    try {
      file.write(pagesFor(part), "store", (state) => {
        const standing = part.filter((one) => {
          const refusal = this.#refusal(trees, state, one, context?.ticket);
          if (refusal !== undefined) done.push([one.key, refusal, 0, undefined]);
          return refusal === undefined;
        });
        const replaced = this.#replaced(trees, standing, context?.ticket);
        for (const one of standing) {
          const revision = this.#put(trees, state, one, context?.ticket);
          done.push([one.key, { status: "stored", revision }, state.seq, one.trust]);
        }
        this.#announce(trees, state, { stored: standing, replaced }, context);
      });
    } catch (error) {
      if (!(error instanceof FullError)) throw error;
      this.#parts.full(error);
      const keys = part.map(({ key }) => key);
      this.#refuse(file, keys, refusedFull, context, outcomes);
      return;
    }
    for (const [key, outcome, slot, trust] of done) {
      outcomes.set(key, outcome);
      if (outcome.status === "stored") this.#parts.trust.keep(slot, trust);
    }
  }

  #refusal(trees: Trees, state: SharedState, one: Prepared, ticket: string | undefined): WriteOutcome | undefined {
    const present = trees.entries.getBinaryFast(one.place);
    const head = present && decodeHead(present);
    const difference =
      one.revision === undefined || present === undefined
        ? undefined
        : compareOrders(revisionIn(present), one.revision);
    if (ticket !== undefined) {
      const stands = isGuardTicket(ticket)
        ? guardStands(trees, state, one.place, ticket, head?.slot ?? 0)
        : holdsLease(trees, one.place, ticket, this.#parts.clock.now());
      if (!stands) return refusedTicket;
    }
    return difference !== undefined && difference > 0 ? refusedNewer : undefined;
  }

  #put(trees: Trees, state: SharedState, one: Prepared, ticket: string | undefined): Order {
    const former = trees.entries.getBinaryFast(one.place);
    const formerHead = former && decodeHead(former);
    if (ticket !== undefined && isGuardTicket(ticket)) {
      nextOrder(state);
      breakLease(trees, one.place);
    } else {
      this.#changed(trees, state, one.place);
    }
    const order = orderOf(state);
    if (one.wire === undefined) {
      if (formerHead !== undefined) removeEntry(trees, one.place);
      return order;
    }
    const { wire, revision, storedAt, expiresAt } = one;
    const head = { slot: order.seq, expiresAt, storedAt, length: wire.length };
    putEntry(trees, one.place, { head, wire, revision: revision === undefined ? order : undefined }, formerHead);
    return one.revision ?? order;
  }

  /** The next order, and nobody's lease or ticket of the key stands any longer. */
  #changed(trees: Trees, state: SharedState, place: Buffer): Order {
    const order = nextOrder(state);
    breakLease(trees, place);
    breakTickets(trees, state, place);
    return order;
  }

  /** What a fill under a lease finds in its place: its holder has rejected it, and others may still hold it. */
  #replaced(trees: Trees, standing: readonly Prepared[], ticket: string | undefined): readonly string[] {
    if (ticket === undefined || isGuardTicket(ticket)) return [];
    const now = this.#parts.clock.now();
    const isThere = ({ place }: Prepared): boolean => {
      const present = trees.entries.getBinaryFast(place);
      const head = present && decodeHead(present);
      return head !== undefined && head.expiresAt > now;
    };
    return standing.filter(isThere).map(({ key }) => key);
  }

  #announce(
    trees: Trees,
    state: SharedState,
    { stored, replaced }: { readonly stored: readonly Prepared[]; readonly replaced: readonly string[] },
    { ticket, sender }: WriteContext = {},
  ): void {
    if (stored.length === 0) return;
    const keys = stored.map(({ key }) => key);
    const from = sender === undefined ? undefined : { sender };
    if (ticket === undefined) announce(trees, state, { keys, ...from });
    else if (isGuardTicket(ticket)) return;
    else announce(trees, state, replaced.length === 0 ? { filled: keys } : { keys: replaced, filled: keys, ...from });
  }

  #refuse(
    file: LmdbFile,
    keys: readonly string[],
    why: WriteOutcome,
    context: WriteContext | undefined,
    outcomes: Outcomes,
  ): void {
    const ticket = context?.ticket;
    const isPresent = (key: string) => file.trees.entries.getBinaryFast(entryKey(key)) !== undefined;
    if (ticket === undefined) this.remove(file, keys, context?.sender);
    else if (isGuardTicket(ticket)) this.remove(file, keys.filter(isPresent), context?.sender);
    for (const key of keys) outcomes.set(key, why);
  }
}
