import {
  CacheBackend,
  CachedValue,
  type Clock,
  type Found,
  type GuardTable,
  isNoValue,
  type WriteContext,
  type WriteOutcome,
} from "@cascata/core";
import type { AuthorityStore } from "@cascata/testing";

/**
 * A disk tier that the processes of one host share, as an embedded store is: reads are answered at once, a write is
 * answered when it is on disk. It remembers, in this process, what it was trusted with.
 */
export class HostTier extends CacheBackend {
  readonly name: string = "host";
  readonly #store: AuthorityStore;
  readonly #world: Clock;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #trusts = new WeakMap<object, object>();
  #lastWrite = 0;

  constructor(store: AuthorityStore, world: Clock, clock: Clock, random: () => number) {
    super();
    this.#store = store;
    this.#world = world;
    this.#clock = clock;
    this.#random = random;
  }

  override get remote(): boolean {
    return false;
  }

  override get guards(): GuardTable {
    return { tickets: (keys) => this.#store.tickets(keys) };
  }

  get(key: string): Found {
    const [found] = this.getMulti([key]);
    return found as Found;
  }

  getMulti(keys: readonly string[]): readonly Found[] {
    return this.#store.read(keys).map(({ found }) => {
      if (isNoValue(found)) return found;
      const trust = this.#trusts.get(found.metadata);
      const own = this.#shifted(found, -1);
      return trust === undefined
        ? own
        : new CachedValue(own.payload, own.metadata, { storedAt: this.#clock.now(), trust });
    });
  }

  async set(key: string, value: CachedValue, context?: WriteContext): Promise<WriteOutcome> {
    const outcomes = await this.setMulti(new Map([[key, value]]), context);
    return outcomes.get(key) as WriteOutcome;
  }

  setMulti(
    mapping: ReadonlyMap<string, CachedValue>,
    context?: WriteContext,
  ): Promise<ReadonlyMap<string, WriteOutcome>> {
    const sent = new Map([...mapping].map(([key, value]) => [key, this.#shifted(value, 1)]));
    return this.#onDisk(() => {
      const outcomes = this.#store.write(sent, context);
      for (const [key, value] of mapping) {
        const { trust } = value.residence ?? {};
        const [now] = this.#store.read([key]);
        if (trust === undefined || outcomes.get(key)?.status !== "stored" || !(now?.found instanceof CachedValue))
          continue;
        this.#trusts.set(now.found.metadata, trust);
      }
      return outcomes;
    });
  }

  async delete(key: string): Promise<WriteOutcome> {
    const outcomes = await this.deleteMulti([key]);
    return outcomes.get(key) as WriteOutcome;
  }

  deleteMulti(keys: readonly string[]): Promise<ReadonlyMap<string, WriteOutcome>> {
    return this.#onDisk(() => this.#store.remove(keys));
  }

  override clear(): void {
    this.#store.clear();
  }

  close(): void {}

  /** In the order of the calls, whether the process is stopped meanwhile or not: the disk has them. */
  #onDisk<T>(step: () => T): Promise<T> {
    this.#lastWrite = Math.max(this.#lastWrite, this.#world.now() + this.#random() * 2);
    return new Promise((resolve) => {
      this.#world.schedule(() => {
        const done = step();
        this.#clock.schedule(() => resolve(done), this.#random());
      }, this.#lastWrite - this.#world.now());
    });
  }

  #shifted(entry: CachedValue, direction: 1 | -1): CachedValue {
    const offsetMs = (this.#world.now() - this.#clock.now()) * direction;
    if (offsetMs === 0) return entry;
    const { createdAt, startedAt } = entry.metadata;
    const metadata = { ...entry.metadata, createdAt: createdAt + offsetMs, startedAt: startedAt + offsetMs };
    return new CachedValue(entry.payload, metadata, entry.residence);
  }
}
