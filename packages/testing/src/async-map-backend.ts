import { Buffer } from "node:buffer";
import {
  type Awaitable,
  CacheBackend,
  CachedValue,
  type CacheMetadata,
  type Found,
  type ReadContext,
  type WriteContext,
} from "@cascata/core";
import { checkStorable, MapBackend, type MapBackendOptions } from "./map-backend.ts";

/**
 * A {@link MapBackend} that behaves like a store elsewhere: every answer is a promise, what is stored is a copy, and
 * what is read is another one. Payloads are copied by `structuredClone`, so functions and symbols are refused.
 */
export class AsyncMapBackend extends CacheBackend {
  readonly #map: MapBackend;
  readonly #copy: (payload: unknown) => unknown;

  constructor(options: MapBackendOptions & { readonly copy?: (payload: unknown) => unknown } = {}) {
    super();
    this.#map = new MapBackend({ name: "async-map", ...options });
    this.#copy = options.copy ?? copyOf;
  }

  get name(): string {
    return this.#map.name;
  }

  async get(key: string, _context?: ReadContext): Promise<Found> {
    return this.#copied(this.#map.get(key));
  }

  async getMulti(keys: readonly string[], _context?: ReadContext): Promise<readonly Found[]> {
    return this.#map.getMulti(keys).map((found) => this.#copied(found));
  }

  async set(key: string, value: CachedValue, context?: WriteContext): Promise<void> {
    checkStorable(key, value);
    this.#map.set(key, this.#entry(value), context);
  }

  async setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Promise<void> {
    for (const [key, value] of mapping) checkStorable(key, value);
    this.#map.setMulti(new Map([...mapping].map(([key, value]) => [key, this.#entry(value)])), context);
  }

  async delete(key: string, _context?: WriteContext): Promise<void> {
    this.#map.delete(key);
  }

  async deleteMulti(keys: readonly string[], _context?: WriteContext): Promise<void> {
    this.#map.deleteMulti(keys);
  }

  override async clear(): Promise<void> {
    this.#map.clear();
  }

  close(): Awaitable<void> {
    this.#map.close();
  }

  #copied(found: Found): Found {
    return found instanceof CachedValue ? this.#entry(found) : found;
  }

  #entry(value: CachedValue): CachedValue {
    return new CachedValue(this.#copy(value.payload), copiedMetadata(value.metadata));
  }
}

/**
 * A copy of a payload that shares nothing with it. Containers are walked, so that a `Buffer` inside stays a `Buffer`;
 * leaves are copied by `structuredClone`.
 */
export function copyOf(payload: unknown): unknown {
  if (typeof payload !== "object" || payload === null) return structuredClone(payload);
  if (Array.isArray(payload)) return Array.from(payload, copyOf);
  if (payload instanceof Map) return new Map([...payload].map(([key, value]) => [copyOf(key), copyOf(value)]));
  if (payload instanceof Set) return new Set([...payload].map(copyOf));
  if (Buffer.isBuffer(payload)) return Buffer.from(payload);
  const prototype: unknown = Object.getPrototypeOf(payload);
  if (prototype !== Object.prototype && prototype !== null) return structuredClone(payload);
  return Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, copyOf(value)]));
}

/** A copy of an entry's metadata, its tags and orders included. */
export function copiedMetadata(metadata: CacheMetadata): CacheMetadata {
  return structuredClone(metadata);
}
