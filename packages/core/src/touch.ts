import { CachedValue, compareOrders, type Found, ReadFailure } from "./cached-value.ts";
import type { ResolvedWriteOptions } from "./call-options.ts";
import type { LeaseTable } from "./capabilities.ts";
import type { LeaseAnswer } from "./contexts.ts";
import { Flight } from "./flight.ts";
import { newEntry } from "./new-entry.ts";
import { isNoValue } from "./no-value.ts";
import { readKey } from "./read-keys.ts";
import type { RegionReads } from "./region-reads.ts";
import type { RegionState } from "./region-state.ts";
import { writeKey } from "./write-keys.ts";

const leaseMs = 5000;

/**
 * Stores an entry again with a new life, only if nobody changes it between the read and the write: a flight that nobody
 * joins is broken by changes that this process makes or hears of, and where the authority leases, a lease on the very
 * revision that was read by those of all others.
 */
export class Touch {
  readonly #state: RegionState;
  readonly #reads: RegionReads;
  readonly #flight: Flight;
  readonly #options: ResolvedWriteOptions;
  readonly #token: string;

  /** @param key below the region */
  constructor(state: RegionState, reads: RegionReads, key: string, givenKey: string, options: ResolvedWriteOptions) {
    this.#state = state;
    this.#reads = reads;
    this.#flight = new Flight(key, givenKey);
    this.#options = options;
    this.#token = `${state.sender}.touch.${state.stamps.next()}`;
  }

  /** @throws CacheError if no tier could be read, or the authority could not be asked or written */
  async run(): Promise<boolean> {
    const { flights, backend } = this.#state;
    flights.watch(this.#flight);
    try {
      const found = await this.#read();
      if (isNoValue(found) || this.#flight.broken) return false;
      const { leases } = backend;
      return leases === undefined ? await this.#store(found, false) : await this.#storeLeased(leases, found);
    } finally {
      flights.remove(this.#flight);
    }
  }

  /** A lease that is not used, or that was granted by an answer that never came, holds nobody up. */
  async #storeLeased(leases: LeaseTable, found: CachedValue): Promise<boolean> {
    let stored = false;
    try {
      stored = (await this.#lease(found)) && (await this.#store(found, true));
      return stored;
    } finally {
      if (!stored) {
        const released = Promise.resolve().then(() => leases.release([this.#flight.key], this.#token));
        this.#state.inBackground(released, "giving back a lease");
      }
    }
  }

  async #read() {
    const { key, givenKey } = this.#flight;
    return this.#reads.getWith(key, givenKey, { expirationMs: undefined, ignoreExpiration: false, skip: undefined });
  }

  /** Whether the authority still has what was read, and has leased it. */
  async #lease({ metadata }: CachedValue): Promise<boolean> {
    const { backend, tiers } = this.#state;
    const { key } = this.#flight;
    let answer: LeaseAnswer | undefined;
    let standing: Found | undefined;
    const lease = {
      token: this.#token,
      ms: leaseMs,
      rejects: new Map([[key, metadata.revision ?? ("any" as const)]]),
      answer: (_key: string, given: LeaseAnswer) => {
        answer = given;
      },
    };
    const observe = (tier: string, _key: string, found: Found) => {
      if (tier === tiers.farthest) standing = found;
    };
    // Near tiers are passed over by a judge that takes nothing: the authority has to grant it.
    const found = await readKey(backend, key, { judge: () => "absent", lease, observe });
    if (found instanceof ReadFailure) throw found.error;
    if (answer?.granted !== true) return false;
    // What was deleted since is leased too, to be created; a touch must not bring it back.
    return isSame(standing ?? found, metadata);
  }

  async #store({ metadata, payload }: CachedValue, leased: boolean): Promise<boolean> {
    const { pending, backend, sender } = this.#state;
    const { key, broken } = this.#flight;
    const { ttlMs, graceMs, ownTtl, ownGrace, tags, skip } = this.#options;
    const made = newEntry(this.#state.options, payload, {
      startedAt: metadata.startedAt,
      startedOrder: metadata.startedOrder,
      ttlMs: ownTtl ? (metadata.ttl ?? ttlMs) : ttlMs,
      graceMs: ownGrace && metadata.ttl !== undefined ? (metadata.grace ?? 0) : graceMs,
      ownTtl: false,
      tags: tags ?? metadata.tags,
      validators: metadata.validators,
    });
    // Its own ttl to the letter: shortened by chance each time, it would come to nothing.
    const { ttl } = metadata;
    const entry = ownTtl && ttl !== undefined ? new CachedValue(payload, { ...made.metadata, ttl }) : made;
    if (broken || pending.hides(key, entry)) return false;
    const outcome = await writeKey(backend, key, entry, {
      sender,
      ...(leased && { ticket: this.#token, fill: true }),
      ...(skip !== undefined && { skip }),
    });
    if (outcome.status === "failed" || outcome.status === "unknown") throw outcome.error;
    return outcome.status === "stored";
  }
}

function isSame(found: Found, { revision, startedAt }: CachedValue["metadata"]): boolean {
  if (!(found instanceof CachedValue)) return false;
  if (revision === undefined || found.metadata.revision === undefined) return found.metadata.startedAt === startedAt;
  return compareOrders(found.metadata.revision, revision) === 0;
}
