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
export { estimateBytes, type Weigher } from "./weigh.ts";
