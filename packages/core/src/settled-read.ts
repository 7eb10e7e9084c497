import { type Awaitable, andThen } from "./awaitable.ts";
import { CachedValue, type Found } from "./cached-value.ts";
import type { PendingDeletes } from "./pending-deletes.ts";

/**
 * Reads keys, and reads those again whose pending delete was confirmed meanwhile: the answer may have left the store before
 * the delete reached it, and once the delete is confirmed nothing hides it any more.
 *
 *     delete(k) fails, k is hidden · read(k) is sent · the delete is sent again · the read's answer arrives late,
 *     after the confirmation: old, and no longer hidden
 */
export function settledRead(
  keys: readonly string[],
  pending: PendingDeletes,
  read: (keys: readonly string[]) => Awaitable<readonly Found[]>,
): Awaitable<readonly Found[]> {
  if (pending.size === 0) return read(keys);
  const hidden = keys.map((key) => pending.get(key));
  if (hidden.every((one) => one === undefined)) return read(keys);
  return andThen(read(keys), (found) => {
    const again = keys.filter((key, index) => {
      const before = hidden[index];
      return before !== undefined && pending.get(key) !== before && found[index] instanceof CachedValue;
    });
    if (again.length === 0) return found;
    return andThen(settledRead(again, pending, read), (anew) => {
      const byKey = new Map(again.map((key, index) => [key, anew[index] as Found]));
      return found.map((one, index) => byKey.get(keys[index] as string) ?? one);
    });
  });
}
