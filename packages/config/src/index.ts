export type { LoadModule } from "./application.ts";
export { Caches } from "./caches.ts";
export {
  type CachesConfig,
  defineConfig,
  type RegionConfig,
  type RegionSettings,
  type TierConfig,
} from "./caches-config.ts";
export { type CreateCachesOptions, cachesFromFlat, createCaches } from "./create-caches.ts";
export type { ProxyDefinition } from "./definitions.ts";
export type { DoctorReport, RegionReport } from "./doctor.ts";
export type { FlatConfig } from "./flat-config.ts";
export type { ForeignModule } from "./foreign-module.ts";
export type {
  BackendConfig,
  BackendPackages,
  KeyvConfig,
  KeyvStoreConfig,
  LmdbConfig,
  MemoryConfig,
  NullConfig,
  RedisConfig,
  RemoteBackendConfig,
  SerializingMemoryConfig,
  SharedBackendConfig,
} from "./known-backends.ts";
export type { BroadcastChannelConfig, BusConfig, BusPackages, RedisBusConfig } from "./known-buses.ts";
export type { ProxyKinds, WrapConfig } from "./known-proxies.ts";
