import {
  aFunction,
  aText,
  type CacheBackend,
  ConfigurationError,
  checkOptionNames,
  type Kind,
  wrongKinds,
} from "@cascata/core";
import { type LoadModule, loaderFor } from "./application.ts";
import { type MadeBackend, makeBackend, makeRegion } from "./assemble.ts";
import { Caches, type CachesParts, closeAll } from "./caches.ts";
import type { CachesConfig } from "./caches-config.ts";
import { Definitions } from "./definitions.ts";
import { dogpileNames } from "./dogpile-backends.ts";
import { type FlatConfig, unfold } from "./flat-config.ts";
import { Mistakes } from "./mistakes.ts";
import { knownPackages, type Prepared, prepare } from "./prepare.ts";

export interface CreateCachesOptions {
  /**
   * Where packages and files are looked for from: `import.meta.url` of a file of the application, or a path.
   * @default the working directory
   */
  readonly from?: string;
  /** How modules are imported; for bundlers, which have to see each `import()` written out. @default from `from` */
  readonly load?: LoadModule;
}

const optionKinds: Readonly<Record<keyof CreateCachesOptions, Kind>> = { from: aText, load: aFunction };

/**
 * One object becomes backends, proxies and regions. All of it is checked before anything is made, each package is imported
 * when a backend names it, and the object is not changed.
 *
 * With value types of the application: `createCaches<{ geocodes: City }>(config)`.
 *
 * @throws ConfigurationError with every mistake of the configuration: its path, what was expected, what came, and the
 * nearest right spelling
 */
export function createCaches<Values extends object = never>(
  config: [NoInfer<Values>] extends [never] ? never : CachesConfig<string, keyof NoInfer<Values> & string>,
  options?: CreateCachesOptions,
): Promise<Caches<Values>>;
export function createCaches<const B extends string, const R extends string>(
  config: CachesConfig<B, R>,
  options?: CreateCachesOptions,
): Promise<Caches<Record<R, unknown>>>;
export function createCaches(config: unknown, options?: CreateCachesOptions): Promise<Caches> {
  return build(config, options, new Mistakes());
}

/**
 * The same from dogpile's flat form: `cache.users.backend`, `cache.users.expiration_time` (seconds), `cache.users.arguments.url`
 * and so on, below `prefix` (`"cache."`). Texts are taken for what they mean by dogpile's rules. Backends go by dogpile's
 * names (`dogpile.cache.redis`) or by package; a region's own settings (`cache.users.grace`) are read too. As in dogpile, a
 * value past its `expiration_time` is served while it is regenerated, however old: the grace has no end unless one is given.
 *
 * @throws ConfigurationError with every mistake, each by its flat name
 */
export async function cachesFromFlat<Values extends object = Record<string, unknown>>(
  flat: FlatConfig,
  prefix: string,
  options?: CreateCachesOptions,
): Promise<Caches<Values>> {
  const places = new Mistakes();
  const { config, at } = unfold(flat, prefix, places);
  const known = [...knownPackages, ...dogpileNames];
  return (await build(config, options, places.at(at), known)) as unknown as Caches<Values>;
}

/** @param known names to compare a mistyped one with */
async function build(
  config: unknown,
  options: CreateCachesOptions = {},
  mistakes: Mistakes,
  known: readonly string[] = knownPackages,
): Promise<Caches> {
  checkOptionNames(options, Object.keys(optionKinds), "options");
  const wrong = wrongKinds(options, optionKinds, "options");
  if (wrong.length > 0) throw new ConfigurationError(wrong);
  const load = options.load ?? loaderFor(options.from);
  const prepared = await prepare(config, new Definitions(load, known), mistakes);
  mistakes.refuse();
  const made = new Map<string, MadeBackend>();
  try {
    return new Caches(make(prepared, made, mistakes));
  } catch (error) {
    await closeAll([...made.values()]).catch(() => undefined);
    throw error;
  }
}

/** Makes everything; what was made stays in `made` if something can't be. */
function make({ backends, regions, clock }: Prepared, made: Map<string, MadeBackend>, mistakes: Mistakes): CachesParts {
  for (const ready of backends) {
    const one = makeBackend(ready, clock, mistakes);
    if (one !== undefined) made.set(ready.plan.name, one);
  }
  mistakes.refuse();
  const seen = new Map<string, CacheBackend>([...made].map(([name, { backend }]) => [name, backend]));
  const parts: CachesParts["regions"] = new Map(
    regions.flatMap((ready) => {
      const region = mistakes.collect(ready.plan.path, () => makeRegion(ready, seen));
      return region === undefined ? [] : [[ready.plan.name, { plan: ready.plan, region }] as const];
    }),
  );
  mistakes.refuse();
  return { backends: made, regions: parts };
}
