import { CacheBackend } from "./backend.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Duration, durationMs } from "./duration.ts";
import { ConfigurationError } from "./errors.ts";
import { GatherProxy } from "./gather-proxy.ts";
import { aClock, aFlag, aText, checkOptionNames, type Kind, wrongKinds } from "./options.ts";
import { protect } from "./protect.ts";
import { checkProtection, type ProtectionOptions } from "./protection-options.ts";
import { randomId } from "./random-id.ts";
import { ReadThroughProxy } from "./read-through.ts";

/** One tier of a stack with its own residence. */
export interface Tier {
  readonly backend: CacheBackend;
  /**
   * How long this tier serves an entry before the next one is asked again: its residence. The entry's life is unchanged,
   * and an entry never stays past it. For the farthest tier it has no meaning and is refused.
   */
  readonly ttl?: Duration;
  /** Single reads of one turn go to this tier as one batch. @default false */
  readonly batch?: boolean;
}

export interface StackOptions {
  /** How long what may be out of date is served while the farthest tier can't be asked. @default "10s" */
  readonly maxStaleness?: Duration;
  /** Deadline, breaker and cap of each remote tier; `false`: none, the tiers bring their own. */
  readonly protection?: Omit<ProtectionOptions, "path"> | false;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Names the chain in what it writes. @default a random one */
  readonly sender?: string;
}

/**
 * Folds tiers, nearest first, into one read-through chain of any depth: `stack(memory, disk, redis)`.
 * The farthest one is the chain's authority. Remote tiers get a deadline and a circuit breaker unless they have them.
 * @throws ConfigurationError if there is no tier, or one stands in it twice
 */
export function stack(...tiers: readonly (CacheBackend | Tier)[]): CacheBackend {
  return stackWith({}, ...tiers);
}

/** The same with options. */
export function stackWith(options: StackOptions, ...tiers: readonly (CacheBackend | Tier)[]): CacheBackend {
  checkStackOptions(options);
  const clock = options.clock ?? systemClock;
  const maxStalenessMs = durationMs(options.maxStaleness ?? 10_000, "stack.maxStaleness");
  const sender = options.sender ?? randomId();
  const list = tiers.map((tier, index) => tierOf(tier, `tiers[${index}]`));
  const farthest = list.at(-1);
  if (farthest === undefined)
    throw new ConfigurationError({ path: "tiers", expected: "one tier at least", received: tiers });
  if (farthest.ttl !== undefined && list.length > 1) {
    const hint = "the farthest tier keeps an entry for its life: give the region this ttl";
    throw new ConfigurationError({
      path: `tiers[${list.length - 1}].ttl`,
      expected: "no ttl",
      received: farthest.ttl,
      hint,
    });
  }
  const seen = new Set<CacheBackend>();
  const guarded = list.map(({ backend, ttl, batch }, index) => {
    const path = `tiers[${index}]`;
    if (seen.has(backend))
      throw new ConfigurationError({ path, expected: "each backend once", received: backend.name });
    seen.add(backend);
    const protection =
      options.protection === false ? undefined : { clock, ...options.protection, path: `${path}.protection` };
    const guarded = protection === undefined ? backend : protect(backend, protection);
    return {
      backend: batch === true ? new GatherProxy(guarded) : guarded,
      capMs: ttl === undefined ? undefined : durationMs(ttl, `${path}.ttl`),
    };
  });
  return guarded.reduceRight<CacheBackend | undefined>((far, { backend, capMs }) => {
    if (far === undefined) return backend;
    return new ReadThroughProxy(far, backend, { clock, maxStalenessMs, sender, ...(capMs !== undefined && { capMs }) });
  }, undefined) as CacheBackend;
}

function checkStackOptions(options: StackOptions): void {
  checkOptionNames(options, ["maxStaleness", "protection", "clock", "sender"], "stack");
  const mistakes = wrongKinds(options, { clock: aClock, sender: aText }, "stack");
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  // Also where no tier is remote, so that nobody would read it.
  const { protection } = options;
  if (protection !== undefined && protection !== false) checkProtection(protection, "stack.protection");
}

const tierKinds: Readonly<Record<string, Kind>> = {
  backend: { expected: "a backend", accepts: (value) => value instanceof CacheBackend },
  batch: aFlag,
};

/** @throws ConfigurationError for what is neither a backend nor a tier */
function tierOf(tier: unknown, path: string): Tier {
  if (tier instanceof CacheBackend) return { backend: tier };
  if (typeof tier !== "object" || tier === null || !("backend" in tier) || tier.backend === undefined)
    throw new ConfigurationError({ path, expected: "a backend, or { backend, ttl, batch }", received: tier });
  checkOptionNames(tier, ["backend", "ttl", "batch"], path);
  const mistakes = wrongKinds(tier, tierKinds, path);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return tier as Tier;
}
