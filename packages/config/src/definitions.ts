import {
  type BackendDefinition,
  type Bus,
  type BusDefinition,
  CacheBackend,
  type Mistake,
  ProxyBackend,
  type ProxyFactory,
} from "@cascata/core";
import { type LoadModule, ModuleMissing } from "./application.ts";
import { isForeignModule } from "./foreign-module.ts";
import { hintFor } from "./mistakes.ts";

/** A proxy that configuration can name: what a module says of it in its export `proxy`. */
export interface ProxyDefinition {
  readonly options: readonly string[];
  /** @throws ConfigurationError; `path` says where the options stand */
  create(options: Readonly<Record<string, unknown>>, path: string): ProxyFactory;
}

/** What was found, or what is wrong with it. */
export type Found<T> = { readonly definition: T } | { readonly mistake: Omit<Mistake, "path"> };

type Module = Readonly<Record<string, unknown>>;

/** Reads backends and proxies out of modules, each of which is imported once. */
export class Definitions {
  readonly #load: LoadModule;
  readonly #known: readonly string[];
  readonly #modules = new Map<string, Promise<Module>>();

  /** @param known names of packages to compare a mistyped one with */
  constructor(load: LoadModule, known: readonly string[]) {
    this.#load = load;
    this.#known = known;
  }

  /** The backend that `use` names: `package`, `package#member`, `./file.ts`, `./file.ts#Export`. */
  async backend(use: string): Promise<Found<BackendDefinition>> {
    const { specifier, member } = partsOf(use);
    const loaded = await this.#import(specifier, use);
    if ("mistake" in loaded) return loaded;
    const { definition: module } = loaded;
    const table = module["backends"] as Module | undefined;
    const candidates =
      member === undefined ? [module["backend"], module["default"]] : [table?.[member], module[member]];
    for (const candidate of candidates) {
      if (isDefinition<BackendDefinition>(candidate)) return { definition: candidate };
      if (isClass(candidate, CacheBackend)) return { definition: ofClass(candidate) };
    }
    return { mistake: nothingIn(use, member, member === undefined ? [] : [...Object.keys(table ?? {})], "backend") };
  }

  /** The proxy that `use` names: one of `@cascata/proxies`, or `package#member`, `./file.ts`, `./file.ts#Export`. */
  async proxy(use: string): Promise<Found<ProxyDefinition>> {
    if (!isForeignModule(use)) {
      const loaded = await this.#import("@cascata/proxies", "@cascata/proxies");
      if ("mistake" in loaded) return loaded;
      const table = (loaded.definition["proxies"] ?? {}) as Readonly<Record<string, ProxyDefinition>>;
      const definition = Object.hasOwn(table, use) ? table[use] : undefined;
      if (definition !== undefined) return { definition };
      const names = Object.keys(table);
      return { mistake: { expected: `one of ${names.join(", ")}`, received: use, ...hintFor(use, names) } };
    }
    const { specifier, member } = partsOf(use);
    const loaded = await this.#import(specifier, use);
    if ("mistake" in loaded) return loaded;
    const { definition: module } = loaded;
    const candidates = member === undefined ? [module["proxy"], module["default"]] : [module[member]];
    for (const candidate of candidates) {
      if (isDefinition<ProxyDefinition>(candidate)) return { definition: candidate };
      if (isClass(candidate, ProxyBackend)) return { definition: ofProxyClass(candidate) };
      if (typeof candidate === "function") return { definition: ofFactory(candidate as (options: object) => unknown) };
    }
    return { mistake: nothingIn(use, member, [], "proxy") };
  }

  /** The bus that `use` names: one of `@cascata/proxies`, `package`, `./file.ts`, `./file.ts#Export`. */
  async bus(use: string): Promise<Found<BusDefinition>> {
    const { specifier, member } = isPlainName(use)
      ? { specifier: "@cascata/proxies", member: undefined }
      : partsOf(use);
    const loaded = await this.#import(specifier, specifier === "@cascata/proxies" ? specifier : use);
    if ("mistake" in loaded) return loaded;
    const { definition: module } = loaded;
    const table = module["buses"] as Module | undefined;
    const candidates = isPlainName(use)
      ? [table?.[use]]
      : member === undefined
        ? [module["bus"], module["default"]]
        : [module[member]];
    for (const candidate of candidates) {
      if (isDefinition<BusDefinition>(candidate)) return { definition: candidate };
      if (typeof (candidate as Partial<Bus> | undefined)?.join === "function")
        return { definition: { options: [], create: () => candidate as Bus } };
    }
    return { mistake: nothingIn(use, member, [], "bus") };
  }

  /** What a module exports by the name in `use`, or as its default. */
  async member(use: string): Promise<Found<unknown>> {
    const { specifier, member = "default" } = partsOf(use);
    const loaded = await this.#import(specifier, use);
    return "mistake" in loaded ? loaded : { definition: loaded.definition[member] };
  }

  async #import(specifier: string, use: string): Promise<Found<Module>> {
    let loading = this.#modules.get(specifier);
    if (loading === undefined) {
      loading = Promise.resolve(this.#load(specifier)) as Promise<Module>;
      this.#modules.set(specifier, loading);
    }
    try {
      return { definition: await loading };
    } catch (error) {
      return { mistake: this.#notLoaded(specifier, use, error) };
    }
  }

  #notLoaded(specifier: string, use: string, error: unknown): Omit<Mistake, "path"> {
    if (!(error instanceof ModuleMissing)) {
      const hint = error instanceof Error ? error.message : String(error);
      return { expected: "a module that can be imported", received: use, hint };
    }
    const { missing, nowhere } = error;
    if (nowhere !== undefined) {
      const hint = `${nowhere}, where "from" says to look, is not there`;
      return { expected: "a module that can be found", received: use, hint };
    }
    if (isForeignModule(missing) || !/^(@[\w.-]+\/)?[\w.-]+/.test(missing)) {
      return { expected: "a file that is there", received: use, hint: `${missing} is not` };
    }
    const near = missing === specifier ? hintFor(use, this.#known).hint : undefined;
    const known = near !== undefined && !this.#known.includes(use);
    const name = missing
      .split("/")
      .slice(0, missing.startsWith("@") ? 2 : 1)
      .join("/");
    return { expected: "an installed package", received: use, hint: known ? near : `npm install ${name}` };
  }
}

function partsOf(use: string): { readonly specifier: string; readonly member: string | undefined } {
  const named = use.startsWith("npm:") ? use.slice("npm:".length) : use;
  const mark = named.indexOf("#");
  if (mark < 0) return { specifier: named, member: undefined };
  return { specifier: named.slice(0, mark), member: named.slice(mark + 1) };
}

/** A name that is no package's: of something that `@cascata/proxies` brings. */
function isPlainName(use: string): boolean {
  return !isForeignModule(use) && !use.startsWith("@");
}

function isDefinition<T extends { create: unknown }>(thing: unknown): thing is T {
  return typeof thing === "object" && thing !== null && typeof (thing as Partial<T>).create === "function";
}

function isClass<T>(thing: unknown, base: abstract new (...given: never[]) => T): thing is new (given: unknown) => T {
  return typeof thing === "function" && thing.prototype instanceof base;
}

/** A class tells no names: it has to refuse unknown options itself. */
function ofClass(Backend: new (options: unknown) => CacheBackend): BackendDefinition {
  return { options: anyName, create: (options) => new Backend(options) };
}

function ofProxyClass(OneProxy: new (proxied: CacheBackend) => ProxyBackend): ProxyDefinition {
  return { options: [], create: () => OneProxy as ProxyFactory };
}

function ofFactory(make: (options: object) => unknown): ProxyDefinition {
  return { options: anyName, create: (options) => make(options) as ProxyFactory };
}

/** The `options` of something that checks them itself. */
export const anyName: readonly string[] = Object.freeze(["*"]);

function nothingIn(
  use: string,
  member: string | undefined,
  members: readonly string[],
  what: "backend" | "proxy" | "bus",
): Omit<Mistake, "path"> {
  const place = member === undefined ? `an export "${what}", or a class as its default` : `an export "${member}"`;
  const hint = member === undefined ? {} : hintFor(member, members);
  return { expected: `a module with ${place}`, received: use, ...hint };
}
