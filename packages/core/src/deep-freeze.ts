/**
 * Freezes `value` and all that it holds, as far as the language can: what has inner state (Map, Set, Date, buffers,
 * typed arrays) stays changeable.
 * @returns whether nothing of it can be changed any more
 */
export function deepFreeze(value: unknown): boolean {
  return freezeAll(value, new Set());
}

function freezeAll(value: unknown, seen: Set<object>): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return true;
  seen.add(value);
  // Freezing a typed array throws, and freezing the others changes nothing that matters.
  if (!Array.isArray(value) && !isPlain(value) && !(value instanceof Error)) return false;
  let whole = true;
  for (const name of Object.getOwnPropertyNames(value)) {
    if (!freezeAll(Reflect.get(value, name), seen)) whole = false;
  }
  Object.freeze(value);
  return whole;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
