import {
  type Clock,
  ConfigurationError,
  checkOptionNames,
  type Duration,
  durationMs,
  type KeyMangler,
  type Serializer,
  type Size,
  sizeBytes,
  systemClock,
} from "@cascata/core";
import { hasMethod, isKeyv, isKeyvStorage, type KeyvLike, type KeyvStorage } from "./keyv-like.ts";

/** What a {@link KeyvBackend} takes. */
export interface KeyvBackendOptions {
  /** A Keyv of major 5 or 6, a storage adapter of either, or a `Map`. */
  readonly store: KeyvLike | KeyvStorage;
  /** @default "keyv" */
  readonly name?: string;
  /**
   * No operation takes longer, whatever the store does: a Keyv before a dead server may never answer. `Infinity`: no limit.
   * @default "250ms"
   */
  readonly deadline?: Duration;
  /** Payloads to bytes. @default richSerializer, with which every storable value comes back the same */
  readonly serializer?: Serializer;
  /** A larger entry is refused (`too-large`) and its key is deleted, so that no old value stays. @default no limit */
  readonly maxEntrySize?: Size;
  /** Applied to keys by the region: for stores that take short keys or few characters. */
  readonly keyMangler?: KeyMangler;
  /**
   * Whether the backend has a `clear`, which calls the store's own. Most adapters then walk all keys of the server (a second
   * for a million foreign keys on Redis) and it is not atomic. Without it, a region clears by a mark, at once.
   * @default false
   */
  readonly clearStore?: boolean;
  /** Whether `close` disconnects the store too. @default false: who made it closes it */
  readonly closeStore?: boolean;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** All options, checked and with their defaults. */
export interface ResolvedKeyvOptions {
  readonly store: unknown;
  readonly name: string;
  readonly deadlineMs: number;
  readonly serializer: Serializer | undefined;
  readonly maxEntryBytes: number;
  readonly keyMangler: KeyMangler | undefined;
  readonly clearStore: boolean;
  readonly closeStore: boolean;
  readonly clock: Clock;
}

/** The names of all options. */
export const keyvOptionNames: readonly string[] = [
  "store",
  "name",
  "deadline",
  "serializer",
  "maxEntrySize",
  "keyMangler",
  "clearStore",
  "closeStore",
  "clock",
];

/** @throws ConfigurationError naming the option */
export function resolveKeyvOptions(options: KeyvBackendOptions): ResolvedKeyvOptions {
  checkOptionNames(options, keyvOptionNames, "keyv");
  const { store, name = "keyv", deadline = "250ms", maxEntrySize, closeStore = false } = options;
  const expect = (ok: boolean, path: string, expected: string, received: unknown) => {
    if (!ok) throw new ConfigurationError({ path: `keyv.${path}`, expected, received });
  };
  expect(isKeyv(store) || isKeyvStorage(store), "store", "a Keyv, a Keyv storage adapter or a Map", store);
  expect(typeof name === "string" && name !== "", "name", "a name", name);
  const deadlineMs = durationMs(deadline, "keyv.deadline");
  expect(deadlineMs > 0, "deadline", "a time above 0", deadline);
  const maxEntryBytes =
    maxEntrySize === undefined ? Number.POSITIVE_INFINITY : sizeBytes(maxEntrySize, "keyv.maxEntrySize");
  expect(maxEntryBytes > 0, "maxEntrySize", "a size above 0", maxEntrySize);
  expect(!closeStore || hasMethod(store, "disconnect"), "closeStore", "a store that can disconnect", closeStore);
  return Object.freeze({
    store,
    name,
    deadlineMs,
    serializer: options.serializer,
    maxEntryBytes,
    keyMangler: options.keyMangler,
    clearStore: options.clearStore ?? false,
    closeStore,
    clock: options.clock ?? systemClock,
  });
}
