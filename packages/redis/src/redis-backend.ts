import {
  type BackendHealth,
  CacheBackend,
  type CachedValue,
  type CacheMutex,
  type ChangeFeed,
  ClosedError,
  type Found,
  isNoValue,
  type KeyMangler,
  type LeaseRequest,
  type LeaseTable,
  type MarkTable,
  NO_VALUE,
  type NoValue,
  type Order,
  type ReadContext,
  ReadFailure,
  ValidationError,
  Wire,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
} from "@cascata/core";
import type KeyvRedis from "@keyv/redis";
import { Failed } from "./answer.ts";
import { assemble, type Parts } from "./assemble.ts";
import type { Body } from "./codec.ts";
import { optionsFromConfig } from "./from-config.ts";
import { RedisMutex } from "./mutex.ts";
import { type RedisBackendOptions, type ResolvedRedisOptions, resolveRedisOptions } from "./options.ts";
import type { LeaseSaid } from "./reader.ts";

/**
 * The Redis and Valkey tier.
 *
 *  - A read is one `GET` or one `MGET`; a write, single or batch, is one script and so one round trip and one step. With
 *    leases a read is one script too.
 *  - Every operation ends within its deadline. Nothing is sent after it, nothing is queued while there is no connection,
 *    and a store that the server gets to see too late is refused there.
 *  - Bytes that are no entry (foreign, corrupt, cut short, another key's) are a miss and an incident.
 *  - A read never deletes. A failed read is a {@link ReadFailure}, never a miss.
 *  - It never throws for want of Redis: constructing it connects in the background, again and again until it is closed.
 *
 * It keeps an entry for what is left of its life, counted by the server, and never clears: a shared Redis holds more than
 * one cache, and a scan costs all of them.
 */
export class RedisBackend extends CacheBackend {
  readonly name: string;
  /** One script that reads no more than the head of each value. Absent without leases: then nothing has a revision. */
  override readonly revisions?: (
    keys: readonly string[],
    context?: ReadContext,
  ) => Promise<readonly (Order | NoValue | ReadFailure)[]>;
  readonly #options: ResolvedRedisOptions;
  readonly #parts: Parts;
  #closed = false;

  /** @throws ConfigurationError with every mistake that the options hold */
  constructor(options: RedisBackendOptions = {}) {
    super();
    this.#options = resolveRedisOptions(options);
    this.name = this.#options.name;
    this.#parts = assemble(
      this.#options,
      (what, error) => this.report(what, { error }),
      (key, error) => this.report("corrupt entry", { key, error }),
    );
    if (this.#options.leases) this.revisions = (keys, context) => this.#revisions(keys, context?.deadline);
  }

  /** See {@link RedisBackendOptions}; also `host`, `port`, `db`, `username`, `password`. */
  static fromConfig(config: Readonly<Record<string, unknown>>, prefix: string): RedisBackend {
    return new RedisBackend(optionsFromConfig(config, prefix));
  }

  override get keyMangler(): KeyMangler | undefined {
    return this.#options.keyMangler;
  }

  override get leases(): LeaseTable | undefined {
    return this.#parts.leases;
  }

  override get marks(): MarkTable | undefined {
    return this.#parts.marks;
  }

  override get changes(): ChangeFeed | undefined {
    return this.#parts.feed;
  }

  /** An adapter of `@keyv/redis` over this tier's connection, for other uses of Keyv. Its keys live apart from the tier's. */
  get keyv(): KeyvRedis<unknown> {
    return this.#parts.connection.adapter;
  }

  async get(key: string, context?: ReadContext): Promise<Found> {
    this.#open();
    if (context?.lease !== undefined && this.#parts.leases !== undefined) {
      const [found = NO_VALUE] = await this.#leased([key], context.lease, context.deadline);
      return found;
    }
    return this.#parts.codec.found(key, await this.#parts.reader.one(key, context?.deadline));
  }

  async getMulti(keys: readonly string[], context?: ReadContext): Promise<readonly Found[]> {
    this.#open();
    if (keys.length === 0) return [];
    const { reader, codec, leases } = this.#parts;
    const lease = leases && context?.lease;
    if (lease !== undefined) return await eachOnce(keys, (unique) => this.#leased(unique, lease, context?.deadline));
    // A duplicate is read twice: looking for one in a batch of fresh texts costs a tenth of the batch.
    const answers = await reader.many(keys, context?.deadline);
    return keys.map((key, index) => codec.found(key, answers[index]));
  }

  async set(key: string, value: CachedValue, context?: WriteContext): Promise<WriteOutcome> {
    this.#open();
    const body = this.#body(key, value, context, this.#parts.codec.now());
    const [outcome] = await this.#parts.writer.store([body], context ?? {});
    return outcome as WriteOutcome;
  }

  /** An entry that cannot be stored is its own key's failure. */
  async setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Promise<WriteOutcomes> {
    this.#open();
    const outcomes = new Map<string, WriteOutcome>();
    const keys: string[] = [];
    const bodies: Body[] = [];
    const now = this.#parts.codec.now();
    for (const [key, value] of mapping) {
      try {
        bodies.push(this.#body(key, value, context, now));
        keys.push(key);
      } catch (error) {
        outcomes.set(key, { status: "failed", error: error as Error });
      }
    }
    if (keys.length === 0) return outcomes;
    const written = await this.#parts.writer.store(bodies, context ?? {});
    for (const [index, key] of keys.entries()) outcomes.set(key, written[index] as WriteOutcome);
    return outcomes;
  }

  async delete(key: string, context?: WriteContext): Promise<WriteOutcome> {
    this.#open();
    const [outcome] = await this.#parts.writer.remove([this.#parts.space.valueKey(key)], context ?? {});
    return outcome as WriteOutcome;
  }

  async deleteMulti(keys: readonly string[], context?: WriteContext): Promise<WriteOutcomes> {
    this.#open();
    const unique = [...new Set(keys)];
    if (unique.length === 0) return new Map();
    const valueKeys = unique.map((key) => this.#parts.space.valueKey(key));
    const outcomes = await this.#parts.writer.remove(valueKeys, context ?? {});
    return new Map(unique.map((key, index) => [key, outcomes[index] as WriteOutcome]));
  }

  /** A lock of its own in Redis. A new object each time; whoever has it may release it. */
  override getMutex(key: string): CacheMutex {
    const { clock, lock } = this.#options;
    return new RedisMutex(this.#parts.connection.line, clock, lock.prefix + this.#parts.space.valueKey(key), lock);
  }

  override hasLockTimeout(): boolean {
    return this.#options.lock.timeoutMs < Number.POSITIVE_INFINITY;
  }

  override health(): BackendHealth {
    return this.#parts.connection.health();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#parts.feed?.stop();
    this.#parts.connection.close();
  }

  #open(): void {
    if (this.#closed) throw new ClosedError(`the backend "${this.name}"`);
  }

  #body(key: string, entry: CachedValue, context: WriteContext | undefined, now: number): Body {
    if (!isNoValue(entry.payload))
      return this.#parts.codec.body(key, this.#parts.space.valueKey(key), entry, now, context?.keepMs);
    const path = `value of ${JSON.stringify(key)}`;
    throw new ValidationError({ path, expected: "a storable value", received: "NO_VALUE" });
  }

  async #revisions(
    keys: readonly string[],
    deadline: number | undefined,
  ): Promise<readonly (Order | NoValue | ReadFailure)[]> {
    this.#open();
    if (keys.length === 0) return [];
    return await eachOnce(keys, async (unique) => {
      const heads = await this.#parts.reader.heads(unique, deadline);
      return heads.map((head) => {
        if (head instanceof Failed) return new ReadFailure(this.name, head.error);
        return Wire.revision(head as Buffer) ?? NO_VALUE;
      });
    });
  }

  async #leased(keys: readonly string[], lease: LeaseRequest, deadline: number | undefined): Promise<readonly Found[]> {
    const { order, answers, leases } = await this.#parts.reader.leased(keys, lease, deadline);
    const found = keys.map((key, index) => this.#parts.codec.found(key, answers[index]));
    this.#answer(keys, lease, leases, order);
    // What cannot be read must not keep anybody from creating it anew: it is asked for once more, as absent.
    const unreadable = keys.filter((_, index) => found[index] === NO_VALUE && !leases.has(index));
    if (unreadable.length > 0) {
      const rejects = new Map(unreadable.map((key) => [key, "any"] as const));
      const again = await this.#parts.reader.leased(unreadable, { ...lease, rejects }, deadline);
      this.#answer(unreadable, lease, again.leases, again.order);
    }
    return found;
  }

  #answer(
    keys: readonly string[],
    lease: LeaseRequest,
    leases: ReadonlyMap<number, LeaseSaid>,
    order: Order | undefined,
  ): void {
    for (const [index, said] of leases) {
      lease.answer(keys[index] as string, order === undefined ? said : { ...said, order });
    }
  }
}

/** Asks for each key once and gives the answers in the order of `keys`, duplicates included. */
async function eachOnce<T>(
  keys: readonly string[],
  ask: (unique: readonly string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  if (new Set(keys).size === keys.length) return await ask(keys);
  const places = new Map<string, number>();
  for (const key of keys) if (!places.has(key)) places.set(key, places.size);
  const answers = await ask([...places.keys()]);
  return keys.map((key) => answers[places.get(key) ?? 0] as T);
}
