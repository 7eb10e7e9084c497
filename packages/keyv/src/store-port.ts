import { ConfigurationError, SerializationError, textOf } from "@cascata/core";
import { ErrorWatch } from "./error-watch.ts";
import { coderOf, type KeyvCoder } from "./keyv-coder.ts";
import { isKeyv, isKeyvStorage, isObject, type KeyvStorage, type StorageEntry } from "./keyv-like.ts";

/** A text to be kept, and for how long. */
export interface PortWrite {
  readonly key: string;
  readonly text: string;
  /** Above 0; `Infinity`: for good. */
  readonly ttlMs: number;
}

/** What a key holds: a text of ours, nothing, or something that is not ours. Or it could not be read. */
export type PortRead = string | undefined | Unreadable | Failed;

/** Something stands under a key that Keyv or we can't make sense of. */
export class Unreadable {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** The store failed for this key. */
export class Failed {
  readonly error: unknown;
  /** It said no, so nothing has changed; otherwise a write may have happened. */
  readonly refused: boolean;

  constructor(error: unknown, refused = false) {
    this.error = error;
    this.refused = refused;
  }
}

/** Above this a store's arithmetic on instants would lose milliseconds; thirty thousand years are "for good". */
const longestTtl = 1e15;

/**
 * One way to speak with the stores of both Keyv majors, with or without a Keyv before them.
 *
 * It calls the store, not the Keyv: a Keyv answers a failed read like a miss, deletes what it finds expired by its own clock,
 * and (5.6) prefixes a single key otherwise than many. Values go through the Keyv's own serializer, compression and
 * encryption, keys get its prefix, its ttl caps ours; its hooks and statistics are passed by.
 */
export class StorePort {
  readonly store: KeyvStorage;
  /** The Keyv's own default ttl. */
  readonly ttlCapMs: number;
  readonly #coder: KeyvCoder;
  readonly #disconnect: () => unknown;
  readonly #watch: ErrorWatch;
  /** The adapter itself: Keyv 6 puts a bridge before one of major 5. */
  readonly #adapter: { readonly namespace?: unknown };
  readonly #namespace: unknown;
  readonly #takesInstants: boolean;

  /** @throws ConfigurationError if `source` is neither a Keyv nor a store */
  constructor(source: unknown, tell: (error: unknown) => void) {
    const keyv = isKeyv(source) ? source : undefined;
    const store = keyv === undefined ? source : keyv.store;
    if (!isKeyvStorage(store)) {
      throw new ConfigurationError({ path: "store", expected: "a Keyv or a Keyv storage adapter", received: source });
    }
    this.store = store;
    const inner = (store as { readonly store?: unknown }).store;
    this.#adapter = isObject(inner) && "namespace" in inner ? inner : store;
    this.#namespace = this.#adapter.namespace;
    this.#takesInstants = store.capabilities?.expires === true;
    this.#coder = coderOf(keyv);
    this.#disconnect = () => (keyv === undefined ? store.disconnect?.() : keyv.disconnect());
    const ttl = keyv?.ttl;
    this.ttlCapMs = typeof ttl === "number" && ttl > 0 ? ttl : Number.POSITIVE_INFINITY;
    this.#watch = new ErrorWatch(source, tell);
  }

  /** Whether it is a `Map` of this process in the end. */
  get isMap(): boolean {
    const { store } = this;
    return store instanceof Map || (isObject(store) && store["store"] instanceof Map);
  }

  async get(key: string): Promise<PortRead> {
    const { answer, trouble } = await this.#ask(() => this.store.get(this.#coder.key(key)));
    return trouble !== undefined && isAbsent(answer) ? trouble : await this.#unwrap(answer);
  }

  /** Aligned with `keys`, which hold no duplicates. */
  async getMany(keys: readonly string[]): Promise<readonly PortRead[]> {
    const getMany = this.store.getMany?.bind(this.store);
    if (getMany === undefined) return await Promise.all(keys.map((key) => settle(this.get(key))));
    const { answer, trouble } = await this.#ask(() => getMany(keys.map((key) => this.#coder.key(key))));
    if (!Array.isArray(answer) || answer.length !== keys.length) {
      const cause = trouble?.error;
      throw new Error(`the store answered with ${textOf(answer)} for ${keys.length} keys`, { cause });
    }
    const one = async (row: unknown) => (trouble !== undefined && isAbsent(row) ? trouble : await this.#unwrap(row));
    return await Promise.all(answer.map(one));
  }

  /** @returns `true` once stored */
  async set({ key, text, ttlMs }: PortWrite): Promise<true | Failed> {
    const value = await this.#coder.wrap({ value: text });
    const { answer, trouble } = await this.#ask(() => this.store.set(this.#coder.key(key), value, this.#expiry(ttlMs)));
    return verdict(answer, trouble);
  }

  /** Aligned with `writes`. */
  async setMany(writes: readonly PortWrite[]): Promise<readonly (true | Failed)[]> {
    const setMany = this.store.setMany?.bind(this.store) as ((entries: StorageEntry[]) => unknown) | undefined;
    if (setMany === undefined) return await Promise.all(writes.map((write) => settle(this.set(write))));
    const entries = await Promise.all(writes.map((write) => this.#entry(write)));
    const { answer, trouble } = await this.#ask(() => setMany(entries));
    return writes.map((_, index) => verdict(Array.isArray(answer) ? answer[index] : answer, trouble));
  }

  async delete(key: string): Promise<true | Failed> {
    const { trouble } = await this.#ask(() => this.store.delete(this.#coder.key(key)));
    // `false` says that nothing was there.
    return trouble ?? true;
  }

  /** Aligned with `keys`. */
  async deleteMany(keys: readonly string[]): Promise<readonly (true | Failed)[]> {
    const deleteMany = this.store.deleteMany?.bind(this.store);
    if (deleteMany === undefined) return await Promise.all(keys.map((key) => settle(this.delete(key))));
    const { trouble } = await this.#ask(() => deleteMany(keys.map((key) => this.#coder.key(key))));
    return keys.map(() => trouble ?? true);
  }

  async clear(): Promise<void> {
    const { trouble } = await this.#ask(() => this.store.clear());
    if (trouble !== undefined) throw new Error(`the store failed: ${textOf(trouble.error)}`, { cause: trouble.error });
  }

  /** Ends the store's connections, where it has a way to. */
  async disconnect(): Promise<void> {
    await this.#disconnect();
  }

  /** Stops listening for errors. */
  stop(): void {
    this.#watch.stop();
  }

  /** Calls the store. `trouble`: an error event came meanwhile, perhaps of this call. */
  async #ask(run: () => unknown): Promise<{ readonly answer: unknown; readonly trouble: Failed | undefined }> {
    const received = this.#adapter.namespace;
    if (received !== this.#namespace) {
      const hint = "another Keyv has taken over this adapter; give each an adapter of its own";
      const expected = `${textOf(this.#namespace)}, as it was when the backend was made`;
      throw new ConfigurationError({ path: "store.namespace", expected, received, hint });
    }
    const before = this.#watch.count;
    const answer = await run();
    return { answer, trouble: this.#watch.count === before ? undefined : new Failed(this.#watch.last) };
  }

  #expiry(ttlMs: number): number | undefined {
    if (ttlMs > longestTtl) return undefined;
    // A fraction makes Redis refuse the whole write; 5.6 hands it on as it is.
    const ms = Math.ceil(ttlMs);
    return this.#takesInstants ? Date.now() + ms : ms;
  }

  async #entry({ key, text, ttlMs }: PortWrite): Promise<StorageEntry> {
    const expiry = this.#expiry(ttlMs);
    const entry = { key: this.#coder.key(key), value: await this.#coder.wrap({ value: text }) };
    if (expiry === undefined) return entry;
    return this.#takesInstants ? { ...entry, expires: expiry } : { ...entry, ttl: expiry };
  }

  /** From what a store gave: nothing, a text, bytes of a text, or an envelope that the store has opened itself. */
  async #unwrap(stored: unknown): Promise<PortRead> {
    if (stored === undefined || stored === null) return undefined;
    try {
      const coded = stored instanceof Uint8Array ? new TextDecoder().decode(stored) : stored;
      const envelope = typeof coded === "string" ? await this.#coder.unwrap(coded) : coded;
      const value = isObject(envelope) ? envelope["value"] : undefined;
      if (typeof value === "string") return value;
      return isAbsent(envelope) ? undefined : new Unreadable(new SerializationError("no text of ours stands there"));
    } catch (error) {
      return new Unreadable(error);
    }
  }
}

function isAbsent(answer: unknown): boolean {
  return (
    answer === undefined || answer === null || (isObject(answer) && "value" in answer && answer["value"] === undefined)
  );
}

/**
 * Most stores answer nothing to a write that worked, some `true`. A `true` is no proof: Keyv 6 says it for any store of
 * major 5 that answers nothing, whatever happened.
 */
function verdict(answer: unknown, trouble: Failed | undefined): true | Failed {
  return trouble ?? (answer === false ? new Failed(new Error("the store refused"), true) : true);
}

async function settle<T>(promise: Promise<T>): Promise<T | Failed> {
  return await promise.catch((error: unknown) => new Failed(error));
}
