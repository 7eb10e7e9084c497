/**
 * The one "nothing is cached" token, distinct from every storable value: `undefined`, `null`, `0`, `NaN`, `""` and
 * `false` are ordinary payloads. It is truthy in JavaScript, so ask {@link isNoValue}, never its truth.
 */
export class NoValue {
  constructor() {
    Object.freeze(this);
  }

  /** Itself, so that `found.payload` needs no check first (dogpile's rule). */
  get payload(): NoValue {
    return this;
  }

  get [Symbol.toStringTag](): string {
    return "NO_VALUE";
  }

  /** The fixed text form. */
  toString(): string {
    return "NO_VALUE";
  }

  /**
   * Refuses: a miss must never be stored.
   * @throws TypeError always
   */
  toJSON(): never {
    throw new TypeError("NO_VALUE means that nothing is cached; it cannot be serialized or stored");
  }
}

// Two installed copies of this package must agree on what a miss is, so the instance is kept in the realm's registry.
const registryKey = Symbol.for("cascata.NO_VALUE");
const registry = globalThis as unknown as { [registryKey]?: NoValue };

/** What a read answers when no tier has the key. One identity, also over several installed copies of this package. */
export const NO_VALUE: NoValue = registry[registryKey] ?? new NoValue();
registry[registryKey] ??= NO_VALUE;

/** Whether `value` is {@link NO_VALUE}. */
export function isNoValue(value: unknown): value is NoValue {
  return value === NO_VALUE;
}
