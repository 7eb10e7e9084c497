import type { Entry } from "./answers.ts";
import type { ReadOptions } from "./call-options.ts";
import { isNoValue, type NoValue } from "./no-value.ts";

// dogpile.cache's names in TypeScript's spelling, in one place. What has the same name in Cascata is the same thing.
export { AsyncMutex } from "./async-mutex.ts";
export { CacheBackend } from "./backend.ts";
export { BackendRegistry, defaultBackends, registerBackend } from "./backend-registry.ts";
export { CachedValue } from "./cached-value.ts";
export { coerceStringConf } from "./coerce-string-conf.ts";
export { Lock, type LockOptions, NeedRegenerationException, type ValueAndCreated } from "./dogpile-lock.ts";
export {
  CacheError as DogpileCacheException,
  PluginNotFound,
  RegionAlreadyConfigured,
  RegionNotConfigured,
  ValidationError,
} from "./errors.ts";
export {
  functionKeyGenerator,
  functionKeyGenerator as kwargFunctionKeyGenerator,
  functionMultiKeyGenerator,
} from "./function-keys.ts";
export type { AsyncCreationRunner } from "./hand-over.ts";
export {
  DefaultInvalidationStrategy,
  type InvalidationCandidate,
  type RegionInvalidationStrategy,
} from "./invalidation-strategy.ts";
export { KeyReentrantMutex } from "./key-reentrant-mutex.ts";
export { type KeyMangler, lengthConditionalMangler } from "./keys.ts";
export { type CacheMutex, isCacheMutex } from "./mutex.ts";
export { NameRegistry } from "./name-registry.ts";
export { NO_VALUE, NoValue } from "./no-value.ts";
export { ProxyBackend } from "./proxy-backend.ts";
export { makeRegion, Region as CacheRegion } from "./region.ts";
export { CantDeserializeException, type Serializer } from "./serializer.ts";

interface Describing<V> {
  getEntry<T extends V = V>(key: string, options?: ReadOptions): Promise<Entry<T> | NoValue>;
}

/** dogpile's `get_value_metadata`: the entry with its age, or `undefined` on any kind of miss. */
export async function getValueMetadata<V>(
  region: Describing<V>,
  key: string,
  options: ReadOptions = {},
): Promise<Entry<V> | undefined> {
  const entry = await region.getEntry<V>(key, options);
  return isNoValue(entry) ? undefined : entry;
}
