import { type CachedDecoratorOptions, type CachedOptions, cachedFunction } from "./cached.ts";
import { type CachedMultiDecoratorOptions, cachedMultiFunction } from "./cached-multi.ts";
import { type CachingRegion, decoratorOf, withDogpileLife } from "./cached-settings.ts";
import { type AnyFunction, KeyPrefixes } from "./function-keys.ts";
import type { ResolvedRegionOptions } from "./resolved-region-options.ts";

type Generators = Pick<ResolvedRegionOptions, "functionKeyGenerator" | "functionMultiKeyGenerator">;

/** The decorated functions of a region. Types are the region's own; here is what they do. */
export class RegionFunctions {
  readonly #region: CachingRegion;
  readonly #generators: Generators;
  readonly #prefixes = new KeyPrefixes();

  constructor(region: CachingRegion, generators: Generators) {
    this.#region = region;
    this.#generators = generators;
  }

  /** @param given a function, or the options of a decorator */
  one(given: AnyFunction | CachedDecoratorOptions, options: object): unknown {
    if (typeof given === "function") return this.#one(given, options as CachedOptions<AnyFunction>);
    return decoratorOf(given, (fn) => this.#one(fn, given as CachedOptions<AnyFunction>));
  }

  /** The same for functions of a list. */
  many(given: AnyFunction | CachedMultiDecoratorOptions, options: object): unknown {
    if (typeof given === "function") return this.#many(given, options, false);
    return decoratorOf(given, (fn) => this.#many(fn, given, false));
  }

  /** dogpile's decorator of functions. */
  onArguments(options: CachedDecoratorOptions): unknown {
    return decoratorOf(options, (fn) => this.#one(fn, withDogpileLife(options) as CachedOptions<AnyFunction>));
  }

  /** dogpile's decorator of functions whose arguments are the keys. */
  multiOnArguments(options: CachedMultiDecoratorOptions): unknown {
    return decoratorOf(options, (fn) => this.#many(fn, withDogpileLife(options), true));
  }

  #one(fn: AnyFunction, options: CachedOptions<AnyFunction>): unknown {
    return cachedFunction(this.#region, fn, options, this.#prefixes, this.#generators.functionKeyGenerator);
  }

  #many(fn: AnyFunction, options: CachedMultiDecoratorOptions, spread: boolean): unknown {
    const generator = this.#generators.functionMultiKeyGenerator;
    return cachedMultiFunction(this.#region, fn, options, this.#prefixes, generator, spread);
  }
}
