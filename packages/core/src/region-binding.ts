import { CacheBackend } from "./backend.ts";
import { type BackendMaker, backendFromConfig, backendOf, defaultBackends } from "./backend-registry.ts";
import {
  type ConfigureByNameOptions,
  type ConfigureOptions,
  checkConfigureOptions,
  configureByNameNames,
  configureNames,
} from "./configure-options.ts";
import { ConfigurationError, RegionAlreadyConfigured, RegionNotConfigured } from "./errors.ts";
import { flatConfiguration } from "./flat-configuration.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { protect } from "./protect.ts";
import { applyProxy, type ProxyFactory } from "./proxy-factory.ts";
import type { CloseReport } from "./region-close.ts";
import { RegionEventHub } from "./region-events.ts";
import type { RegionOptions } from "./region-options.ts";
import { RegionParts } from "./region-parts.ts";
import { type ResolvedRegionOptions, resolveRegionOptions } from "./resolved-region-options.ts";
import { scopeOf } from "./scope-proxy.ts";
import { SerializingProxy } from "./serializing-proxy.ts";

/** Binds a region to its backend, now or later, once or anew, and closes what it made for it. */
export class RegionBinding {
  /** The same for every backend that the region has in its life. */
  readonly events: RegionEventHub;
  readonly #given: RegionOptions;
  readonly #owner: unknown;
  #options: ResolvedRegionOptions;
  #parts: RegionParts | undefined;
  #invalidator: RegionInvalidationStrategy | undefined;
  /** A backend that was made here. */
  #owned: CacheBackend | undefined;

  /**
   * @param owner the region
   * @throws ConfigurationError
   */
  constructor(options: RegionOptions, owner: unknown) {
    this.#given = options;
    this.#options = resolveRegionOptions(options);
    this.events = new RegionEventHub(options.logger);
    this.#owner = owner;
  }

  /** With the ttl and grace that came with the backend. */
  get options(): ResolvedRegionOptions {
    return this.#options;
  }

  get isBound(): boolean {
    return this.#parts !== undefined;
  }

  /** @throws RegionNotConfigured @throws ClosedError */
  parts(): RegionParts {
    if (this.#parts === undefined) throw new RegionNotConfigured(this.#options.name);
    this.#parts.state.assertOpen();
    return this.#parts;
  }

  /** @throws RegionAlreadyConfigured @throws ConfigurationError */
  bind(backend: CacheBackend, options: ConfigureOptions): void {
    this.#assign(backend, options, configureNames);
  }

  /** Rejects with what {@link bind} throws, or with PluginNotFound. */
  bindByName(name: string, options: ConfigureByNameOptions): Promise<void> {
    return this.#make(name, options, (maker) => backendOf(maker, options.arguments ?? {}));
  }

  async bindFromConfig(
    config: Readonly<Record<string, unknown>>,
    prefix: string,
    options: Pick<ConfigureByNameOptions, "backends">,
  ): Promise<void> {
    const { backend, argumentsPrefix, options: found } = flatConfiguration(config, prefix);
    return this.#make(backend, { ...found, ...options }, (maker) => backendFromConfig(maker, config, argumentsPrefix));
  }

  wrap(proxy: ProxyFactory): void {
    this.#install(applyProxy(proxy, this.parts().state.outermost, "proxy"));
  }

  async close(): Promise<CloseReport> {
    const parts = this.#parts;
    if (parts === undefined || parts.state.closed) return { unconfirmedKeys: [], unconfirmedMarks: [], unfinished: 0 };
    const report = await parts.writes.close(() => this.events.clear());
    await this.#owned?.close();
    return report;
  }

  /** Makes the backend and assigns it; closes it again if it can't be assigned. */
  async #make(
    name: string,
    options: ConfigureByNameOptions,
    make: (maker: BackendMaker) => CacheBackend,
  ): Promise<void> {
    checkConfigureOptions(options, configureByNameNames);
    this.#assertFree(options);
    this.#resolved(options);
    const backend = make(await (options.backends ?? defaultBackends).load(name));
    try {
      this.#assign(backend, options, configureByNameNames);
    } catch (error) {
      await backend.close();
      throw error;
    }
    this.#owned = backend;
  }

  #assign(backend: CacheBackend, options: ConfigureOptions, names: readonly string[]): void {
    this.#assertFree(options);
    checkConfigureOptions(options, names);
    if (!(backend instanceof CacheBackend))
      throw new ConfigurationError({ path: "region.backend", expected: "a backend", received: backend });
    const resolved = this.#resolved(options);
    const wrapped = dressed(backend, resolved, options.wrap ?? []);
    this.#options = resolved;
    this.#invalidator = options.regionInvalidator ?? this.#invalidator;
    this.#install(wrapped);
    const before = this.#owned;
    this.#owned = undefined;
    if (before !== undefined) this.parts().state.inBackground(closing(before), "closing a replaced backend");
  }

  #install(backend: CacheBackend): void {
    const before = this.#parts;
    this.#parts = new RegionParts(this.#options, backend, this.events, this.#invalidator, this.#owner);
    before?.state.retire(backend);
  }

  #assertFree({ replaceExistingBackend = false }: ConfigureOptions): void {
    if (this.#parts !== undefined && !replaceExistingBackend) throw new RegionAlreadyConfigured(this.#options.name);
  }

  #resolved({ ttl, grace }: ConfigureOptions): ResolvedRegionOptions {
    return resolveRegionOptions({
      ...this.#given,
      ...(ttl !== undefined && { ttl }),
      ...(grace !== undefined && { grace }),
    });
  }
}

/** The region's own part of a backend, protected, with its serializer and its proxies around it. */
function dressed(
  backend: CacheBackend,
  { name, clock, random, serializer }: ResolvedRegionOptions,
  proxies: readonly ProxyFactory[],
): CacheBackend {
  const scoped = scopeOf(protect(backend, { clock, random }), name);
  const stored = serializer === undefined ? scoped : new SerializingProxy(scoped, serializer);
  return proxies.reduceRight<CacheBackend>(
    (inner, proxy, index) => applyProxy(proxy, inner, `region.wrap[${index}]`),
    stored,
  );
}

async function closing(backend: CacheBackend): Promise<void> {
  await backend.close();
}
