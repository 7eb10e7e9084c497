import { type Mistake, ValidationError } from "./errors.ts";
import { binaryKinds, HostUrl, isForeignPlain, rawBytes } from "./rich-kinds.ts";

const deepest = 100;

/**
 * A text for a call's arguments: the same for equal arguments, another one for any others. `f(1)` and `f("1")` differ,
 * and so do `("a", "b")` and `("a,b")`; objects whose properties stand in another order are equal.
 *
 * It reads like a list in JSON without its brackets: `42,"x",{"page":2}`. What JSON has no word for is written behind
 * its name: `undefined`, `NaN`, `10n`, `Date(0)`, `Map("a",1)`. Equality is that of values, as a Map sees its keys: `-0`
 * is `0`, NaN is itself. Maps and sets keep their order, because a function can see it. An array's hole is `undefined`.
 *
 * Functions, symbols, instances of classes other than the language's own data, and cycles are refused, not turned into a
 * text: `"[object Object]"` would make one key of many.
 * @param path what the arguments are called in the error; the default is `arguments`
 * @throws ValidationError naming the place of what cannot be part of a key
 */
export function argumentKey(args: readonly unknown[], path = "arguments"): string {
  if (args.length === 1) {
    const [only] = args;
    // What most calls pass, without a walk.
    if (typeof only === "string") return JSON.stringify(only);
    if (typeof only === "number") return numberText(only);
  }
  return listText(args, path, 0);
}

function numberText(value: number): string {
  // `${-0}` is "0" already.
  return `${value}`;
}

function listText(list: readonly unknown[], path: string, depth: number): string {
  let text = "";
  for (let at = 0; at < list.length; at += 1) {
    text += (at === 0 ? "" : ",") + partText(list[at], path, at, depth);
  }
  return text;
}

function partText(value: unknown, path: string, step: string | number, depth: number): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return numberText(value);
    case "bigint":
      return `${value}n`;
    case "boolean":
    case "undefined":
      return String(value);
    case "object":
      return value === null ? "null" : objectText(value, join(path, step), depth + 1);
    default:
      throw refused(join(path, step), value);
  }
}

function objectText(value: object, path: string, depth: number): string {
  if (depth > deepest) {
    throw new ValidationError({
      path,
      expected: `at most ${deepest} levels`,
      received: "more, or an object within itself",
    });
  }
  const prototype: object | null = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    // Another realm's Array.prototype is an array itself; the prototype of a subclass is not.
    if (prototype !== Array.prototype && !Array.isArray(prototype)) throw refused(path, value);
    return `[${listText(value, path, depth)}]`;
  }
  if (prototype === Object.prototype || prototype === null) return fieldsText(value, path, depth);
  if (prototype === Date.prototype) return `Date(${(value as Date).getTime()})`;
  if (prototype === Map.prototype) return `Map(${entriesText(value as Map<unknown, unknown>, path, depth)})`;
  if (prototype === Set.prototype) return `Set(${listText([...(value as Set<unknown>)], path, depth)})`;
  if (prototype === RegExp.prototype) return `RegExp(${JSON.stringify(String(value))})`;
  if (HostUrl !== undefined && prototype === HostUrl.prototype) return `URL(${JSON.stringify(String(value))})`;
  const binary = binaryKinds.get(prototype);
  if (binary !== undefined) {
    // A Buffer is a Uint8Array with the same bytes, and answers the same.
    const name = binary.name === "Buffer" ? "Uint8Array" : binary.name;
    return `${name}(${hexadecimal(rawBytes(value as ArrayBufferView))})`;
  }
  if (isForeignPlain(prototype)) return fieldsText(value, path, depth);
  throw refused(path, value);
}

function fieldsText(value: object, path: string, depth: number): string {
  const fields = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(fields);
  const [symbol] = Object.getOwnPropertySymbols(fields);
  if (symbol !== undefined) throw refused(`${path}[${String(symbol)}]`, symbol);
  if (keys.length > 1) keys.sort();
  let text = "";
  for (const key of keys) {
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${partText(fields[key], path, key, depth)}`;
  }
  return `{${text}}`;
}

function entriesText(map: ReadonlyMap<unknown, unknown>, path: string, depth: number): string {
  return listText([...map].flat(1), path, depth);
}

function hexadecimal(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16);
  return text;
}

function join(path: string, step: string | number): string {
  if (typeof step === "number") return `${path}[${step}]`;
  return /^[A-Za-z_$][\w$]*$/.test(step) ? `${path}.${step}` : `${path}[${JSON.stringify(step)}]`;
}

function refused(path: string, value: unknown): ValidationError {
  const mistake: Mistake = {
    path,
    expected: "plain data (texts, numbers, dates, lists, plain objects, maps, sets, bytes)",
    received: typeof value === "object" ? `an instance of ${value?.constructor?.name || "a class"}` : typeof value,
    hint: "pass what identifies it, or give the function a key function of its own",
  };
  return new ValidationError(mistake);
}
