const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype;
const deepest = 1100;

/** Names that msgpackr renames, or takes for a class, a hook or a method of the object. */
const misread: ReadonlySet<string> = new Set(["__proto__", "constructor", "toJSON", "hasOwnProperty"]);

/**
 * Whether MessagePack as msgpackr writes it gives `value` back exactly. That is what JSON carries too, but for properties
 * of a few names, and lone surrogates, which UTF-8 replaces.
 */
export function isPackable(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "string":
      return value.isWellFormed();
    case "number":
      return value - value === 0 && (value !== 0 || 1 / value > 0);
    case "boolean":
      return true;
    case "object":
      if (value === null) return true;
      if (depth > deepest) return false;
      if (Array.isArray(value)) return isPackableList(value, depth + 1);
      return Object.getPrototypeOf(value) === objectPrototype && hasPackableFields(value, depth + 1);
    default:
      return false;
  }
}

function isPackableList(list: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(list) !== arrayPrototype) return false;
  for (let at = 0; at < list.length; at += 1) if (!isPackable(list[at], depth)) return false;
  return true;
}

function hasPackableFields(value: object, depth: number): boolean {
  for (const key in value) {
    if (misread.has(key) || !key.isWellFormed()) return false;
    if (!isPackable((value as Readonly<Record<string, unknown>>)[key], depth)) return false;
  }
  return true;
}
