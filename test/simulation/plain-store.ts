import {
  asCacheError,
  CacheBackend,
  type CachedValue,
  ClosedError,
  type Found,
  NO_VALUE,
  TimeoutError,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
  withDeadline,
} from "@cascata/core";
import type { Connection } from "./network.ts";
import type { SimClock } from "./sim-clock.ts";
import type { PausableClock } from "./world.ts";

/** What a key held, from then on until its next line. Nothing: it was not there. */
export interface Content {
  readonly version: number | undefined;
  readonly from: number;
}

/** A store that keeps values and knows nothing else: no leases, no orders, no feed. It remembers what it held, and when. */
export class PlainStore {
  readonly #clock: SimClock;
  readonly #entries = new Map<string, CachedValue>();
  readonly #history = new Map<string, Content[]>();

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  read(key: string): Found {
    return this.#entries.get(key) ?? NO_VALUE;
  }

  write(key: string, entry: CachedValue): void {
    this.#entries.set(key, entry);
    if (typeof entry.payload === "number") this.#note(key, entry.payload);
  }

  remove(key: string): void {
    this.#entries.delete(key);
    this.#note(key, undefined);
  }

  /** Whether the key held this at any time in that stretch. */
  held(key: string, version: number | undefined, from: number, to: number): boolean {
    const contents = this.#history.get(key) ?? [];
    const until = (index: number) => contents[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    if (version === undefined && (contents[0]?.from ?? Number.POSITIVE_INFINITY) >= from) return true;
    return contents.some((content, index) => content.version === version && content.from <= to && until(index) >= from);
  }

  /** What the key held, line by line. */
  historyOf(key: string): readonly Content[] {
    return this.#history.get(key) ?? [];
  }

  #note(key: string, version: number | undefined): void {
    const contents = this.#history.get(key) ?? [];
    contents.push({ version, from: this.#clock.elapsed });
    this.#history.set(key, contents);
  }
}

/** One process's client of a {@link PlainStore}. */
export class PlainClient extends CacheBackend {
  readonly name = "plain";
  readonly #store: PlainStore;
  readonly #connection: Connection;
  readonly #clock: PausableClock;
  #closed = false;

  constructor(store: PlainStore, connection: Connection, clock: PausableClock) {
    super();
    this.#store = store;
    this.#connection = connection;
    this.#clock = clock;
  }

  async get(key: string): Promise<Found> {
    return await this.#send("get", [key], undefined, () => this.#store.read(key));
  }

  async getMulti(keys: readonly string[]): Promise<readonly Found[]> {
    if (keys.length === 0) return [];
    return await this.#send("getMulti", keys, undefined, () => keys.map((key) => this.#store.read(key)));
  }

  async set(key: string, value: CachedValue, context?: WriteContext): Promise<WriteOutcome | void> {
    return await this.#write("set", [key], context, () => this.#store.write(key, value));
  }

  async setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Promise<WriteOutcomes | void> {
    const outcome = await this.#write("setMulti", [...mapping.keys()], context, () => {
      for (const [key, value] of mapping) this.#store.write(key, value);
    });
    return outcome && new Map([...mapping.keys()].map((key) => [key, outcome]));
  }

  async delete(key: string, context?: WriteContext): Promise<WriteOutcome | void> {
    return await this.#write("delete", [key], context, () => this.#store.remove(key));
  }

  async deleteMulti(keys: readonly string[], context?: WriteContext): Promise<WriteOutcomes | void> {
    if (keys.length === 0) return;
    const outcome = await this.#write("deleteMulti", keys, context, () => {
      for (const key of keys) this.#store.remove(key);
    });
    return outcome && new Map(keys.map((key) => [key, outcome]));
  }

  close(): void {
    this.#closed = true;
  }

  /** Whatever breaks on the way: it may have happened. */
  async #write(
    operation: string,
    keys: readonly string[],
    context: WriteContext | undefined,
    run: () => void,
  ): Promise<WriteOutcome | undefined> {
    try {
      await this.#send(operation, keys, context?.deadline, run);
      return undefined;
    } catch (error) {
      return { status: "unknown", error: asCacheError(error, this.name, operation, keys.length) };
    }
  }

  async #send<T>(operation: string, keys: readonly string[], deadline: number | undefined, run: () => T): Promise<T> {
    if (this.#closed) throw new ClosedError(this.name);
    const leftMs = (deadline ?? Number.POSITIVE_INFINITY) - this.#clock.now();
    if (leftMs <= 0) throw new TimeoutError(operation, 0);
    const answer = this.#clock.gated(this.#connection.transport({ operation, keys, run }));
    return await withDeadline(answer, leftMs, this.#clock, operation);
  }
}
