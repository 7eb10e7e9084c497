import {
  type BackendPackages,
  type Caches,
  createCaches,
  defineConfig,
  type ProxyKinds,
  type RegionConfig,
} from "@cascata/config";
import type { Region, RegionOptions } from "@cascata/core";
import type { KeyvBackendOptions } from "@cascata/keyv";
import type { LmdbBackendOptions } from "@cascata/lmdb";
import type { MemoryBackendOptions } from "@cascata/memory";
import type * as proxies from "@cascata/proxies";
import type { RedisBackendOptions, RedisFeedOptions } from "@cascata/redis";
import { describe, expectTypeOf, test } from "vitest";

const local = { use: "@cascata/memory", maxEntries: 10 } as const;

/** Compiled, never run. */
function compiled(_body: () => unknown): void {}

describe("a literal is checked at compile time", () => {
  test("names of regions", () => {
    compiled(async () => {
      const caches = await createCaches({ backends: { local }, regions: { users: { tiers: ["local"] } } });
      expectTypeOf(caches).toEqualTypeOf<Caches<Record<"users", unknown>>>();
      expectTypeOf(caches.region("users")).toEqualTypeOf<Region<unknown>>();
      // @ts-expect-error no such region
      caches.region("user");
    });
  });

  test("names of backends in tiers and ttls", () => {
    compiled(() => {
      defineConfig({
        backends: { local, far: local },
        regions: { users: { tiers: ["local", { backend: "far", ttl: "1h" }] } },
      });
      defineConfig({ backends: { local, far: local }, regions: { users: { tiers: ["local"], ttl: { local: "1h" } } } });
      // @ts-expect-error no such backend
      defineConfig({ backends: { local }, regions: { users: { tiers: ["locl"] } } });
      // @ts-expect-error no such backend
      defineConfig({ backends: { local }, regions: { users: { tiers: [{ backend: "locl" }] } } });
      // @ts-expect-error no such backend
      defineConfig({ backends: { local }, regions: { users: { tiers: ["local"], ttl: { locl: "1h" } } } });
      // @ts-expect-error no such backend
      void createCaches({ backends: { local }, regions: { users: { tiers: ["locl"] } } });
    });
  });

  test("options of known packages", () => {
    compiled(() => {
      const regions = {};
      defineConfig({ backends: { a: { use: "@cascata/redis", url: "redis://x", feed: { length: 5 } } }, regions });
      defineConfig({
        backends: { a: { use: "@cascata/lmdb", path: "a.mdb", maxSize: "1gb", pollEvery: "1s" } },
        regions,
      });
      defineConfig({ backends: { a: { use: "@cascata/redis", timeout: "1s", breaker: false } }, regions });
      // @ts-expect-error no deadline for what answers at once
      defineConfig({ backends: { a: { use: "@cascata/lmdb", path: "a.mdb", timeout: "1s" } }, regions });
      defineConfig({ backends: { a: { use: "@cascata/keyv", store: new Map() } }, regions });
      defineConfig({
        backends: { a: { use: "@cascata/keyv", store: { use: "@keyv/memcache", uri: "x:1" } } },
        regions,
      });
      defineConfig({ backends: { a: { use: "./mine.ts", whatever: 5 }, b: { use: "npm:theirs", other: 5 } }, regions });
      // @ts-expect-error a memory tier is bounded
      defineConfig({ backends: { a: { use: "@cascata/memory" } }, regions });
      // @ts-expect-error no such option
      defineConfig({ backends: { a: { use: "@cascata/memory", maxEntries: 5, maxEntris: 5 } }, regions });
      // @ts-expect-error a file needs a path
      defineConfig({ backends: { a: { use: "@cascata/lmdb" } }, regions });
      // @ts-expect-error no such unit
      defineConfig({ backends: { a: { use: "@cascata/lmdb", path: "a.mdb", maxSize: "1gigabyte" } }, regions });
      // @ts-expect-error no such package
      defineConfig({ backends: { a: { use: "@cascata/redsi" } }, regions });
    });
  });

  test("proxies and their options", () => {
    compiled(() => {
      const regions = {};
      defineConfig({
        backends: { a: { ...local, wrap: ["freeze", { use: "compress", above: "4kb" }, { use: "./mine.ts", x: 1 }] } },
        regions,
      });
      // @ts-expect-error no such proxy
      defineConfig({ backends: { a: { ...local, wrap: ["freez"] } }, regions });
      // @ts-expect-error no such proxy
      defineConfig({ backends: { a: { ...local, wrap: [{ use: "freez" }] } }, regions });
      // @ts-expect-error it needs options
      defineConfig({ backends: { a: { ...local, wrap: ["timeout"] } }, regions });
      // @ts-expect-error no such option
      defineConfig({ backends: { a: { ...local, wrap: [{ use: "compress", abov: "4kb" }] } }, regions });
      // @ts-expect-error no such unit
      defineConfig({ backends: { a: { ...local, wrap: [{ use: "timeout", after: "4 minutes" }] } }, regions });
    });
  });

  test("options of regions", () => {
    expectTypeOf<Exclude<keyof RegionOptions, "name">>().toExtend<keyof RegionConfig>();
    compiled(() => {
      const backends = { local };
      defineConfig({
        backends,
        regions: { a: { tiers: ["local"], ttl: "5m", grace: 10, maxStaleness: "1s" } },
        defaults: { ttl: "1h" },
      });
      // @ts-expect-error no such option
      defineConfig({ backends, regions: { a: { tiers: ["local"], graec: 10 } } });
      // @ts-expect-error no such unit
      defineConfig({ backends, regions: { a: { tiers: ["local"], ttl: "5 parsecs" } } });
      // @ts-expect-error no tiers
      defineConfig({ backends, regions: { a: { ttl: "5m" } } });
      // @ts-expect-error no such option
      defineConfig({ backends, regions: {}, defaults: { tll: "5m" } });
      // @ts-expect-error no such key
      defineConfig({ backends, regions: {}, default: {} });
    });
  });
});

interface City {
  readonly name: string;
}

describe("the application declares its values", () => {
  test("for each region", () => {
    compiled(async () => {
      const config = defineConfig({
        backends: { local },
        regions: { cities: { tiers: ["local"] }, counts: { tiers: ["local"] } },
      });
      const caches = await createCaches<{ cities: City; counts: number }>(config);
      expectTypeOf(caches.region("cities")).toEqualTypeOf<Region<City>>();
      expectTypeOf(caches.region("counts")).toEqualTypeOf<Region<number>>();
      // @ts-expect-error no such region
      caches.region("towns");
      // @ts-expect-error a region is missing
      void createCaches<{ cities: City }>({ backends: { local }, regions: {} });
      const cities = { tiers: ["local"] } as const;
      // @ts-expect-error a region too many
      void createCaches<{ cities: City }>({ backends: { local }, regions: { cities, more: cities } });
    });
  });

  test("plain data has names of any kind", () => {
    compiled(async () => {
      const caches = await createCaches(JSON.parse("{}"));
      expectTypeOf(caches.region("anything")).toEqualTypeOf<Region<unknown>>();
    });
  });
});

describe("what is known of a package is what the package takes", () => {
  type Own<T> = Exclude<keyof T, "wrap" | "timeout" | "breaker" | "maxInFlight">;
  type AllKeys<T> = T extends unknown ? keyof T : never;

  test("backends", () => {
    expectTypeOf<Own<BackendPackages["@cascata/lmdb"]>>().toEqualTypeOf<keyof LmdbBackendOptions>();
    expectTypeOf<Own<BackendPackages["@cascata/redis"]>>().toEqualTypeOf<keyof RedisBackendOptions>();
    expectTypeOf<Exclude<BackendPackages["@cascata/redis"]["feed"], boolean | undefined>>().toEqualTypeOf<
      Pick<RedisFeedOptions, keyof RedisFeedOptions>
    >();
    expectTypeOf<Own<BackendPackages["@cascata/keyv"]>>().toEqualTypeOf<keyof KeyvBackendOptions>();
    type Memory = Exclude<AllKeys<BackendPackages["@cascata/memory"]>, "wrap" | "timeout" | "breaker" | "maxInFlight">;
    // A budget is shared between backends, which plain data can't say.
    expectTypeOf<Memory>().toEqualTypeOf<Exclude<AllKeys<MemoryBackendOptions>, "budget">>();
    expectTypeOf<
      Omit<BackendPackages["@cascata/lmdb"], "wrap" | "timeout" | "breaker" | "maxInFlight">
    >().toEqualTypeOf<Pick<LmdbBackendOptions, keyof LmdbBackendOptions>>();
  });

  test("proxies", () => {
    expectTypeOf<ProxyKinds["compress"]>().toEqualTypeOf<
      Pick<proxies.CompressOptions, keyof proxies.CompressOptions>
    >();
    expectTypeOf<ProxyKinds["retry"]>().toEqualTypeOf<Pick<proxies.RetryOptions, keyof proxies.RetryOptions>>();
    expectTypeOf<keyof ProxyKinds["circuitBreaker"]>().toEqualTypeOf<keyof proxies.CircuitBreakerProxyOptions>();
    expectTypeOf<keyof ProxyKinds["logging"]>().toEqualTypeOf<keyof proxies.LoggingOptions>();
    expectTypeOf<keyof ProxyKinds["recovery"]>().toEqualTypeOf<keyof proxies.RecoveryOptions>();
    expectTypeOf<keyof ProxyKinds["timeout"]>().toEqualTypeOf<keyof proxies.TimeoutOptions>();
    expectTypeOf<keyof ProxyKinds["maxEntrySize"]>().toEqualTypeOf<keyof proxies.MaxEntrySizeOptions>();
    expectTypeOf<Exclude<keyof ProxyKinds["encrypt"], "useKey">>().toEqualTypeOf<
      Exclude<keyof proxies.EncryptOptions, "use">
    >();
  });
});
