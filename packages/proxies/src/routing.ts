import {
  type Awaitable,
  allOf,
  andThen,
  asCacheError,
  attempt,
  type BackendHealth,
  type BackendIncident,
  CacheBackend,
  type CachedValue,
  type CacheMutex,
  type ChangeFeed,
  ClosedError,
  ConfigurationError,
  checkOptionNames,
  type Found,
  type GuardTable,
  type LeaseTable,
  type NoValue,
  type Order,
  type ReadContext,
  ReadFailure,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
} from "@cascata/core";
import { routedFeed } from "./routed-feed.ts";
import { type Route, Routes } from "./routes.ts";

/** Options of {@link RoutingBackend}. */
export interface RoutingOptions {
  /** @default "routing" */
  readonly name?: string;
  /** The first one that matches a key has it. */
  readonly routes: readonly Route[];
  /** Has the keys that no route matches. */
  readonly otherwise: CacheBackend;
}

const severity = { up: 0, degraded: 1, down: 2 } as const;

/**
 * Several backends as one, each with its own keys. A batch asks them at the same time; where one fails, its keys fail
 * and no others.
 *
 * A capability is there if all of them have it; of the change feed only those need one that other processes share.
 * Never offered: marks, because nothing could be marked in several stores at one order, and `scoped`. Closing it closes
 * all of them.
 */
export class RoutingBackend extends CacheBackend {
  readonly name: string;
  readonly #routes: Routes;
  #closed = false;

  /** @throws ConfigurationError, also for a backend with a key mangler of its own: it would be applied to all keys or none */
  constructor(options: RoutingOptions) {
    super();
    checkOptionNames(options, ["name", "routes", "otherwise"], "routing");
    this.name = options.name ?? "routing";
    if (!Array.isArray(options.routes) || options.routes.length === 0) {
      throw new ConfigurationError({ path: "routing.routes", expected: "one route or more", received: options.routes });
    }
    this.#routes = new Routes(options.routes, options.otherwise);
    for (const backend of this.#routes.backends) {
      if (!(backend instanceof CacheBackend) || backend.keyMangler !== undefined) {
        throw new ConfigurationError({
          path: "routing",
          expected: "backends without a key mangler",
          received: backend,
        });
      }
    }
    for (const optional of ["revisions", "clear"] as const) {
      if (this.#all((backend) => backend[optional] !== undefined)) continue;
      Object.defineProperty(this, optional, { value: undefined });
    }
  }

  override get remote(): boolean {
    return !this.#all(({ remote }) => !remote);
  }

  override get shared(): boolean {
    return !this.#all(({ shared }) => !shared);
  }

  override get byReference(): boolean {
    return this.#all(({ byReference }) => byReference);
  }

  override get leases(): LeaseTable | undefined {
    if (!this.#all(({ leases }) => leases !== undefined)) return undefined;
    return {
      renew: (keys, token, ms) => this.#gather(keys, (backend, part) => backend.leases?.renew(part, token, ms) ?? []),
      release: (keys, token, failure) => {
        const released = this.#gather(keys, (backend, part) =>
          andThen(backend.leases?.release(part, token, failure), () => part),
        );
        return andThen(released, () => undefined);
      },
    };
  }

  override get guards(): GuardTable | undefined {
    if (!this.#all(({ guards }) => guards !== undefined)) return undefined;
    return { tickets: (keys) => this.#gather(keys, (backend, part) => backend.guards?.tickets(part) ?? []) };
  }

  override get changes(): ChangeFeed | undefined {
    const feeds = new Map<CacheBackend, ChangeFeed>();
    for (const backend of this.#routes.backends) {
      if (backend.changes !== undefined) feeds.set(backend, backend.changes);
      else if (backend.shared) return undefined;
    }
    return feeds.size === 0 ? undefined : routedFeed(feeds, (key) => this.#routes.backendOf(key));
  }

  override watch(watcher: (incident: BackendIncident) => void): () => void {
    const leave = [super.watch(watcher), ...this.#routes.backends.map((backend) => backend.watch(watcher))];
    return () => {
      for (const one of leave) one();
    };
  }

  get(key: string, context?: ReadContext): Awaitable<Found> {
    return this.#routes.backendOf(key).get(key, context);
  }

  getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]> {
    return this.#read(keys, "getMulti", (backend, part) => backend.getMulti(part, context));
  }

  set(key: string, value: CachedValue, context?: WriteContext): Awaitable<WriteOutcome | void> {
    return this.#routes.backendOf(key).set(key, value, context);
  }

  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Awaitable<WriteOutcomes | void> {
    return this.#write([...mapping.keys()], "setMulti", (backend, keys) =>
      backend.setMulti(new Map(keys.map((key) => [key, mapping.get(key) as CachedValue])), context),
    );
  }

  delete(key: string, context?: WriteContext): Awaitable<WriteOutcome | void> {
    return this.#routes.backendOf(key).delete(key, context);
  }

  deleteMulti(keys: readonly string[], context?: WriteContext): Awaitable<WriteOutcomes | void> {
    return this.#write(keys, "deleteMulti", (backend, part) => backend.deleteMulti(part, context));
  }

  override revisions(
    keys: readonly string[],
    context?: ReadContext,
  ): Awaitable<readonly (Order | NoValue | ReadFailure)[]> {
    return this.#read<Order | NoValue>(keys, "revisions", (backend, part) => backend.revisions?.(part, context) ?? []);
  }

  /** Clears all of them, also what they hold for keys that are routed elsewhere. */
  override clear(): Awaitable<void> {
    return andThen(allOf(this.#routes.backends.map((backend) => backend.clear?.())), () => undefined);
  }

  override getMutex(key: string): CacheMutex | null {
    return this.#routes.backendOf(key).getMutex(key);
  }

  override hasLockTimeout(): boolean {
    return !this.#all((backend) => !backend.hasLockTimeout());
  }

  /** That of the worst of them. */
  override health(): BackendHealth {
    const all = this.#routes.backends.map((backend) => ({ name: backend.name, health: backend.health() }));
    const worst = all.reduce((a, b) => (severity[b.health.state] > severity[a.health.state] ? b : a));
    const { state, since, why } = worst.health;
    return state === "up"
      ? worst.health
      : { state, since, why: why === undefined ? worst.name : `${worst.name}: ${why}` };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closed = await Promise.allSettled(this.#routes.backends.map(async (backend) => backend.close()));
    for (const one of closed) if (one.status === "rejected") throw one.reason;
  }

  /** The others' own ClosedErrors would be taken for failures of some keys. */
  #check(): void {
    if (this.#closed) throw new ClosedError(`the backend "${this.name}"`);
  }

  #all(holds: (backend: CacheBackend) => boolean): boolean {
    return this.#routes.backends.every(holds);
  }

  /** Answers in the order of the keys. */
  #gather<T>(
    keys: readonly string[],
    ask: (backend: CacheBackend, keys: readonly string[]) => Awaitable<readonly T[]>,
  ): Awaitable<readonly T[]> {
    const parts = [...this.#routes.split(keys)];
    return andThen(allOf(parts.map(([backend, { keys: part }]) => ask(backend, part))), (answers) => {
      const all = new Array<T>(keys.length);
      parts.forEach(([, { places }], index) => {
        places.forEach((place, at) => {
          all[place] = answers[index]?.[at] as T;
        });
      });
      return all;
    });
  }

  #read<T = CachedValue | NoValue>(
    keys: readonly string[],
    operation: string,
    ask: (backend: CacheBackend, keys: readonly string[]) => Awaitable<readonly (T | ReadFailure)[]>,
  ): Awaitable<readonly (T | ReadFailure)[]> {
    this.#check();
    return this.#gather(keys, (backend, part) => {
      const failures = (error: unknown) => {
        const failure = new ReadFailure(backend.name, asCacheError(error, backend.name, operation, part.length));
        return part.map(() => failure);
      };
      return attempt(() => ask(backend, part), failures);
    });
  }

  #write(
    keys: readonly string[],
    operation: string,
    ask: (backend: CacheBackend, keys: readonly string[]) => Awaitable<WriteOutcomes | void>,
  ): Awaitable<WriteOutcomes | void> {
    this.#check();
    const parts = [...this.#routes.split(keys)].map(([backend, { keys: part }]) => {
      const failed = (error: unknown): WriteOutcomes => {
        const outcome: WriteOutcome = {
          status: "failed",
          error: asCacheError(error, backend.name, operation, part.length),
        };
        return new Map(part.map((key) => [key, outcome]));
      };
      return attempt(() => ask(backend, part), failed);
    });
    return andThen(allOf(parts), (all) => new Map(all.flatMap((outcomes) => [...(outcomes ?? [])])));
  }
}
