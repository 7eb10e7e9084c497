import { describe, it } from "node:test";
import {
  CacheBackend,
  type CachedValue,
  ClosedError,
  type Found,
  isNoValue,
  NO_VALUE,
  remainingLifeMs,
} from "@cascata/core";
import { backendCases, describeConformance, ManualClock } from "@cascata/testing";

const clock = new ManualClock();

/** The backend under test: whatever it is made of, it answers `NO_VALUE` for what isn't there and throws when it fails. */
class ListBackend extends CacheBackend {
  readonly name = "list";
  #rows: { key: string; value: CachedValue; until: number }[] = [];
  #closed = false;

  override get byReference(): boolean {
    return true;
  }
  get(key: string): Found {
    if (this.#closed) throw new ClosedError("the list");
    return this.#rows.find((row) => row.key === key && row.until > clock.now())?.value ?? NO_VALUE;
  }
  getMulti(keys: readonly string[]): readonly Found[] {
    return keys.map((key) => this.get(key));
  }
  set(key: string, value: CachedValue, { keepMs = Number.POSITIVE_INFINITY } = {}): void {
    if (isNoValue(value.payload)) throw new TypeError("nothing to store");
    this.delete(key);
    const life = Math.min(keepMs, remainingLifeMs(value.metadata, clock.now()));
    if (life > 0) this.#rows.push({ key, value, until: clock.now() + life });
  }
  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: { readonly keepMs?: number }): void {
    for (const [key, value] of mapping) this.set(key, value, context);
  }
  delete(key: string): void {
    if (this.#closed) throw new ClosedError("the list");
    this.#rows = this.#rows.filter((row) => row.key !== key);
  }
  deleteMulti(keys: readonly string[]): void {
    for (const key of keys) this.delete(key);
  }
  close(): void {
    this.#closed = true;
  }
}

// Its test. A case that the backend can't pass yet is skipped by name, with the reason; the runner counts it.
describeConformance(
  backendCases,
  { open: () => new ListBackend(), clock, advance: (ms) => clock.advance(ms) },
  {
    describe,
    it,
    title: "ListBackend",
    skip: {
      "NO_VALUE is refused as a payload, by that key alone, and nothing is stored for it": "throws a plain TypeError",
    },
  },
);
