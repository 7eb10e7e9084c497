import type { WriteContext } from "@cascata/core";
import {
  CacheBackend,
  type CachedValue,
  ClosedError,
  type Found,
  NO_VALUE,
  remainingLifeMs,
  richSerializer,
  Wire,
} from "@cascata/core";

/**
 * A backend of one's own, over a Map of bytes. Three ideas: answer NO_VALUE for what isn't there, nothing from a write
 * that worked, and throw when the store fails. `Wire` turns entries into bytes that can't be mistaken for others.
 */
export class BytesBackend extends CacheBackend {
  readonly name = "bytes";
  readonly #wire = new Wire({ serializer: richSerializer });
  #store: Map<string, { readonly bytes: Uint8Array; readonly until: number }> | undefined = new Map();

  /** It answers from this process: it can't hang. */
  override get remote(): boolean {
    return false;
  }

  /** No other process sees what it holds. */
  override get shared(): boolean {
    return false;
  }

  get(key: string): Found {
    const kept = this.#open().get(key);
    return kept === undefined || kept.until <= Date.now() ? NO_VALUE : this.#wire.decode(key, kept.bytes);
  }

  getMulti(keys: readonly string[]): readonly Found[] {
    return keys.map((key) => this.get(key));
  }

  set(key: string, entry: CachedValue, { keepMs = Number.POSITIVE_INFINITY }: WriteContext = {}): void {
    const store = this.#open();
    const lifeMs = Math.min(keepMs, remainingLifeMs(entry.metadata, Date.now()));
    if (lifeMs > 0) store.set(key, { bytes: this.#wire.encode(key, entry), until: Date.now() + lifeMs });
    else store.delete(key);
  }

  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): void {
    for (const [key, entry] of mapping) this.set(key, entry, context);
  }

  delete(key: string): void {
    this.#open().delete(key);
  }

  deleteMulti(keys: readonly string[]): void {
    for (const key of keys) this.delete(key);
  }

  close(): void {
    this.#store = undefined;
  }

  #open() {
    if (this.#store === undefined) throw new ClosedError("the bytes backend");
    return this.#store;
  }
}
