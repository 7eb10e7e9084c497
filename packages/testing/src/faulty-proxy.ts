import { type Awaitable, type CacheBackend, type Operation, ProxyBackend, type Run } from "@cascata/core";
import { type Random, seededRandom } from "./random.ts";

/** Which calls fail, and how. All conditions that are given must hold. */
export interface FaultRule {
  readonly operation?: Operation | readonly Operation[];
  /** The call is about this key, or about one for which it answers true. */
  readonly key?: string | ((key: string) => boolean);
  /** The nth of the calls for which the other conditions hold, counted from 1; a list: each of them. */
  readonly nth?: number | readonly number[];
  /** Fails with this probability. */
  readonly probability?: number;
  /**
   * `before`: the backend never sees the call. `after`: it does its work and the answer is lost. `never`: the call is
   * swallowed and nothing is ever answered. @default "before"
   */
  readonly when?: "before" | "after" | "never";
  /** What it fails with. @default an Error that names the operation */
  readonly error?: (operation: Operation, keys: readonly string[]) => unknown;
}

interface CountedRule extends FaultRule {
  matched: number;
}

/** Fails by rule; the same seed fails the same calls. Rules can be added and lifted while it is in use. */
export class FaultyProxy extends ProxyBackend {
  readonly #rules: CountedRule[];
  readonly #random: Random;
  #failures = 0;

  /** @param options.seed of the probabilities. @default 1 */
  constructor(proxied: CacheBackend, rules: readonly FaultRule[] = [], options: { readonly seed?: number } = {}) {
    super(proxied);
    this.#rules = rules.map((rule) => ({ ...rule, matched: 0 }));
    this.#random = seededRandom(options.seed ?? 1);
  }

  /** How many calls it has failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Adds a rule; what is returned lifts it. */
  fail(rule: FaultRule = {}): () => void {
    const counted = { ...rule, matched: 0 };
    this.#rules.push(counted);
    return () => {
      const index = this.#rules.indexOf(counted);
      if (index >= 0) this.#rules.splice(index, 1);
    };
  }

  /** Lifts all rules. */
  heal(): void {
    this.#rules.length = 0;
  }

  protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
    // Every rule is asked, so that each counts the calls that concern it whatever the others do.
    const [rule] = this.#rules.filter((one) => this.#applies(one, operation, keys));
    if (rule === undefined) return run();
    this.#failures += 1;
    if (rule.when === "never") return new Promise<T>(() => undefined);
    const error = rule.error?.(operation, keys) ?? new Error(`injected failure of ${operation}`);
    return rule.when === "after" ? losing(run, error) : Promise.reject(error);
  }

  #applies(rule: CountedRule, operation: Operation, keys: readonly string[]): boolean {
    const { key, nth, probability } = rule;
    if (rule.operation !== undefined && ![rule.operation].flat().includes(operation)) return false;
    if (key !== undefined && !keys.some((one) => (typeof key === "string" ? one === key : key(one)))) return false;
    rule.matched += 1;
    if (nth !== undefined && ![nth].flat().includes(rule.matched)) return false;
    return probability === undefined || this.#random.chance(probability);
  }
}

async function losing<T>(run: Run<T>, error: unknown): Promise<T> {
  await run();
  throw error;
}
