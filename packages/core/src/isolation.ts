import type { Isolation } from "./region-options.ts";

/** A value as it is cached, or handed out, under a region's isolation. */
export function isolated<T>(value: T, isolation: Isolation): T {
  if (isolation === "share" || typeof value !== "object" || value === null) return value;
  return isolation === "freeze" ? deepFrozen(value) : structuredClone(value);
}

/** Freezes in place, as deep as plain objects and arrays go; what has inner state of its own (Map, Date, bytes) can't be frozen. */
function deepFrozen<T extends object>(value: T): T {
  if (Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) deepFrozen(inner);
  return value;
}
