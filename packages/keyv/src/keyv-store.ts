import {
  type Awaitable,
  CacheBackend,
  CachedValue,
  type Clock,
  ConfigurationError,
  type Found,
  isNoValue,
  ReadFailure,
  systemClock,
  type WriteOutcome,
} from "@cascata/core";
import { hasMethod } from "./keyv-like.ts";

/** What is asked of a region, so that one of any installed copy serves. */
export interface RegionLike {
  get(key: string): Awaitable<unknown>;
  getMulti(keys: readonly string[]): Awaitable<readonly unknown[]>;
  set(key: string, value: unknown, options?: { readonly ttl?: number }): Awaitable<unknown>;
  setMulti(mapping: ReadonlyMap<string, unknown>, options?: { readonly ttl?: number }): Awaitable<unknown>;
  delete(key: string): Awaitable<unknown>;
  deleteMulti(keys: readonly string[]): Awaitable<unknown>;
  clear?(): Awaitable<unknown>;
}

/** How {@link asKeyvStore} tells the time of the entries that it makes. */
export interface KeyvStoreOptions {
  /** Only for a backend; a region has its own. @default systemClock */
  readonly clock?: Clock;
}

/** One entry of {@link KeyvStore.setMany}. */
export interface KeyvStoreEntry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds. */
  readonly ttl?: number | undefined;
}

/**
 * A region or a chain as a storage adapter, for whatever takes a Keyv: `new Keyv({ store: asKeyvStore(region) })`, of major 5
 * or 6 (which puts its bridge before it and so gives a ttl as major 5 does).
 *
 *  - A ttl that Keyv gives is the entry's own; without one the region's holds, or none before a bare backend.
 *  - A read or write that fails rejects, so that Keyv can tell: by its error event, or by throwing where it is asked to.
 *  - `clear` clears the whole region, whatever Keyv's namespace: give each Keyv a region of its own.
 *  - `disconnect` closes nothing: who made the region or backend closes it.
 *  - There is no iterator: no tier walks its keys. Keyv 5 has none then, that of Keyv 6 is empty.
 *
 * @throws ConfigurationError if `target` is neither
 */
export function asKeyvStore(target: RegionLike | CacheBackend, options: KeyvStoreOptions = {}): KeyvStore {
  if (target instanceof CacheBackend) return new KeyvStore(overBackend(target, options.clock ?? systemClock));
  const methods = ["get", "getMulti", "set", "setMulti", "delete", "deleteMulti"];
  if (methods.every((name) => hasMethod(target, name))) return new KeyvStore(target);
  throw new ConfigurationError({ path: "target", expected: "a region or a backend", received: target });
}

/** The adapter that {@link asKeyvStore} makes. */
export class KeyvStore {
  /** Set by Keyv; stands before each key. */
  namespace: string | undefined;
  /** Keyv 5 wants it there. */
  readonly opts: object = {};
  readonly #region: RegionLike;

  constructor(region: RegionLike) {
    this.#region = region;
  }

  async get<T = unknown>(key: string): Promise<T | undefined> {
    return present(await this.#region.get(this.#key(key))) as T | undefined;
  }

  async getMany<T = unknown>(keys: string[]): Promise<(T | undefined)[]> {
    const found = await this.#region.getMulti(keys.map((key) => this.#key(key)));
    return found.map((value) => present(value) as T | undefined);
  }

  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    confirm(await this.#region.set(this.#key(key), value, lifeOf(ttl)));
    return true;
  }

  /** One call of the region for each ttl among the entries. */
  async setMany(entries: KeyvStoreEntry[]): Promise<void> {
    const byTtl = new Map<number | undefined, Map<string, unknown>>();
    for (const { key, value, ttl } of entries) {
      const group = byTtl.get(ttl) ?? new Map<string, unknown>();
      byTtl.set(ttl, group.set(this.#key(key), value));
    }
    const written = [...byTtl].map(async ([ttl, mapping]) => await this.#region.setMulti(mapping, lifeOf(ttl)));
    for (const report of await Promise.all(written)) confirm(report);
  }

  /** Always `true`: whether there was something would cost a read. */
  async delete(key: string): Promise<boolean> {
    confirm(await this.#region.delete(this.#key(key)));
    return true;
  }

  /** Always `true`, as {@link KeyvStore.delete}. */
  async deleteMany(keys: string[]): Promise<boolean> {
    confirm(await this.#region.deleteMulti(keys.map((key) => this.#key(key))));
    return true;
  }

  async has(key: string): Promise<boolean> {
    return !isNoValue(await this.#region.get(this.#key(key)));
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    const found = await this.#region.getMulti(keys.map((key) => this.#key(key)));
    return found.map((value) => !isNoValue(value));
  }

  /** @throws ConfigurationError where the region or backend has no way to clear */
  async clear(): Promise<void> {
    if (this.#region.clear === undefined) {
      throw new ConfigurationError({
        path: "clear",
        expected: "a region or backend that can clear",
        received: undefined,
      });
    }
    await this.#region.clear();
  }

  async disconnect(): Promise<void> {}

  /** For Keyv's sake: it tells of failures by rejecting, never by an event. */
  on(): this {
    return this;
  }

  #key(key: string): string {
    return this.namespace === undefined ? key : `${this.namespace}::${key}`;
  }
}

function present(value: unknown): unknown {
  return isNoValue(value) ? undefined : value;
}

function lifeOf(ttl: number | undefined): { readonly ttl?: number } | undefined {
  return ttl === undefined ? undefined : { ttl };
}

function overBackend(backend: CacheBackend, clock: Clock): RegionLike {
  const entryOf = (value: unknown, ttl = Number.POSITIVE_INFINITY) =>
    new CachedValue(value, { createdAt: clock.now(), startedAt: clock.now(), formatVersion: 1, ttl, grace: 0 });
  return {
    get: async (key) => payloadOf(await backend.get(key)),
    getMulti: async (keys) => (await backend.getMulti(keys)).map(payloadOf),
    set: async (key, value, options) => reportOf([await backend.set(key, entryOf(value, options?.ttl))]),
    setMulti: async (mapping, options) => {
      const entries = new Map([...mapping].map(([key, value]) => [key, entryOf(value, options?.ttl)]));
      return reportOf((await backend.setMulti(entries))?.values() ?? []);
    },
    delete: async (key) => reportOf([await backend.delete(key)]),
    deleteMulti: async (keys) => reportOf((await backend.deleteMulti(keys))?.values() ?? []),
    ...(backend.clear !== undefined && { clear: async () => await backend.clear?.() }),
  };
}

function payloadOf(found: Found): unknown {
  if (found instanceof ReadFailure) throw found.error;
  return found.payload;
}

/** What a region's write answers, as far as it is looked at. */
interface ReportLike {
  readonly confirmed?: boolean;
  readonly outcomes: ReadonlyMap<unknown, WriteOutcome | void>;
}

function reportOf(outcomes: Iterable<WriteOutcome | void>): ReportLike {
  return { outcomes: new Map([...outcomes].map((outcome, index) => [index, outcome])) };
}

/** Keyv knows no outcomes: what was not stored or deleted rejects. */
function confirm(report: unknown): void {
  const { confirmed, outcomes } = (report ?? {}) as Partial<ReportLike>;
  if (confirmed === true) return;
  for (const outcome of outcomes?.values() ?? []) {
    if (outcome === undefined || outcome.status === "stored") continue;
    throw outcome.status === "refused" ? new Error(`it was refused: ${outcome.why}`) : outcome.error;
  }
}
