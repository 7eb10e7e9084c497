/**
 * What is asked of a Keyv storage adapter, of major 5 or 6, or of a `Map`. Every answer may be a promise.
 * Members of both majors differ in their types only, so they are left open here and checked where they are used.
 */
export interface KeyvStorage {
  namespace?: string | undefined;
  /** Major 6: `expires` says that `set` takes an instant; without it, it takes a stretch of time. */
  readonly capabilities?: { readonly expires?: boolean } | undefined;
  get(key: string): unknown;
  set(key: string, value: unknown, expiry?: number): unknown;
  delete(key: string): unknown;
  clear(): unknown;
  getMany?(keys: string[]): unknown;
  /** Is given {@link StorageEntry}s. Typed so that a store may ask for narrower values, texts for instance. */
  setMany?(entries: never[]): unknown;
  deleteMany?(keys: string[]): unknown;
  disconnect?(): unknown;
}

/** One entry of a `setMany`: with `ttl` for a store that counts from now, with `expires` for one that takes an instant. */
export interface StorageEntry {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number;
  readonly expires?: number;
}

/** What is asked of a Keyv instance, of major 5 or 6. */
export interface KeyvLike {
  readonly store: unknown;
  readonly namespace?: string | undefined;
  readonly ttl?: number | undefined;
  /** Major 5: whether the instance itself puts its namespace before each key. */
  readonly useKeyPrefix?: boolean;
  disconnect(): unknown;
}

/** Major 5: its serializer and compression in one. */
export interface Keyv5 extends KeyvLike {
  serializeData(envelope: object): unknown;
  deserializeData(stored: unknown): unknown;
}

/** Major 6: its serializer, compression and encryption, and what it takes out of keys. */
export interface Keyv6 extends KeyvLike {
  encode(envelope: object): unknown;
  readonly serialization?: { parse(text: string): unknown } | undefined;
  readonly compression?: { decompress(text: string): unknown } | undefined;
  readonly encryption?: { decrypt(text: string): unknown } | undefined;
  readonly sanitize?: { readonly enabled: boolean; cleanKey(key: string): string };
}

/** Whether `thing` can be used as a store. */
export function isKeyvStorage(thing: unknown): thing is KeyvStorage {
  return ["get", "set", "delete", "clear"].every((name) => hasMethod(thing, name));
}

/** Whether `thing` is a Keyv instance rather than a store. */
export function isKeyv(thing: unknown): thing is Keyv5 | Keyv6 {
  return isObject(thing) && isKeyvStorage(thing["store"]) && (isKeyv5(thing) || isKeyv6(thing));
}

/** Whether it is one of major 5. */
export function isKeyv5(thing: unknown): thing is Keyv5 {
  return hasMethod(thing, "serializeData") && hasMethod(thing, "deserializeData");
}

function isKeyv6(thing: unknown): thing is Keyv6 {
  return hasMethod(thing, "encode") && hasMethod(thing, "decode");
}

/** Whether `thing` has a method of this name. */
export function hasMethod<N extends string>(
  thing: unknown,
  name: N,
): thing is Record<N, (...args: unknown[]) => unknown> {
  return isObject(thing) && typeof thing[name] === "function";
}

/** Whether `thing` can have members. */
export function isObject(thing: unknown): thing is Record<string, unknown> {
  return typeof thing === "object" && thing !== null;
}
