export { AdaptiveStore, type AdaptiveStoreOptions } from "./adaptive-store.ts";
export { backend, backends } from "./definition.ts";
export { LruStore } from "./lru-store.ts";
export { MemoryBackend } from "./memory-backend.ts";
export { MemoryBudget, type MemoryBudgetOptions } from "./memory-budget.ts";
export {
  type EvictionPolicy,
  evictionPolicies,
  type MemoryBackendOptions,
  type MemorySettings,
  type RemovalCause,
  type RemovalListener,
  removalCauses,
} from "./memory-options.ts";
export { NullBackend, type NullBackendOptions } from "./null-backend.ts";
export { SerializingMemoryBackend, type SerializingMemoryOptions } from "./serializing-memory-backend.ts";
export type { Store, StoreOptions } from "./store.ts";
export { estimateBytes, type Weigher } from "./weigh.ts";
