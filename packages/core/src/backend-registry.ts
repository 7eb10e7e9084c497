import type { Awaitable } from "./awaitable.ts";
import { CacheBackend } from "./backend.ts";
import { coerceStringConf } from "./coerce-string-conf.ts";
import { ConfigurationError, PluginNotFound } from "./errors.ts";
import { nearest } from "./options.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** A backend class, or a function that makes backends of arguments. */
export type BackendMaker =
  | (new (
      options: never,
    ) => CacheBackend)
  | ((options: Record<string, unknown>) => CacheBackend);

/** Gives the maker of a name; called when it is first needed, so that what is not used is not loaded. */
export type BackendLoader = () => Awaitable<BackendMaker>;

/**
 * Backends by name. An application that wants none of the process's names to reach it makes its own and passes it to
 * `configure`.
 */
export class BackendRegistry {
  readonly #loaders = new Map<string, BackendLoader>();

  /** A name that is registered already gets the new loader. */
  register(name: string, loader: BackendLoader): this {
    if (typeof loader !== "function")
      throw new ConfigurationError({ path: `backends.${name}`, expected: "a loader", received: loader });
    this.#loaders.set(name, loader);
    return this;
  }

  get names(): readonly string[] {
    return [...this.#loaders.keys()];
  }

  /** @throws PluginNotFound if nobody has registered the name, or its loader fails */
  async load(name: string): Promise<BackendMaker> {
    const loader = this.#loaders.get(name);
    if (loader === undefined) {
      const near = nearest(name, this.names);
      const known = this.names.length === 0 ? "none is registered" : `registered are ${this.names.join(", ")}`;
      throw new PluginNotFound(name, near === undefined ? known : `did you mean "${near}"? (${known})`);
    }
    let maker: unknown;
    try {
      maker = await loader();
    } catch (error) {
      throw new PluginNotFound(name, "its loader failed", { cause: error });
    }
    if (typeof maker === "function") return maker as BackendMaker;
    throw new PluginNotFound(name, "its loader gave neither a backend class nor a function that makes backends");
  }
}

/**
 * The names of this process, dogpile's own notion: one module registers, another one's configuration names. It holds
 * loaders, nothing else, and whoever wants to be apart from it uses a {@link BackendRegistry} of his own.
 */
export const defaultBackends: BackendRegistry = new BackendRegistry();

/** Registers a backend for every region of the process: `registerBackend("memory", async () => (await import("@cascata/memory")).MemoryBackend)`. */
export function registerBackend(name: string, loader: BackendLoader): void {
  defaultBackends.register(name, loader);
}

/** A backend of arguments, of which it gets a copy. */
export function backendOf(maker: BackendMaker, args: Arguments): CacheBackend {
  const copy = { ...args };
  return checked(isClass(maker) ? new maker(copy as never) : maker(copy));
}

/** A backend of those entries of `config` whose key starts with `prefix`: by the class's own reading where it has one. */
export function backendFromConfig(maker: BackendMaker, config: Arguments, prefix: string): CacheBackend {
  if ("fromConfig" in maker && typeof maker.fromConfig === "function") return checked(maker.fromConfig(config, prefix));
  const mine = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  return backendOf(
    maker,
    Object.fromEntries(mine.map(([key, value]) => [key.slice(prefix.length), coerceStringConf(value)])),
  );
}

function isClass(maker: BackendMaker): maker is new (options: never) => CacheBackend {
  return maker.prototype instanceof CacheBackend;
}

function checked(backend: unknown): CacheBackend {
  if (backend instanceof CacheBackend) return backend;
  throw new ConfigurationError({ path: "region.backend", expected: "a backend", received: backend });
}
