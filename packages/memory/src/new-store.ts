import { AdaptiveStore } from "./adaptive-store.ts";
import { LruStore } from "./lru-store.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { ResolvedMemoryOptions } from "./memory-options.ts";
import type { Store, StoreOptions } from "./store.ts";

/** An empty store of the policy, under the bound of the budget. */
export function newStore<V extends object>(
  policy: ResolvedMemoryOptions["policy"],
  budget: MemoryBudget,
  onRemoved: StoreOptions<V>["onRemoved"],
): Store<V> {
  const options = { maxEntries: budget.maxEntries, maxWeight: budget.maxBytes, onRemoved };
  return policy === "adaptive" ? new AdaptiveStore(options) : new LruStore(options);
}
