import {
  aClock,
  aFlag,
  aFunction,
  aSerializer,
  aText,
  type Clock,
  ConfigurationError,
  checkOptionNames,
  type Duration,
  durationMs,
  type KeyMangler,
  type Kind,
  type Mistake,
  type Serializer,
  type Size,
  sizeBytes,
  systemClock,
  wrongKinds,
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

const aStore = (value: unknown) => isKeyv(value) || isKeyvStorage(value);
const kinds: Readonly<Record<string, Kind>> = {
  store: { expected: "a Keyv, a Keyv storage adapter or a Map", accepts: aStore },
  name: aText,
  serializer: aSerializer,
  keyMangler: aFunction,
  clearStore: aFlag,
  closeStore: aFlag,
  clock: aClock,
};

/** @throws ConfigurationError with every mistake that the options hold */
export function resolveKeyvOptions(options: KeyvBackendOptions): ResolvedKeyvOptions {
  checkOptionNames(options, keyvOptionNames, "keyv");
  const mistakes: Mistake[] = [...wrongKinds({ ...options, store: options.store ?? null }, kinds, "keyv")];
  const { store, name = "keyv", maxEntrySize, closeStore = false } = options;
  const positive = (read: () => number, path: string, expected: string, received: unknown): number => {
    try {
      const value = read();
      if (!(value > 0)) mistakes.push({ path: `keyv.${path}`, expected, received });
      return value;
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      mistakes.push(...error.mistakes);
      return Number.NaN;
    }
  };
  const deadline = options.deadline ?? "250ms";
  const deadlineMs = positive(() => durationMs(deadline, "keyv.deadline"), "deadline", "a time above 0", deadline);
  const maxEntryBytes =
    maxEntrySize === undefined
      ? Number.POSITIVE_INFINITY
      : positive(() => sizeBytes(maxEntrySize, "keyv.maxEntrySize"), "maxEntrySize", "a size above 0", maxEntrySize);
  if (closeStore === true && aStore(store) && !hasMethod(store, "disconnect"))
    mistakes.push({ path: "keyv.closeStore", expected: "a store that can disconnect", received: closeStore });
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
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
