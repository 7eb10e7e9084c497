import {
  asCacheError,
  CacheBackend,
  type CachedValue,
  ClosedError,
  type Found,
  type KeyMangler,
  type MarkTable,
  NO_VALUE,
  type ReadContext,
  ReadFailure,
  TimeoutError,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
  withDeadline,
} from "@cascata/core";
import { EntryCodec, type Unwritten } from "./entry-codec.ts";
import { type KeyvBackendOptions, type ResolvedKeyvOptions, resolveKeyvOptions } from "./keyv-options.ts";
import { entryKey } from "./store-keys.ts";
import { StoreMarks } from "./store-marks.ts";
import { Failed, type PortRead, type PortWrite, StorePort, Unreadable } from "./store-port.ts";

const tooLarge: WriteOutcome = Object.freeze({ status: "refused", why: "too-large" });

/**
 * Any Keyv, or any store made for Keyv, as a backend.
 *
 *  - Every storable value comes back the same, from any store that keeps texts.
 *  - A failed read is a failure where the store shows it: by throwing, or by an `error` event during the call.
 *  - A read never deletes. Entries carry their expiry, and the store's own ttl, rounded up, takes them away.
 *  - An `error` event of the Keyv, the store or its client ends no process while the backend is open.
 *  - What is foreign, damaged or another key's is a miss and an incident.
 *
 * A plain store counts nothing and announces nothing: there are no leases, revisions or change feed, and marks are compared
 * by the clocks of the processes. Two backends on one namespace see each other's entries, as two processes would.
 */
export class KeyvBackend extends CacheBackend {
  readonly name: string;
  readonly #options: ResolvedKeyvOptions;
  readonly #port: StorePort;
  readonly #codec: EntryCodec;
  readonly #marks: StoreMarks;
  readonly #local: boolean;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError naming the option */
  constructor(options: KeyvBackendOptions) {
    super();
    const resolved = resolveKeyvOptions(options);
    this.name = resolved.name;
    this.#options = resolved;
    this.#port = new StorePort(resolved.store, (error) => this.report("store-error", { error }));
    this.#codec = new EntryCodec(resolved, this.#port.ttlCapMs);
    this.#local = this.#port.isMap;
    this.#marks = new StoreMarks(this.#port, this.name, (operation, count, run) =>
      this.#bounded(operation, count, undefined, run),
    );
    if (!resolved.clearStore) Object.defineProperty(this, "clear", { value: undefined });
  }

  /** Builds one from `<prefix>store`, `<prefix>name` and so on; see {@link KeyvBackendOptions}. */
  static fromConfig(config: Readonly<Record<string, unknown>>, prefix: string): KeyvBackend {
    const own = Object.entries(config).filter(([name]) => name.startsWith(prefix));
    const options = Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
    return new KeyvBackend(options as unknown as KeyvBackendOptions);
  }

  /** `false` for a `Map`. */
  override get remote(): boolean {
    return !this.#local;
  }

  /** `false` for a `Map`. */
  override get shared(): boolean {
    return !this.#local;
  }

  override get keyMangler(): KeyMangler | undefined {
    return this.#options.keyMangler;
  }

  override get marks(): MarkTable {
    return this.#marks;
  }

  async get(key: string, context?: ReadContext): Promise<Found> {
    const read = await this.#bounded("get", 1, context, () => this.#port.get(entryKey(key)));
    return this.#found(key, read, "get");
  }

  async getMulti(keys: readonly string[], context?: ReadContext): Promise<readonly Found[]> {
    this.#check();
    if (keys.length === 0) return [];
    const unique = [...new Set(keys)];
    const reads = await this.#bounded("getMulti", unique.length, context, () =>
      this.#port.getMany(unique.map(entryKey)),
    );
    const found = new Map(unique.map((key, index) => [key, this.#found(key, reads[index], "getMulti")]));
    return keys.map((key) => found.get(key) ?? NO_VALUE);
  }

  async set(key: string, value: CachedValue, context?: WriteContext): Promise<WriteOutcome | void> {
    const write = this.#codec.write(key, value, context?.keepMs);
    if (write === "over") return await this.delete(key, context);
    if (write === "too-large") {
      await this.delete(key, context);
      return tooLarge;
    }
    const done = await this.#bounded("set", 1, context, () => this.#port.set(write));
    return done === true ? undefined : this.#outcome(done, "set");
  }

  async setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Promise<WriteOutcomes | void> {
    this.#check();
    if (mapping.size === 0) return;
    const outcomes = new Map<string, WriteOutcome>();
    const writes: [string, PortWrite][] = [];
    const drops: string[] = [];
    for (const [key, value] of mapping) {
      const write = this.#tried(key, value, context?.keepMs, outcomes);
      if (typeof write === "object") writes.push([key, write]);
      else if (write !== undefined) drops.push(key);
      if (write === "too-large") outcomes.set(key, tooLarge);
    }
    const dropped = drops.length === 0 ? undefined : await this.deleteMulti(drops, context);
    for (const [key, outcome] of dropped ?? []) outcomes.set(key, outcome);
    if (writes.length > 0) {
      const texts = writes.map(([, write]) => write);
      const done = await this.#bounded("setMulti", writes.length, context, () => this.#port.setMany(texts));
      this.#collect(
        writes.map(([key]) => key),
        done,
        "setMulti",
        outcomes,
      );
    }
    return outcomes.size === 0 ? undefined : outcomes;
  }

  async delete(key: string, context?: WriteContext): Promise<WriteOutcome | void> {
    const done = await this.#bounded("delete", 1, context, () => this.#port.delete(entryKey(key)));
    return done === true ? undefined : this.#outcome(done, "delete");
  }

  async deleteMulti(keys: readonly string[], context?: WriteContext): Promise<WriteOutcomes | void> {
    this.#check();
    const unique = [...new Set(keys)];
    if (unique.length === 0) return;
    const outcomes = new Map<string, WriteOutcome>();
    const done = await this.#bounded("deleteMulti", unique.length, context, () =>
      this.#port.deleteMany(unique.map(entryKey)),
    );
    this.#collect(unique, done, "deleteMulti", outcomes);
    return outcomes.size === 0 ? undefined : outcomes;
  }

  /** There only with `clearStore`: calls the store's own, which takes the marks too. */
  override async clear(): Promise<void> {
    await this.#bounded("clear", 0, undefined, () => this.#port.clear());
  }

  /** Stops listening to the store; disconnects it where `closeStore` asks for it. */
  async close(): Promise<void> {
    this.#closing ??= this.#closeStore();
    await this.#closing;
  }

  async #closeStore(): Promise<void> {
    try {
      if (this.#options.closeStore) await this.#port.disconnect();
    } finally {
      this.#port.stop();
    }
  }

  #check(): void {
    if (this.#closing !== undefined) throw new ClosedError(`the backend "${this.name}"`);
  }

  /** Sends nothing once the deadline has passed, and waits no longer than it. */
  async #bounded<T>(
    operation: string,
    count: number,
    context: { readonly deadline?: number } | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    this.#check();
    const { clock, deadlineMs } = this.#options;
    const what = `${this.name}: ${operation}`;
    const ms = Math.min(deadlineMs, (context?.deadline ?? Number.POSITIVE_INFINITY) - clock.now());
    if (ms <= 0) throw new TimeoutError(what, 0);
    try {
      return await withDeadline(run(), ms, clock, what);
    } catch (error) {
      throw asCacheError(error, this.name, operation, count);
    }
  }

  /** What to write; one key's failure is that key's. */
  #tried(
    key: string,
    entry: CachedValue,
    keepMs: number | undefined,
    outcomes: Map<string, WriteOutcome>,
  ): PortWrite | Unwritten | undefined {
    try {
      return this.#codec.write(key, entry, keepMs);
    } catch (error) {
      outcomes.set(key, { status: "failed", error: asCacheError(error, this.name, "setMulti", 1) });
      return undefined;
    }
  }

  #found(key: string, read: PortRead, operation: string): Found {
    if (read === undefined) return NO_VALUE;
    if (read instanceof Failed) return new ReadFailure(this.name, asCacheError(read.error, this.name, operation, 1));
    try {
      if (read instanceof Unreadable) throw read.error;
      return this.#codec.read(key, read);
    } catch (error) {
      this.report("unreadable-entry", { key, error });
      return NO_VALUE;
    }
  }

  #collect(
    keys: readonly string[],
    done: readonly (true | Failed)[],
    operation: string,
    outcomes: Map<string, WriteOutcome>,
  ) {
    keys.forEach((key, index) => {
      const one = done[index];
      if (one instanceof Failed) outcomes.set(key, this.#outcome(one, operation));
    });
  }

  #outcome(failed: Failed, operation: string): WriteOutcome {
    const error = asCacheError(failed.error, this.name, operation, 1);
    return { status: failed.refused ? "failed" : "unknown", error };
  }
}
