import { deepest } from "./rich-refusal.ts";

const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype;

/** Not plain, or more bytes than there is room for. */
const no = -1;

/**
 * Whether JSON alone carries `value` exactly, in fewer than `room` bytes: a first look that is cheaper than what it
 * saves. Finding nothing to object to costs a seventh of `JSON.stringify`; a replacer would cost three times as much as it.
 * @returns what is left of `room` at the most, or a negative number
 */
export function plainRoom(value: unknown, room: number, depth: number): number {
  switch (typeof value) {
    case "string":
      return room - value.length - 2;
    case "number":
      return isPlainNumber(value) ? room - 1 : no;
    case "boolean":
      return room - 4;
    case "object":
      if (value === null) return room - 4;
      if (depth > deepest) return no;
      if (Array.isArray(value)) return plainArray(value, room, depth + 1);
      return Object.getPrototypeOf(value) === objectPrototype ? plainObject(value, room, depth + 1) : no;
    default:
      return no;
  }
}

function plainArray(list: readonly unknown[], room: number, depth: number): number {
  if (Object.getPrototypeOf(list) !== arrayPrototype) return no;
  let left = room - list.length - 1;
  for (let at = 0; at < list.length && left >= 0; at += 1) left = plainRoom(list[at], left, depth);
  return left;
}

function plainObject(value: object, room: number, depth: number): number {
  let left = room;
  for (const key in value) {
    // Strings and numbers, which most fields are, without a call.
    const part = (value as Readonly<Record<string, unknown>>)[key];
    left -= key.length + 4;
    if (typeof part === "string") left -= part.length;
    else if (typeof part !== "number") left = plainRoom(part, left, depth);
    else if (!isPlainNumber(part)) return no;
    // Its only key `$` is what tells a tag from an object.
    if (left < 0 || key === "$") return no;
  }
  return left;
}

function isPlainNumber(value: number): boolean {
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}
