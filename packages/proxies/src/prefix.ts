import {
  type CacheBackend,
  ConfigurationError,
  checkOptionNames,
  ProxyBackend,
  type ProxyFactory,
} from "@cascata/core";

/** Options of {@link prefix}. */
export interface PrefixOptions {
  /** Stands before each key; not empty. */
  readonly prefix: string;
}

/** What {@link prefix} reads. */
export const prefixOptions = ["prefix"] as const;

/**
 * Puts a text before each key: `prefix("v2:")`. Changes of keys that don't begin with it are not told on.
 * `clear` is not offered: it would clear what others keep in the same backend.
 *
 * @throws ConfigurationError
 */
export function prefix(options: string | PrefixOptions, path = "prefix"): ProxyFactory {
  const given: PrefixOptions = typeof options === "object" ? options : { prefix: options };
  checkOptionNames(given, prefixOptions, path);
  if (typeof given.prefix !== "string" || given.prefix === "") {
    throw new ConfigurationError({
      path: `${path}.prefix`,
      expected: "a text of one character or more",
      received: given.prefix,
    });
  }
  return (proxied) => new PrefixProxy(proxied, given.prefix);
}

/** See {@link prefix}. */
export class PrefixProxy extends ProxyBackend {
  readonly #prefix: string;

  constructor(proxied: CacheBackend, text: string) {
    super(proxied);
    this.#prefix = text;
    Object.defineProperty(this, "clear", { value: undefined });
  }

  protected override toInner(key: string): string {
    return this.#prefix + key;
  }

  protected override fromInner(key: string): string | undefined {
    return key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined;
  }
}
