import {
  type Awaitable,
  andThen,
  attempt,
  type CacheBackend,
  type Clock,
  ConfigurationError,
  checkOptionNames,
  type Duration,
  durationMs,
  type Operation,
  ProxyBackend,
  type ProxyFactory,
  type Run,
  systemClock,
  textOf,
} from "@cascata/core";
import { reportOf } from "./call-report.ts";
import { isWrite, Thrown, unthrown } from "./failures.ts";

/** One call, as it is logged. */
export interface CallRecord {
  readonly backend: string;
  readonly operation: Operation;
  readonly keyCount: number;
  /** Only where keys are asked for: they may be personal data. */
  readonly keys?: readonly string[];
  readonly ms: number;
  readonly failures: number;
  readonly error?: unknown;
}

/** What the records are given to; `console` and the usual loggers fit. */
export interface CallLogger {
  debug(message: string, record: CallRecord): void;
  warn(message: string, record: CallRecord): void;
}

/** Options of {@link logging}. */
export interface LoggingOptions {
  /** @default console */
  readonly logger?: CallLogger;
  /** Calls that took at least so long are warnings, as failed ones are. @default "100ms" */
  readonly slow?: Duration;
  /** `all`: the others too, as debug messages. @default "warnings" */
  readonly what?: "all" | "warnings";
  /** Whether records hold the keys. @default false */
  readonly keys?: boolean;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** What {@link logging} reads. */
export const loggingOptions = ["logger", "slow", "what", "keys", "clock"] as const;

/**
 * Logs calls that failed or were slow, or all of them. Never values, and keys only when asked. A logger that throws
 * harms no call.
 *
 * @throws ConfigurationError
 */
export function logging(options: LoggingOptions = {}, path = "logging"): ProxyFactory {
  checkOptionNames(options, loggingOptions, path);
  const { logger = console, what = "warnings", keys = false, clock = systemClock } = options;
  if (what !== "all" && what !== "warnings") {
    throw new ConfigurationError({ path: `${path}.what`, expected: "all or warnings", received: what });
  }
  if (typeof keys !== "boolean") {
    throw new ConfigurationError({ path: `${path}.keys`, expected: "true or false", received: keys });
  }
  if (typeof logger?.debug !== "function" || typeof logger.warn !== "function") {
    throw new ConfigurationError({
      path: `${path}.logger`,
      expected: "an object with debug and warn",
      received: logger,
    });
  }
  const slowMs = durationMs(options.slow ?? 100, `${path}.slow`);
  return (proxied) => new LoggingProxy(proxied, { logger, slowMs, all: what === "all", keys, clock });
}

interface ResolvedLoggingOptions {
  readonly logger: CallLogger;
  readonly slowMs: number;
  readonly all: boolean;
  readonly keys: boolean;
  readonly clock: Clock;
}

/** See {@link logging}. */
export class LoggingProxy extends ProxyBackend {
  readonly #options: ResolvedLoggingOptions;

  constructor(proxied: CacheBackend, options: ResolvedLoggingOptions) {
    super(proxied);
    this.#options = options;
  }

  protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
    const startedAt = this.#options.clock.now();
    const answer = attempt(run, (error) => new Thrown(error));
    return andThen(answer, (given) => {
      this.#log(operation, keys, given, this.#options.clock.now() - startedAt);
      return unthrown(given);
    });
  }

  #log(operation: Operation, keys: readonly string[], answer: unknown, ms: number): void {
    const { all, keys: withKeys, logger, slowMs } = this.#options;
    const { failures, error } = reportOf(answer, keys.length, isWrite(operation));
    const warns = failures > 0 || ms >= slowMs;
    if (!warns && !all) return;
    const record: CallRecord = {
      backend: this.name,
      operation,
      keyCount: keys.length,
      ...(withKeys && { keys: [...keys] }),
      ms,
      failures,
      ...(error !== undefined && { error }),
    };
    const failed = failures > 0 ? `, ${failures} failed: ${textOf(error)}` : "";
    const message = `${this.name}: ${operation} of ${keys.length} took ${ms.toFixed(1)} ms${failed}`;
    try {
      if (warns) logger.warn(message, record);
      else logger.debug(message, record);
    } catch {
      // A log that can't be written is no reason to fail the call.
    }
  }
}
