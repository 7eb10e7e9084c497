import {
  asCacheError,
  type BackendHealth,
  CacheBackend,
  CachedValue,
  type CacheMutex,
  type ChangeFeed,
  type Clock,
  ClosedError,
  type Found,
  type GuardTable,
  type LeaseTable,
  LockError,
  type MarkTable,
  NO_VALUE,
  type NoValue,
  type Order,
  type ReadContext,
  STORED,
  UnavailableError,
  type WriteContext,
  type WriteOutcome,
} from "@cascata/core";
import { AuthorityLine } from "./authority-line.ts";
import type { LogBatch, LogPosition } from "./authority-log.ts";
import type { AuthorityStore } from "./authority-store.ts";
import { directTransport, type Transport } from "./link.ts";
import { checkStorable } from "./map-backend.ts";
import { type FeedPace, ReferenceFeed } from "./reference-feed.ts";

/** Options of {@link ReferenceAuthority}. */
export interface ReferenceAuthorityOptions extends Partial<FeedPace> {
  /** @default "reference" */
  readonly name?: string;
  /** The network between. @default directTransport */
  readonly transport?: Transport;
  /** The client's own clock; instants in entries are converted to the store's. @default the store's */
  readonly clock?: Clock;
  /** How long a lock lives that nobody releases. @default 30_000 */
  readonly lockMs?: number;
}

/**
 * A client of an {@link AuthorityStore}: a complete authority in memory with every capability. The model with which real
 * stores are compared, and the shared tier of simulations; several clients of one store are several processes.
 */
export class ReferenceAuthority extends CacheBackend {
  readonly name: string;
  readonly store: AuthorityStore;
  readonly #line: AuthorityLine;
  readonly #clock: Clock;
  readonly #lockMs: number;
  readonly #feed: ReferenceFeed;

  constructor(store: AuthorityStore, options: ReferenceAuthorityOptions = {}) {
    super();
    this.store = store;
    this.name = options.name ?? "reference";
    this.#clock = options.clock ?? store.clock;
    this.#line = new AuthorityLine(this.name, options.transport ?? directTransport, this.#clock);
    this.#lockMs = options.lockMs ?? 30_000;
    const { heartbeatMs = 1000, silenceMs = 3000, retryMs = 100 } = options;
    const follow = this.#follow.bind(this);
    this.#feed = new ReferenceFeed(this.#clock, follow, { heartbeatMs, silenceMs, retryMs });
  }

  override get leases(): LeaseTable {
    return {
      renew: (keys, token, ms) => this.#line.send("leases.renew", keys, () => this.store.renew(keys, token, ms)),
      release: (keys, token, failure) =>
        this.#line.send("leases.release", keys, () => this.store.release(keys, token, failure)),
    };
  }

  override get guards(): GuardTable {
    return { tickets: (keys) => this.#line.send("guards.tickets", keys, () => this.store.tickets(keys)) };
  }

  override get changes(): ChangeFeed {
    return this.#feed;
  }

  override get marks(): MarkTable {
    return {
      put: (names, mode, at) => this.#line.send("marks.put", names, () => this.store.mark(names, mode, at)),
      lookup: (names) => this.#line.send("marks.lookup", names, () => this.store.marks(names)),
    };
  }

  async get(key: string, context?: ReadContext): Promise<Found> {
    const [found] = await this.#read("get", [key], context);
    return found ?? NO_VALUE;
  }

  async getMulti(keys: readonly string[], context?: ReadContext): Promise<readonly Found[]> {
    return keys.length === 0 ? [] : this.#read("getMulti", keys, context);
  }

  async set(key: string, value: CachedValue, context?: WriteContext): Promise<WriteOutcome> {
    checkStorable(key, value);
    const one = new Map([[key, this.#shifted(value, 1)]]);
    return outcomeFor(key, await this.#write("set", [key], context, () => this.store.write(one, context)));
  }

  async setMulti(
    mapping: ReadonlyMap<string, CachedValue>,
    context?: WriteContext,
  ): Promise<ReadonlyMap<string, WriteOutcome>> {
    for (const [key, value] of mapping) checkStorable(key, value);
    if (mapping.size === 0) return new Map();
    // A copy: the message has left, whatever its sender does with its mapping then.
    const sent = new Map([...mapping].map(([key, value]) => [key, this.#shifted(value, 1)]));
    return this.#write("setMulti", [...sent.keys()], context, () => this.store.write(sent, context));
  }

  async delete(key: string, context?: WriteContext): Promise<WriteOutcome> {
    const step = () => this.store.remove([key], context?.sender);
    return outcomeFor(key, await this.#write("delete", [key], context, step));
  }

  async deleteMulti(keys: readonly string[], context?: WriteContext): Promise<ReadonlyMap<string, WriteOutcome>> {
    if (keys.length === 0) return new Map();
    const sent = [...keys];
    return this.#write("deleteMulti", sent, context, () => this.store.remove(sent, context?.sender));
  }

  override async revisions(keys: readonly string[], context?: ReadContext): Promise<readonly (Order | NoValue)[]> {
    if (keys.length === 0) return [];
    return this.#line.send("revisions", keys, () => this.store.revisions(keys), context?.deadline);
  }

  override async clear(): Promise<void> {
    return this.#line.send("clear", ["*"], () => this.store.clear());
  }

  override getMutex(key: string): CacheMutex {
    const { store } = this;
    const owner = {};
    return {
      acquire: (wait = true) =>
        this.#line.send("mutex.acquire", [key], () => store.lock(key, owner, this.#lockMs, wait)),
      locked: () => this.#line.send("mutex.locked", [key], () => store.isLocked(key)),
      release: async () => {
        const held = await this.#line.send("mutex.release", [key], () => store.unlock(key, owner));
        if (!held) throw new LockError(`the lock of ${JSON.stringify(key)} is not held by this owner`);
      },
    };
  }

  override hasLockTimeout(): boolean {
    return true;
  }

  override health(): BackendHealth {
    return this.#line.health;
  }

  close(): void {
    this.#line.close();
    this.#feed.stop();
  }

  /** To the store's clock (1) or back (-1). */
  #shifted(entry: CachedValue, direction: 1 | -1): CachedValue {
    const offsetMs = (this.store.clock.now() - this.#clock.now()) * direction;
    if (offsetMs === 0) return entry;
    const { createdAt, startedAt } = entry.metadata;
    return new CachedValue(entry.payload, {
      ...entry.metadata,
      createdAt: createdAt + offsetMs,
      startedAt: startedAt + offsetMs,
    });
  }

  async #read(operation: string, keys: readonly string[], context: ReadContext = {}): Promise<readonly Found[]> {
    const { lease, deadline } = context;
    const answers = await this.#line.send(operation, keys, () => this.store.read(keys, lease), deadline);
    answers.forEach((answer, index) => {
      if (answer.lease !== undefined) lease?.answer(keys[index] as string, answer.lease);
    });
    return answers.map(({ found }) => (found instanceof CachedValue ? this.#shifted(found, -1) : found));
  }

  /** A write that was not sent has failed; one whose answer did not come may or may not have happened. */
  async #write(
    operation: string,
    keys: readonly string[],
    context: WriteContext = {},
    step: () => ReadonlyMap<string, WriteOutcome>,
  ): Promise<ReadonlyMap<string, WriteOutcome>> {
    let sent = false;
    const send = () => {
      sent = true;
    };
    try {
      return await this.#line.send(operation, keys, step, context.deadline, send);
    } catch (error) {
      if (error instanceof ClosedError) throw error;
      const status = sent && !(error instanceof UnavailableError) ? "unknown" : "failed";
      const failure = asCacheError(error, this.name, operation, keys.length);
      return new Map(keys.map((key) => [key, { status, error: failure }]));
    }
  }

  async #follow(position: LogPosition | undefined, waitMs: number): Promise<LogBatch> {
    return this.#line.send("changes.follow", [], () => this.store.follow(position, waitMs));
  }
}

function outcomeFor(key: string, outcomes: ReadonlyMap<string, WriteOutcome>): WriteOutcome {
  return outcomes.get(key) ?? STORED;
}
