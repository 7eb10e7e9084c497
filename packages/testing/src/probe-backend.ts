import {
  CacheBackend,
  CachedValue,
  type Found,
  isNoValue,
  type LeaseTable,
  NO_VALUE,
  type ReadContext,
  type WriteContext,
  type WriteOutcome,
} from "@cascata/core";

/** One call that a {@link ProbeBackend} was given. */
export interface ProbeCall {
  readonly operation: string;
  readonly keys: readonly string[];
  readonly context: ReadContext | WriteContext | undefined;
}

/**
 * What proxies are examined with: keeps what it is given, asks each read's judge, tells each observer, remembers every
 * call with its context, and answers or fails as it is told.
 */
export class ProbeBackend extends CacheBackend {
  readonly name: string = "probe";
  readonly calls: ProbeCall[] = [];
  readonly entries: Map<string, CachedValue> = new Map();
  /** While set, every operation rejects with it. */
  failure: Error | undefined;
  /** Asked first for what a read answers. */
  script: (key: string) => Found | undefined = () => undefined;
  /** Asked first for what a write answers. */
  outcome: (key: string) => WriteOutcome | undefined = () => undefined;
  closed = 0;
  /** Whether it grants leases: to everybody, on whatever is absent. */
  granting = false;

  override get leases(): LeaseTable | undefined {
    if (!this.granting) return undefined;
    return {
      renew: (keys) => keys.map(() => true),
      release: (keys) => this.#called("leases.release", keys, undefined),
    };
  }

  async get(key: string, context?: ReadContext): Promise<Found> {
    this.#called("get", [key], context);
    return this.#read(key, context);
  }

  async getMulti(keys: readonly string[], context?: ReadContext): Promise<readonly Found[]> {
    this.#called("getMulti", keys, context);
    return keys.map((key) => this.#read(key, context));
  }

  async set(key: string, value: CachedValue, context?: WriteContext): Promise<WriteOutcome> {
    this.#called("set", [key], context);
    return this.#write(key, value, context);
  }

  async setMulti(
    mapping: ReadonlyMap<string, CachedValue>,
    context?: WriteContext,
  ): Promise<ReadonlyMap<string, WriteOutcome>> {
    this.#called("setMulti", [...mapping.keys()], context);
    return new Map([...mapping].map(([key, value]) => [key, this.#write(key, value, context)]));
  }

  async delete(key: string, context?: WriteContext): Promise<WriteOutcome> {
    this.#called("delete", [key], context);
    return this.#write(key, undefined, context);
  }

  async deleteMulti(keys: readonly string[], context?: WriteContext): Promise<ReadonlyMap<string, WriteOutcome>> {
    this.#called("deleteMulti", keys, context);
    return new Map(keys.map((key) => [key, this.#write(key, undefined, context)]));
  }

  close(): void {
    this.closed += 1;
  }

  /** Reports an incident, as a backend does of itself. */
  tell(what: string, details: { readonly key?: string; readonly error?: unknown } = {}): void {
    this.report(what, details);
  }

  #called(operation: string, keys: readonly string[], context: ReadContext | WriteContext | undefined): void {
    this.calls.push({ operation, keys: [...keys], context });
    if (this.failure !== undefined) throw this.failure;
  }

  #read(key: string, context: ReadContext | undefined): Found {
    const found = this.script(key) ?? this.entries.get(key) ?? NO_VALUE;
    if (found instanceof CachedValue) context?.judge?.(key, found);
    context?.observe?.(this.name, key, found);
    if (this.granting && isNoValue(found)) context?.lease?.answer(key, { granted: true });
    return found;
  }

  #write(key: string, value: CachedValue | undefined, context: WriteContext | undefined): WriteOutcome {
    const outcome = this.outcome(key) ?? { status: "stored" };
    if (outcome.status === "stored") value === undefined ? this.entries.delete(key) : this.entries.set(key, value);
    context?.observe?.(this.name, key, outcome);
    return outcome;
  }
}
