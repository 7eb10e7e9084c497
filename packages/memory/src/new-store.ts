import { AdaptiveStore } from "./adaptive-store.ts";
import { LruStore } from "./lru-store.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { ResolvedMemoryOptions } from "./memory-options.ts";
import type { Store, StoreOptions } from "./store.ts";

/** lru-cache takes 16 bytes in advance for each entry of a bound by number: 16 MB for a million, in each scope. */
const mostInAdvance = 65_536;

/** An empty store of the policy, under the bound of the budget. */
export function newStore<V extends object>(
  policy: ResolvedMemoryOptions["policy"],
  budget: MemoryBudget,
  onRemoved: StoreOptions<V>["onRemoved"],
): Store<V> {
  const options = { ...boundsOf(budget), onRemoved };
  return policy === "adaptive" ? new AdaptiveStore(options) : new LruStore(options);
}

/** A large bound by number is given as one by weight, for which nothing is taken in advance. */
function boundsOf({ maxEntries, maxBytes }: MemoryBudget): Pick<StoreOptions<object>, "maxEntries" | "maxWeight"> {
  const grows = maxEntries > mostInAdvance && maxBytes === Number.POSITIVE_INFINITY;
  return grows ? { maxEntries: Number.POSITIVE_INFINITY, maxWeight: maxEntries } : { maxEntries, maxWeight: maxBytes };
}
