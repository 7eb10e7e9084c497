import {
  aClock,
  type CachedValue,
  type Clock,
  ConfigurationError,
  type Mistake,
  type Size,
  sizeBytes,
  systemClock,
  unknownName,
} from "@cascata/core";
import { MemoryBudget } from "./memory-budget.ts";
import { estimateBytes, type Weigher } from "./weigh.ts";

/** Why an entry left the memory tier. */
export const removalCauses = ["evicted", "expired", "replaced", "deleted", "cleared"] as const;
export type RemovalCause = (typeof removalCauses)[number];

/** Told of each entry that has left, after it has: looking at the backend or writing to it is safe here. */
export type RemovalListener = (key: string, entry: CachedValue, cause: RemovalCause) => void;

/** What gives way when the tier is full. */
export const evictionPolicies = ["lru", "adaptive"] as const;
export type EvictionPolicy = (typeof evictionPolicies)[number];

/** What every memory tier takes, beside its bound. */
export interface MemorySettings {
  /** @default "memory" */
  readonly name?: string;
  /**
   * `lru`: the least recently used entry gives way. `adaptive`: also how often a key is asked for counts, so that a scan
   * does not flush the tier.
   * @default "lru"
   */
  readonly policy?: EvictionPolicy;
  /**
   * Bytes of an entry. Only with a bound in bytes or `maxEntrySize`, since nothing is weighed otherwise.
   * @default an estimate; see {@link estimateBytes}
   */
  readonly weigh?: Weigher;
  /**
   * A larger entry is refused (`too-large`) and what the tier held of its key is dropped.
   * @default the whole bound in bytes
   */
  readonly maxEntrySize?: Size;
  /** See {@link RemovalListener}. What it throws is reported as an incident. Closing the tier counts as `cleared`. */
  readonly onRemoved?: RemovalListener;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

/**
 * A memory tier is always bounded: by entries, by bytes, by both, or by a {@link MemoryBudget} that it shares with others.
 * Without one of these it does not compile, and is refused at run time.
 */
export type MemoryBackendOptions = MemorySettings &
  (
    | { readonly maxEntries: number; readonly maxSize?: Size; readonly budget?: never }
    | { readonly maxEntries?: number; readonly maxSize: Size; readonly budget?: never }
    | { readonly budget: MemoryBudget; readonly maxEntries?: never; readonly maxSize?: never }
  );

/** All options, checked and with their defaults. */
export interface ResolvedMemoryOptions {
  readonly name: string;
  readonly policy: EvictionPolicy;
  /** Absent: nothing needs the weight. */
  readonly weigh: Weigher | undefined;
  readonly maxEntryBytes: number;
  readonly onRemoved: RemovalListener | undefined;
  readonly clock: Clock;
  readonly budget: MemoryBudget;
  /** What a scope is made with. */
  readonly inherited: MemoryBackendOptions;
}

const known = ["name", "policy", "weigh", "maxEntrySize", "onRemoved", "clock", "maxEntries", "maxSize", "budget"];

/** The names of all options. */
export const memoryOptionNames: readonly string[] = known;

/** @throws ConfigurationError with every mistake that the options hold */
export function resolveMemoryOptions(options: MemoryBackendOptions): ResolvedMemoryOptions {
  const mistakes: Mistake[] = [];
  const expect = (ok: boolean, path: string, expected: string, received: unknown) => {
    if (!ok) mistakes.push({ path, expected, received });
  };
  if (typeof options !== "object" || options === null) {
    throw new ConfigurationError({
      path: "options",
      expected: "an object with maxEntries or maxSize",
      received: options,
    });
  }
  const { name = "memory", policy = "lru", weigh, onRemoved, clock = systemClock, maxEntrySize, maxSize } = options;
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) mistakes.push(unknownName(option, option, known, option));
  }
  expect(typeof name === "string" && name !== "", "name", "a name", name);
  expect(evictionPolicies.includes(policy), "policy", evictionPolicies.join(" or "), policy);
  expect(weigh === undefined || typeof weigh === "function", "weigh", "a function", weigh);
  expect(onRemoved === undefined || typeof onRemoved === "function", "onRemoved", "a function", onRemoved);
  expect(aClock.accepts(clock), "clock", aClock.expected, clock);
  const budget = collect(mistakes, () => budgetOf(options));
  const maxEntryBytes = collect(mistakes, () =>
    maxEntrySize === undefined ? Number.POSITIVE_INFINITY : sizeBytes(maxEntrySize, "maxEntrySize"),
  );
  const weighed =
    (budget?.maxBytes ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY || maxEntrySize !== undefined;
  expect(weigh === undefined || weighed || maxSize !== undefined, "weigh", "maxSize or maxEntrySize beside it", weigh);
  if (mistakes.length > 0 || budget === undefined || maxEntryBytes === undefined)
    throw new ConfigurationError(mistakes);
  const { maxEntries: _entries, maxSize: _size, ...settings } = options;
  return Object.freeze({
    name,
    inherited: { ...settings, budget },
    policy,
    weigh: weighed ? (weigh ?? estimateBytes) : undefined,
    maxEntryBytes: Math.min(maxEntryBytes, budget.maxBytes),
    onRemoved,
    clock,
    budget,
  });
}

function budgetOf(options: MemoryBackendOptions): MemoryBudget {
  const { budget, maxEntries, maxSize } = options;
  if (budget === undefined) {
    return new MemoryBudget({
      ...(maxEntries !== undefined && { maxEntries }),
      ...(maxSize !== undefined && { maxSize }),
    } as ConstructorParameters<typeof MemoryBudget>[0]);
  }
  if (!(budget instanceof MemoryBudget)) {
    throw new ConfigurationError({ path: "budget", expected: "a MemoryBudget", received: budget });
  }
  if (maxEntries !== undefined || maxSize !== undefined) {
    throw new ConfigurationError({ path: "budget", expected: "no maxEntries or maxSize beside it", received: options });
  }
  return budget;
}

function collect<T>(mistakes: Mistake[], run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    mistakes.push(...error.mistakes);
    return undefined;
  }
}
