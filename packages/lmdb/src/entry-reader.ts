import {
  CachedValue,
  compareOrders,
  type Found,
  isNoValue,
  type LeaseRequest,
  NO_VALUE,
  type NoValue,
  type Order,
  Wire,
} from "@cascata/core";
import { entryKey } from "./entry-key.ts";
import { readWire } from "./entry-table.ts";
import { takeLease } from "./leases.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import { decodeHead, recordHeadBytes } from "./record.ts";
import type { TierClock } from "./tier-clock.ts";
import type { TrustMemory } from "./trust-memory.ts";

/** Reads entries. A read changes nothing in the file; only one that asks for a lease writes, and only the lease. */
export class EntryReader {
  readonly #wire: Wire;
  readonly #clock: TierClock;
  readonly #trust: TrustMemory;
  readonly #corrupt: (key: string, error: unknown) => void;

  constructor(wire: Wire, clock: TierClock, trust: TrustMemory, corrupt: (key: string, error: unknown) => void) {
    this.#wire = wire;
    this.#clock = clock;
    this.#trust = trust;
    this.#corrupt = corrupt;
  }

  find(file: LmdbFile, key: string): Found {
    file.freshen();
    return this.#find(file, key);
  }

  findMulti(file: LmdbFile, keys: readonly string[]): readonly Found[] {
    file.freshen();
    return keys.map((key) => this.#find(file, key));
  }

  /** Reads, and leases what is absent or rejected, in one transaction if there is such a key at all. */
  lease(file: LmdbFile, keys: readonly string[], request: LeaseRequest): readonly Found[] {
    file.refresh();
    const found = keys.map((key) => this.#find(file, key));
    if (found.every((one, index) => !isRejected(one, request.rejects?.get(keys[index] as string)))) return found;
    const answers = file.write(12 + 3 * keys.length, "must", (state) => {
      const now = this.#clock.now();
      const leased = new Map<string, () => void>();
      const again = keys.map((key) => {
        const one = this.#find(file, key);
        if (!leased.has(key) && isRejected(one, request.rejects?.get(key))) {
          const answer = takeLease(file.trees, state, entryKey(key), request, now);
          leased.set(key, () => request.answer(key, answer));
        }
        return one;
      });
      return { again, leased };
    });
    // Told only now: an answer that is thrown in the middle of the transaction would undo it.
    for (const tell of answers.leased.values()) tell();
    return answers.again;
  }

  revisions(file: LmdbFile, keys: readonly string[]): readonly (Order | NoValue)[] {
    file.refresh();
    return keys.map((key) => {
      const bytes = file.trees.entries.getBinaryFast(entryKey(key));
      const head = bytes && decodeHead(bytes);
      if (bytes === undefined || head === undefined || head.expiresAt <= this.#clock.now()) return NO_VALUE;
      return revisionIn(bytes) ?? NO_VALUE;
    });
  }

  #find(file: LmdbFile, key: string): Found {
    const bytes = file.trees.entries.getBinaryFast(entryKey(key));
    if (bytes === undefined) return NO_VALUE;
    const head = decodeHead(bytes);
    if (head === undefined) {
      this.#corrupt(key, new TypeError("it was not written by this package, or was cut"));
      return NO_VALUE;
    }
    if (head.expiresAt <= this.#clock.now()) return NO_VALUE;
    try {
      const { payload, metadata } = this.#wire.decode(key, readWire(file.trees, bytes, head));
      const storedAt = this.#clock.local(head.storedAt);
      const trust = this.#trust.of(head.slot);
      return new CachedValue(payload, metadata, trust === undefined ? { storedAt } : { storedAt, trust });
    } catch (error) {
      this.#corrupt(key, error);
      return NO_VALUE;
    }
  }
}

/** The revision that a record says. */
export function revisionIn(record: Buffer): Order | undefined {
  return Wire.revision(record.subarray(recordHeadBytes, record.length));
}

function isRejected(found: Found, rejects: Order | "any" | undefined): boolean {
  if (isNoValue(found)) return true;
  if (rejects === undefined || !(found instanceof CachedValue)) return false;
  return rejects === "any" || compareOrders(found.metadata.revision, rejects) === 0;
}
