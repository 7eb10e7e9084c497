import {
  CacheBackend,
  type CachedValue,
  type Clock,
  ClosedError,
  type Found,
  isNoValue,
  NO_VALUE,
  remainingLifeMs,
  systemClock,
  ValidationError,
  type WriteContext,
} from "@cascata/core";

/** Options of {@link MapBackend}. */
export interface MapBackendOptions {
  /** @default "map" */
  readonly name?: string;
  /** @default systemClock */
  readonly clock?: Clock;
}

interface Slot {
  readonly entry: CachedValue;
  readonly expiresAt: number;
}

/**
 * The simplest honest backend: a `Map`, synchronous, unbounded, keeping the objects that it is given. It is what other
 * backends are compared with, and what proxies are tested around. Not for production: nothing limits its size.
 */
export class MapBackend extends CacheBackend {
  readonly name: string;
  readonly #clock: Clock;
  readonly #slots = new Map<string, Slot>();
  #closed = false;

  constructor(options: MapBackendOptions = {}) {
    super();
    this.name = options.name ?? "map";
    this.#clock = options.clock ?? systemClock;
  }

  override get remote(): boolean {
    return false;
  }

  override get shared(): boolean {
    return false;
  }

  override get byReference(): boolean {
    return true;
  }

  /** How many entries it holds, those whose life is over included until they are asked for. */
  get size(): number {
    return this.#slots.size;
  }

  get(key: string): Found {
    this.#check();
    return this.#read(key);
  }

  getMulti(keys: readonly string[]): readonly Found[] {
    this.#check();
    return keys.map((key) => this.#read(key));
  }

  set(key: string, value: CachedValue, context?: WriteContext): void {
    this.#check();
    checkStorable(key, value);
    this.#store(key, value, context?.keepMs);
  }

  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): void {
    this.#check();
    for (const [key, value] of mapping) checkStorable(key, value);
    for (const [key, value] of mapping) this.#store(key, value, context?.keepMs);
  }

  delete(key: string): void {
    this.#check();
    this.#slots.delete(key);
  }

  deleteMulti(keys: readonly string[]): void {
    this.#check();
    for (const key of keys) this.#slots.delete(key);
  }

  override clear(): void {
    this.#check();
    this.#slots.clear();
  }

  close(): void {
    this.#closed = true;
    this.#slots.clear();
  }

  #check(): void {
    if (this.#closed) throw new ClosedError(`the backend "${this.name}"`);
  }

  #read(key: string): Found {
    const slot = this.#slots.get(key);
    return slot === undefined || slot.expiresAt < this.#clock.now() ? NO_VALUE : slot.entry;
  }

  #store(key: string, entry: CachedValue, keepMs = Number.POSITIVE_INFINITY): void {
    const now = this.#clock.now();
    const life = Math.min(keepMs, remainingLifeMs(entry.metadata, now));
    if (life > 0) this.#slots.set(key, { entry, expiresAt: now + life });
    else this.#slots.delete(key);
  }
}

/** @throws ValidationError if the payload is NO_VALUE: "nothing" is not stored, it is deleted */
export function checkStorable(key: string, value: CachedValue): void {
  if (!isNoValue(value.payload)) return;
  throw new ValidationError({
    path: `value of ${JSON.stringify(key)}`,
    expected: "a storable value",
    received: "NO_VALUE",
  });
}
