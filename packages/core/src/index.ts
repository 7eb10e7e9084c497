export type { Entry } from "./answers.ts";
export * from "./argument-key.ts";
export * from "./awaitable.ts";
export * from "./backend.ts";
export type * from "./backend-definition.ts";
export {
  type BackendLoader,
  type BackendMaker,
  BackendRegistry,
  defaultBackends,
  registerBackend,
} from "./backend-registry.ts";
export * from "./batch.ts";
export type * from "./bus.ts";
export type * from "./cached.ts";
export * from "./cached-method.ts";
export type * from "./cached-multi.ts";
export type { CachedSettings } from "./cached-settings.ts";
export * from "./cached-value.ts";
export type { CreateOptions, InvalidateOptions, ReadOptions, SkipTiers, WriteOptions } from "./call-options.ts";
export * from "./capabilities.ts";
export * from "./circuit-breaker.ts";
export * from "./clock.ts";
export * from "./coerce-string-conf.ts";
export type { ConfigureByNameOptions, ConfigureOptions } from "./configure-options.ts";
export * from "./contexts.ts";
export * from "./copy-value.ts";
export { RemoteCreatorError } from "./creation-failure.ts";
export * from "./creator.ts";
export * from "./deadline.ts";
export * from "./deep-freeze.ts";
export * from "./deferred-invalidation.ts";
export * from "./duration.ts";
export * from "./errors.ts";
export { explainRegion, type Guarantee } from "./explain.ts";
export type { Landing, Origin } from "./flight.ts";
export type { Staleness } from "./freshness.ts";
export {
  type AnyFunction,
  type CallKey,
  type CallKeys,
  type FunctionKeyGenerator,
  type FunctionMultiKeyGenerator,
  functionKeyGenerator,
  functionMultiKeyGenerator,
} from "./function-keys.ts";
export { GatherProxy } from "./gather-proxy.ts";
export type { AsyncCreationRunner } from "./hand-over.ts";
export type * from "./invalidation-strategy.ts";
export { type Isolation, isolations } from "./isolation.ts";
export * from "./keys.ts";
export * from "./mutex.ts";
export * from "./no-value.ts";
export * from "./options.ts";
export { protect } from "./protect.ts";
export type { ProtectionOptions } from "./protection-options.ts";
export { ProtectionProxy } from "./protection-proxy.ts";
export * from "./proxy-backend.ts";
export * from "./proxy-factory.ts";
export * from "./random-id.ts";
export * from "./read-through.ts";
export * from "./refusal.ts";
export { createRegion, makeRegion, Region } from "./region.ts";
export type { CloseReport } from "./region-close.ts";
export * from "./region-events.ts";
export type * from "./region-options.ts";
export * from "./resolved-region-options.ts";
export * from "./rich-serializer.ts";
export * from "./serializer.ts";
export { type SerializerOption, SerializingProxy } from "./serializing-proxy.ts";
export * from "./stack.ts";
export * from "./surround.ts";
export * from "./wire.ts";
export type { WriteReport } from "./write-log.ts";
