import type { Awaitable, CreationFailure, LeaseAnswer, LeaseRequest, LeaseTable } from "@cascata/core";
import { entryKey } from "./entry-key.ts";
import { announce, nextOrder } from "./ledger.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import { orderOf, type SharedState } from "./state.ts";
import type { Trees } from "./trees.ts";

/** Who holds the lease of a key, and until when. */
interface Lease {
  readonly token: string;
  readonly until: number;
}

/** Inside a transaction: gives the lease to `request`'s token unless another one's stands. Taking it again prolongs it. */
export function takeLease(
  trees: Trees,
  state: SharedState,
  key: Buffer,
  request: LeaseRequest,
  now: number,
): LeaseAnswer {
  const held = leaseOf(trees, key, now);
  const order = orderOf(state);
  if (held !== undefined && held.token !== request.token) {
    return { granted: false, order, holderMs: held.until - now, holder: held.token };
  }
  putLease(trees, key, { token: request.token, until: now + request.ms });
  return { granted: true, order };
}

/** Whether `token` holds the lease of the key. */
export function holdsLease(trees: Trees, key: Buffer, token: string, now: number): boolean {
  return leaseOf(trees, key, now)?.token === token;
}

/** Inside a transaction: whoever holds the lease of the key holds it no longer. */
export function breakLease(trees: Trees, key: Buffer): void {
  trees.leases.removeSync(key);
}

/** Drops up to `limit` leases whose time is over; says how many. */
export function sweepLeases(trees: Trees, now: number, limit: number): number {
  const over = [...trees.leases.getRange({ limit: limit * 8 })]
    .map(({ key, value }) => ({ key: Buffer.from(key), until: value.readDoubleBE(0) }))
    .filter(({ until }) => until <= now)
    .slice(0, limit);
  for (const { key } of over) trees.leases.removeSync(key);
  return over.length;
}

/** Runs a step on the open file, at once when it is open, and names the step and its keys where it fails. */
export type RunOnFile = <T>(operation: string, keys: readonly string[], run: (file: LmdbFile) => T) => Awaitable<T>;

/** Renewing and releasing, each one transaction. */
export class LmdbLeases implements LeaseTable {
  readonly #run: RunOnFile;
  readonly #now: () => number;

  constructor(run: RunOnFile, now: () => number) {
    this.#run = run;
    this.#now = now;
  }

  renew(keys: readonly string[], token: string, ms: number): Awaitable<readonly boolean[]> {
    return this.#run("renew", keys, (file) =>
      file.write(pagesFor(keys), "must", () => {
        const now = this.#now();
        return keys.map((key) => {
          const place = entryKey(key);
          if (!holdsLease(file.trees, place, token, now)) return false;
          putLease(file.trees, place, { token, until: now + ms });
          return true;
        });
      }),
    );
  }

  release(keys: readonly string[], token: string, failure?: CreationFailure): Awaitable<void> {
    return this.#run("release", keys, (file) =>
      file.write(pagesFor(keys), "must", (state) => {
        const held = keys.filter((key) => {
          const place = entryKey(key);
          return holdsLease(file.trees, place, token, this.#now()) && file.trees.leases.removeSync(place);
        });
        // Whoever waits for these keys need wait no longer.
        if (held.length > 0) {
          nextOrder(state);
          announce(file.trees, state, { filled: held, ...(failure !== undefined && { failure }) });
        }
      }),
    );
  }
}

function pagesFor(keys: readonly string[]): number {
  return 12 + 2 * keys.length;
}

function leaseOf(trees: Trees, key: Buffer, now: number): Lease | undefined {
  const bytes = trees.leases.getBinaryFast(key);
  if (bytes === undefined) return undefined;
  const until = bytes.readDoubleBE(0);
  return until <= now ? undefined : { until, token: bytes.toString("utf8", 8, bytes.length) };
}

function putLease(trees: Trees, key: Buffer, lease: Lease): void {
  const token = Buffer.from(lease.token);
  const bytes = Buffer.allocUnsafe(8 + token.length);
  bytes.writeDoubleBE(lease.until);
  bytes.set(token, 8);
  trees.leases.putSync(key, bytes);
}
