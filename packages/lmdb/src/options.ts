import {
  aSerializer,
  type Clock,
  ConfigurationError,
  checkOptionNames,
  type Duration,
  durationMs,
  type KeyMangler,
  type Mistake,
  richSerializer,
  type Serializer,
  type Size,
  sizeBytes,
  systemClock,
} from "@cascata/core";

/** What to do with a file that is no LMDB file, is cut short, or brings LMDB down. */
export const damagePolicies = ["refuse", "rebuild"] as const;
export type DamagePolicy = (typeof damagePolicies)[number];

/** Options of {@link LmdbBackend}. */
export interface LmdbBackendOptions {
  /** The file. Made when it isn't there, with its folders; LMDB keeps a second one beside it, ending in `-lock`. */
  readonly path: string;
  /**
   * The file grows to this and no further: expired entries and then the oldest make room. From `"1mb"` on.
   * @default "1gb"
   */
  readonly maxSize?: Size;
  /** A larger entry is refused (`too-large`), and what was there of its key is dropped. @default an eighth of `maxSize` */
  readonly maxEntrySize?: Size;
  /** @default "lmdb" */
  readonly name?: string;
  /** How payloads become bytes. All processes on one file need the same. @default core's rich serializer */
  readonly serializer?: Serializer;
  /** Applied by the region to each key. */
  readonly keyMangler?: KeyMangler;
  /**
   * A damaged file is `refuse`d with an error, or set aside (renamed) and `rebuild`t empty. What isn't a file at all, a
   * folder, a pipe, a device, is always refused.
   * @default "refuse"
   */
  readonly onDamage?: DamagePolicy;
  /**
   * How often the file is looked at for changes by other processes, while somebody subscribes to the feed; a look costs
   * some microseconds.
   * @default "5ms"
   */
  readonly pollEvery?: Duration;
  /** How long a mutex of `getMutex` is held at most, should its owner hang. @default "30s" */
  readonly lockTimeout?: Duration;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

/** All options, checked and with their defaults. */
export interface ResolvedLmdbOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
  readonly name: string;
  readonly serializer: Serializer;
  readonly keyMangler: KeyMangler | undefined;
  readonly onDamage: DamagePolicy;
  readonly pollMs: number;
  readonly lockTimeoutMs: number;
  readonly clock: Clock;
}

/** The names of all options. */
export const lmdbOptionNames: readonly (keyof LmdbBackendOptions)[] = [
  "path",
  "maxSize",
  "maxEntrySize",
  "name",
  "serializer",
  "keyMangler",
  "onDamage",
  "pollEvery",
  "lockTimeout",
  "clock",
];

const leastBytes = 1024 ** 2;

/** @throws ConfigurationError with every mistake that the options hold */
export function resolveLmdbOptions(options: LmdbBackendOptions): ResolvedLmdbOptions {
  const mistakes: Mistake[] = [];
  const collect = <T>(read: () => T, instead: T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      mistakes.push(...error.mistakes);
      return instead;
    }
  };
  const expect = (ok: boolean, path: string, expected: string, received: unknown) => {
    if (!ok) mistakes.push({ path, expected, received });
  };
  collect(() => checkOptionNames(options, lmdbOptionNames, "options"), undefined);
  if (typeof options !== "object" || options === null) throw new ConfigurationError(mistakes);
  const {
    path,
    name = "lmdb",
    maxSize = "1gb",
    maxEntrySize,
    serializer = richSerializer,
    keyMangler,
    onDamage = "refuse",
  } = options;
  expect(typeof path === "string" && path !== "" && !path.includes("\0"), "path", "the path of a file", path);
  expect(typeof name === "string" && name !== "", "name", "a name", name);
  const maxBytes = collect(() => sizeBytes(maxSize, "maxSize"), leastBytes);
  expect(maxBytes >= leastBytes && maxBytes <= 2 ** 46, "maxSize", `a size from "1mb" to "64tb"`, maxSize);
  const maxEntryBytes =
    maxEntrySize === undefined
      ? Math.floor(maxBytes / 8)
      : collect(() => sizeBytes(maxEntrySize, "maxEntrySize"), maxBytes / 8);
  expect(
    maxEntryBytes > 0 && maxEntryBytes <= maxBytes / 4,
    "maxEntrySize",
    "at most a quarter of maxSize",
    maxEntrySize,
  );
  expect(aSerializer.accepts(serializer), "serializer", aSerializer.expected, serializer);
  expect(keyMangler === undefined || typeof keyMangler === "function", "keyMangler", "a function", keyMangler);
  expect(damagePolicies.includes(onDamage), "onDamage", damagePolicies.map((one) => `"${one}"`).join(" or "), onDamage);
  const pollMs = positiveMs(options.pollEvery ?? "5ms", "pollEvery", collect, expect);
  const lockTimeoutMs = positiveMs(options.lockTimeout ?? "30s", "lockTimeout", collect, expect);
  const clock = options.clock ?? systemClock;
  expect(typeof clock.now === "function" && typeof clock.schedule === "function", "clock", "a Clock", clock);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return Object.freeze({
    path,
    maxBytes,
    maxEntryBytes,
    name,
    serializer,
    keyMangler,
    onDamage,
    pollMs,
    lockTimeoutMs,
    clock,
  });
}

function positiveMs(
  value: unknown,
  path: string,
  collect: <T>(read: () => T, instead: T) => T,
  expect: (ok: boolean, path: string, expected: string, received: unknown) => void,
): number {
  const ms = collect(() => durationMs(value, path), 1);
  expect(ms > 0 && ms < Number.POSITIVE_INFINITY, path, "a duration above 0 with an end", value);
  return ms;
}
