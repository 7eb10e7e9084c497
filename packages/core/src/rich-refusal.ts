import { SerializationError } from "./errors.ts";

/** Payloads nested deeper than this are refused: recursion costs stack, and a cycle would never end. */
export const deepest = 500;

/** Ends a walk: this part of the payload cannot be stored. */
export class Refusal extends Error {
  readonly part: unknown;
  readonly why: string;

  constructor(part: unknown, why: string) {
    super(why);
    this.part = part;
    this.why = why;
  }
}

/** The encoded form is at least this big, and may not be. */
export class TooBig extends SerializationError {
  readonly atLeast: number;

  constructor(atLeast: number, allowed: number) {
    super(`the payload takes at least ${atLeast} bytes, and ${allowed} are allowed`);
    this.atLeast = atLeast;
  }
}

/** What the caller is told of a refusal: the path of the part, and what to do. Only now is the path looked for. */
export function refusalError(root: unknown, { part, why }: Refusal): SerializationError {
  if (why === "depth") {
    const path = cyclePath(root, [], "payload");
    const text =
      path === undefined
        ? `payload is nested deeper than ${deepest} levels`
        : `${path} refers back to what it is part of; store the parts by their own keys, or leave the reference out`;
    return new SerializationError(text);
  }
  const path = pathTo(root, part, "payload", new Set(), 0) ?? "payload";
  if (why !== "class") return new SerializationError(`${path}: ${why}`);
  const name = (part as object).constructor?.name || "class";
  return new SerializationError(
    `${path} is of the class ${name}, which would come back as something else; store a plain object made from it, ` +
      "or use a serializer that knows the class",
  );
}

function* partsOf(value: object): Generator<readonly [step: string, part: unknown]> {
  if (value instanceof Map) {
    let at = 0;
    for (const [key, part] of value) {
      yield [`.keys()[${at}]`, key];
      yield [`.values()[${at}]`, part];
      at += 1;
    }
  } else if (value instanceof Set) {
    let at = 0;
    for (const part of value) yield [`.values()[${at++}]`, part];
  } else if (!ArrayBuffer.isView(value)) {
    const keys = value instanceof Error ? Object.getOwnPropertyNames(value) : Object.keys(value);
    for (const key of keys) yield [stepTo(key, Array.isArray(value)), (value as Record<string, unknown>)[key]];
  }
}

function stepTo(key: string, inArray: boolean): string {
  if (inArray) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function pathTo(value: unknown, part: unknown, path: string, seen: Set<object>, depth: number): string | undefined {
  if (value === part) return path;
  if (typeof value !== "object" || value === null || seen.has(value) || depth > deepest) return undefined;
  seen.add(value);
  for (const [step, each] of partsOf(value)) {
    const found = pathTo(each, part, path + step, seen, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function cyclePath(value: unknown, above: object[], path: string, done: Set<object> = new Set()): string | undefined {
  if (typeof value !== "object" || value === null || done.has(value) || above.length > deepest) return undefined;
  if (above.includes(value)) return path;
  above.push(value);
  for (const [step, each] of partsOf(value)) {
    const found = cyclePath(each, above, path + step, done);
    if (found !== undefined) return found;
  }
  above.pop();
  done.add(value);
  return undefined;
}
