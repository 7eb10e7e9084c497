import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import type { BackendHealth, CacheBackend } from "./backend.ts";
import { CircuitBreaker, type CircuitPermit } from "./circuit-breaker.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { CallContext, WriteOutcome } from "./contexts.ts";
import { isTimeout, withDeadline } from "./deadline.ts";
import { durationMs } from "./duration.ts";
import { asCacheError, TimeoutError, textOf, UnavailableError } from "./errors.ts";
import type { CacheMutex } from "./mutex.ts";
import { wholeNumber } from "./options.ts";
import { checkProtection, type ProtectionOptions } from "./protection-options.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import { failureIn, isBlameless } from "./store-failure.ts";
import type { Operation, Run } from "./surround.ts";

const closeMs = 5000;
/** How long a read that probes a half-open circuit keeps its caller: a tier that is well answers in less. */
const probeMs = 5;
const reads: ReadonlySet<string> = new Set(["get", "getMulti", "revisions", "marks.lookup"]);

type ProtectedCall = Operation | "mutex.acquire" | "mutex.release" | "mutex.locked";

/**
 * A deadline, a circuit breaker and a cap on what is in flight, around a tier that answers from elsewhere.
 *
 *  - A read, and a call of a capability, that fails throws or rejects: its error is that of every key of the call.
 *  - A write or delete does so only for a bad call (a closed backend, a payload that can't be stored); else it answers an outcome for each key. `unknown`: its time ran out, it may have happened.
 *    `failed`: the tier failed, or was not asked (deadline over before, circuit open, too much in flight).
 *  - After a deadline nothing is passed on, and the wrapped backend is told the deadline, so that it sends nothing late
 *    either. A late answer is dropped; a lock that is granted late is given back.
 *  - An answer that is there at once passes without a promise or a timer.
 *  - The read that probes a half-open circuit fails after some milliseconds; its answer still decides about the circuit.
 *
 * An operation is in flight until it is answered or its deadline has passed; the circuit bounds what a dead tier holds then.
 */
export class ProtectionProxy extends ProxyBackend {
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly breaker: CircuitBreaker | undefined;
  readonly #lockWaitMs: number;
  readonly #clock: Clock;
  #inFlight = 0;

  /** @throws ConfigurationError naming the option */
  constructor(proxied: CacheBackend, options: ProtectionOptions = {}) {
    super(proxied);
    const { clock = systemClock, random = Math.random, path = "protection" } = options;
    checkProtection(options, path);
    this.timeoutMs = durationMs(options.timeout ?? 250, `${path}.timeout`);
    this.maxInFlight = wholeNumber(options.maxInFlight ?? 1024, `${path}.maxInFlight`);
    this.#lockWaitMs = durationMs(options.lockWait ?? 30_000, `${path}.lockWait`);
    this.#clock = clock;
    if (options.breaker !== false) {
      const onChange = (state: string, error: unknown) => this.report(`circuit ${state}`, { error });
      this.breaker = new CircuitBreaker(options.breaker, { clock, random, onChange, path: `${path}.breaker` });
    }
  }

  /** Operations that wait for an answer now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  protected override around<T>(
    operation: Operation,
    run: Run<T>,
    keys: readonly string[],
    context?: CallContext,
  ): Awaitable<T> {
    const left = (context?.deadline ?? Number.POSITIVE_INFINITY) - this.#clock.now();
    return this.#pass(operation, run, keys, Math.min(this.timeoutMs, left));
  }

  override getMutex(key: string): CacheMutex | null {
    const mutex = super.getMutex(key);
    if (mutex === null) return null;
    const giveBack = (held: boolean) => {
      if (held)
        void Promise.resolve()
          .then(() => mutex.release())
          .catch(() => undefined);
    };
    return {
      acquire: (wait = true) => {
        if (!wait) return this.#pass("mutex.acquire", () => mutex.acquire(false), [key], this.timeoutMs, giveBack);
        // Waiting for one's turn is neither a load on the store nor a sign of its failing: no place in flight, no verdict.
        if (this.breaker?.state === "open") throw new UnavailableError(this.name, "its circuit is open");
        const held = mutex.acquire(true);
        if (!isPromiseLike(held)) return held;
        const bounded = withDeadline(held, this.#lockWaitMs, this.#clock, `${this.name}: mutex.acquire`, giveBack);
        return bounded.catch((error: unknown) => {
          if (isTimeout(error)) return false;
          throw error;
        });
      },
      release: () => this.#pass("mutex.release", () => mutex.release(), [key], this.timeoutMs),
      locked: () => this.#pass("mutex.locked", () => mutex.locked(), [key], this.timeoutMs),
    };
  }

  /** The worse of the wrapped backend's health and the circuit's: open is `down`, else failing since its last success is `degraded`. */
  override health(): BackendHealth {
    const inner = super.health();
    const since = this.breaker?.failingSince;
    if (this.breaker === undefined || since === undefined || inner.state === "down") return inner;
    const open = this.breaker.state === "open";
    return inner.state === "degraded" && !open
      ? inner
      : { state: open ? "down" : "degraded", since, why: textOf(this.breaker.lastError) };
  }

  /** @throws TimeoutError if the wrapped backend needs more than five seconds */
  override close(): Awaitable<void> {
    const closed = super.close();
    return isPromiseLike(closed) ? withDeadline(closed, closeMs, this.#clock, `${this.name}: close`) : closed;
  }

  #pass<T>(
    operation: ProtectedCall,
    run: Run<T>,
    keys: readonly string[],
    ms: number,
    late?: (value: T) => void,
  ): Awaitable<T> {
    const what = `${this.name}: ${operation}`;
    if (ms <= 0) return this.#failure(operation, keys, new TimeoutError(what, 0), false);
    const full = this.#inFlight >= this.maxInFlight;
    const permit = full ? undefined : this.breaker?.enter();
    const probes = permit !== undefined && this.breaker?.state === "half-open" && reads.has(operation);
    if (full || (permit === undefined && this.breaker !== undefined)) {
      const why = full ? `${this.#inFlight} operations are in flight` : "its circuit is open";
      return this.#failure(operation, keys, new UnavailableError(this.name, why), false);
    }
    const failed = (error: unknown): T => {
      this.#blame(permit, error, ms);
      return this.#failure(operation, keys, error, true);
    };
    let answer: Awaitable<T>;
    try {
      answer = run(ms === Number.POSITIVE_INFINITY ? undefined : this.#clock.now() + ms);
    } catch (error) {
      return failed(error);
    }
    if (!isPromiseLike(answer)) {
      this.#weigh(permit, answer, keys.length, ms);
      return answer;
    }
    this.#inFlight += 1;
    const outcome = withDeadline(answer, ms, this.#clock, what, late).then(
      (value) => {
        this.#inFlight -= 1;
        this.#weigh(permit, value, keys.length, ms);
        return value;
      },
      (error: unknown) => {
        this.#inFlight -= 1;
        return failed(error);
      },
    );
    return probes && ms > probeMs ? withDeadline(outcome, probeMs, this.#clock, what, late) : outcome;
  }

  /** A failure that was answered, not thrown, is one too. A batch fails if no key of it succeeded. */
  #weigh(permit: CircuitPermit | undefined, answer: unknown, keyCount: number, ms: number): void {
    if (permit === undefined) return;
    const error = failureIn(answer, keyCount);
    if (error === undefined) this.breaker?.succeeded(permit);
    else this.#blame(permit, error, ms);
  }

  #blame(permit: CircuitPermit | undefined, error: unknown, ms: number): void {
    if (permit === undefined) return;
    // A caller in a hurry proves nothing: only one that waited for most of the tier's own time has seen it hang.
    const hurried = isTimeout(error) && this.timeoutMs !== Number.POSITIVE_INFINITY && ms < this.timeoutMs / 2;
    if (hurried || isBlameless(error)) this.breaker?.abandoned(permit);
    else this.breaker?.failed(permit, error);
  }

  #failure<T>(operation: ProtectedCall, keys: readonly string[], error: unknown, sent: boolean): T {
    const ofBatch = operation === "setMulti" || operation === "deleteMulti";
    // A bad call's error stays its caller's to see.
    if ((!ofBatch && operation !== "set" && operation !== "delete") || isBlameless(error)) throw error;
    const status = sent && isTimeout(error) ? "unknown" : "failed";
    const outcome: WriteOutcome = { status, error: asCacheError(error, this.name, operation, keys.length) };
    return (ofBatch ? new Map(keys.map((key) => [key, outcome])) : outcome) as T;
  }
}
