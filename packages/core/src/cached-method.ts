import type { CachedDecorator, CachedDecoratorOptions, CachedFunction } from "./cached.ts";
import { ConfigurationError } from "./errors.ts";
import type { AnyFunction } from "./function-keys.ts";

interface Decorating {
  cached(options: CachedDecoratorOptions): CachedDecorator;
}

/**
 * Decorates a method with the language's own syntax: `@cached({ region, ttl: "1m" })`.
 * @throws ConfigurationError without a region
 */
export function cached({
  region,
  ...options
}: CachedDecoratorOptions & { readonly region: Decorating }): CachedDecorator {
  if (typeof region?.cached !== "function")
    throw new ConfigurationError({ path: "cached.region", expected: "a region", received: region });
  return region.cached(options);
}

/**
 * A decorated method with what it can do beside being called, for this object: `cachedMethod(users, "find").invalidate(1)`.
 * @throws ConfigurationError if the method is not decorated
 */
export function cachedMethod<O extends object, K extends keyof O>(
  object: O,
  name: K,
): O[K] extends AnyFunction ? CachedFunction<O[K]> : never {
  const method: unknown = object[name];
  const on: unknown = typeof method === "function" && "on" in method ? method.on : undefined;
  if (typeof on !== "function") {
    throw new ConfigurationError({ path: String(name), expected: "a decorated method", received: method });
  }
  return on(object) as ReturnType<typeof cachedMethod<O, K>>;
}
