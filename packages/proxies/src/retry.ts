import {
  type Awaitable,
  andThen,
  attempt,
  type CacheBackend,
  type CallContext,
  type Clock,
  checkOptionNames,
  type Duration,
  durationMs,
  isCacheError,
  isTimeout,
  type Operation,
  ProxyBackend,
  type ProxyFactory,
  type Run,
  systemClock,
  wholeNumber,
} from "@cascata/core";
import { errorIn, isWrite, Thrown, unthrown } from "./failures.ts";

/** Options of {@link retry}. */
export interface RetryOptions {
  /** How often a call is repeated at the most. @default 2 */
  readonly times?: number;
  /** The wait before the first repetition; doubles with each one, and is cut at random by up to half. 0: none. @default "20ms" */
  readonly delay?: Duration;
  /** No repetition starts later than this after the call began; the caller's deadline counts too. @default "1s" */
  readonly within?: Duration;
  /** @default systemClock */
  readonly clock?: Clock;
  /** The jitter's source, from 0 up to 1. @default Math.random */
  readonly random?: () => number;
}

/** What {@link retry} reads. */
export const retryOptions = ["times", "delay", "within", "clock", "random"] as const;

/**
 * Repeats what failed and may be repeated: reads, calls of leases and guards, look-ups of marks, deletes, and sets
 * without a ticket. A set whose answer was lost (`unknown`) is not: by then it may stand, or have been replaced by
 * something newer. Neither is what a circuit or a cap has refused, nor what a wrong call got. A batch of writes is
 * repeated if all of its keys failed, a batch of reads if one did.
 *
 * Put it outside `timeout`, so that the deadline is that of one try.
 *
 * @throws ConfigurationError
 */
export function retry(options: RetryOptions = {}, path = "retry"): ProxyFactory {
  checkOptionNames(options, retryOptions, path);
  const resolved: ResolvedRetryOptions = {
    times: wholeNumber(options.times ?? 2, `${path}.times`),
    delayMs: durationMs(options.delay ?? 20, `${path}.delay`),
    withinMs: durationMs(options.within ?? 1000, `${path}.within`),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
  return (proxied) => new RetryProxy(proxied, resolved);
}

interface ResolvedRetryOptions {
  readonly times: number;
  readonly delayMs: number;
  readonly withinMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** `clear` and `marks.put` are left out: each would be another generation, another mark. */
const repeatable: ReadonlySet<Operation> = new Set<Operation>([
  "get",
  "getMulti",
  "revisions",
  "set",
  "setMulti",
  "delete",
  "deleteMulti",
  "leases.renew",
  "leases.release",
  "guards.tickets",
  "marks.lookup",
]);
const sets: ReadonlySet<Operation> = new Set<Operation>(["set", "setMulti"]);
const hopeless: ReadonlySet<string> = new Set([
  "UNAVAILABLE",
  "CLOSED",
  "VALIDATION",
  "CONFIGURATION",
  "SERIALIZATION",
  "LOCK",
]);

/** See {@link retry}. */
export class RetryProxy extends ProxyBackend {
  readonly #options: ResolvedRetryOptions;

  constructor(proxied: CacheBackend, options: ResolvedRetryOptions) {
    super(proxied);
    this.#options = options;
  }

  protected override around<T>(
    operation: Operation,
    run: Run<T>,
    keys: readonly string[],
    context?: CallContext,
  ): Awaitable<T> {
    const { clock, withinMs } = this.#options;
    const ticketed = context?.ticket !== undefined && sets.has(operation);
    if (ticketed || !repeatable.has(operation)) return run();
    const until = Math.min(clock.now() + withinMs, context?.deadline ?? Number.POSITIVE_INFINITY);
    return this.#try(operation, run, keys.length, until, 0);
  }

  #try<T>(operation: Operation, run: Run<T>, keyCount: number, until: number, repeated: number): Awaitable<T> {
    const { clock, delayMs, random, times } = this.#options;
    const tried = attempt(run, (error) => new Thrown(error));
    return andThen(tried, (answer): Awaitable<T> => {
      const error = answer instanceof Thrown ? answer.error : errorIn(answer, keyCount, isWrite(operation));
      const waitMs = delayMs * 2 ** repeated * (1 - random() / 2);
      const again = error !== undefined && repeated < times && clock.now() + waitMs < until;
      if (again && isPassing(error, operation)) {
        if (waitMs === 0) return this.#try(operation, run, keyCount, until, repeated + 1);
        const wait = new Promise<void>((resolve) => clock.schedule(resolve, waitMs));
        return wait.then(() => this.#try(operation, run, keyCount, until, repeated + 1));
      }
      return unthrown(answer);
    });
  }
}

/** Whether the same call may do better a moment later, without doing harm. */
function isPassing(error: unknown, operation: Operation): boolean {
  if (isTimeout(error)) return !sets.has(operation);
  return !isCacheError(error) || !hopeless.has(error.code);
}
