import { argumentKey } from "./argument-key.ts";
import { ConfigurationError } from "./errors.ts";

/** Any function, whatever it takes and gives. */
export type AnyFunction = (...args: never[]) => unknown;

/** The key of one call; `this` is the call's own. */
export type CallKey = (this: unknown, ...args: readonly unknown[]) => string;
/** One key for each argument of a call, in their order. */
export type CallKeys = (this: unknown, ...args: readonly unknown[]) => readonly string[];

/**
 * Makes the key function of a decorated function, dogpile's `function_key_generator`. `name` is the decorator's, else the
 * function's own, else empty: a generator that needs one refuses that.
 */
export type FunctionKeyGenerator = (namespace: string | undefined, fn: AnyFunction, name: string) => CallKey;
/** The same for functions of many keys, dogpile's `function_multi_key_generator`. */
export type FunctionMultiKeyGenerator = (namespace: string | undefined, fn: AnyFunction, name: string) => CallKeys;

/**
 * What stands before the arguments: the name, and the namespace if there is one.
 * @throws ConfigurationError for a function without a name: its key would be everybody's
 */
export function keyPrefix(namespace: string | undefined, name: string): string {
  if (name === "" && namespace === undefined) {
    throw new ConfigurationError({
      path: "cached.name",
      expected: "a name or a namespace for a function that has no name of its own",
      received: undefined,
    });
  }
  return namespace === undefined ? name : name === "" ? namespace : `${name}|${namespace}`;
}

/** The default: `name|arguments`, or `name|namespace|arguments`. Equal arguments give equal keys, others never do. */
export const functionKeyGenerator: FunctionKeyGenerator = (namespace, _fn, name) => {
  const start = `${keyPrefix(namespace, name)}|`;
  return (...args) => start + argumentKey(args);
};

/** The default for functions of many keys: one key for each argument, as the other one makes it for that argument alone. */
export const functionMultiKeyGenerator: FunctionMultiKeyGenerator = (namespace, _fn, name) => {
  const start = `${keyPrefix(namespace, name)}|`;
  return (...args) => args.map((arg) => start + argumentKey([arg]));
};

interface Claim {
  readonly fn: AnyFunction;
  readonly kind: "single" | "multi";
  readonly key: unknown;
}

/** The key prefixes of a region's decorated functions: each is one function's. Bounded by the program's text. */
export class KeyPrefixes {
  readonly #claims = new Map<string, Claim>();

  /** @throws ConfigurationError if another function has it, or the same one with keys of another make */
  claim(prefix: string, claim: Claim): void {
    const before = this.#claims.get(prefix);
    if (before !== undefined && (before.fn !== claim.fn || before.kind !== claim.kind || before.key !== claim.key)) {
      throw new ConfigurationError({
        path: "cached.name",
        expected: "a name that no other function of the region has",
        received: prefix,
        hint: "give one of the two a name or a namespace: they would serve each other's values",
      });
    }
    this.#claims.set(prefix, claim);
  }
}
