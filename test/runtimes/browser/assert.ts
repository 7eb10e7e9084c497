/** Stands for `node:assert/strict` in browsers: what the kits use of it. Only stricter: the order of a Map or Set counts. */

class AssertionError extends Error {
  override readonly name = "AssertionError";
}

function assert(value: unknown, message = "expected something true"): void {
  if (!value) throw new AssertionError(message);
}

assert.equal = (actual: unknown, expected: unknown, message?: string): void =>
  assert(Object.is(actual, expected), message ?? `${show(actual)} is not ${show(expected)}`);

assert.notEqual = (actual: unknown, expected: unknown, message?: string): void =>
  assert(!Object.is(actual, expected), message ?? `both are ${show(actual)}`);

assert.deepEqual = (actual: unknown, expected: unknown, message?: string): void =>
  assert(isSame(actual, expected, new Map()), message ?? `${show(actual)} differs from ${show(expected)}`);

assert.deepStrictEqual = assert.deepEqual;

assert.notDeepEqual = (actual: unknown, expected: unknown, message?: string): void =>
  assert(!isSame(actual, expected, new Map()), message ?? `both are ${show(actual)}`);

assert.match = (text: string, pattern: RegExp, message?: string): void =>
  assert(pattern.test(text), message ?? `${show(text)} doesn't match ${pattern}`);

assert.fail = (message: string): never => {
  throw new AssertionError(message);
};

function show(value: unknown): string {
  try {
    return `${JSON.stringify(value) ?? String(value)}`.slice(0, 500);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** @param known pairs under comparison: a cycle is the same where it closes at the same place */
function isSame(one: unknown, other: unknown, known: Map<object, object>): boolean {
  if (Object.is(one, other)) return true;
  if (!isObject(one) || !isObject(other)) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (known.has(one)) return known.get(one) === other;
  known.set(one, other);
  return isSameInside(one, other, known) && isSameProperties(one, other, known);
}

/** What an object holds outside of its properties. */
function isSameInside(one: object, other: object, known: Map<object, object>): boolean {
  if (one instanceof Map && other instanceof Map) return isSame([...one], [...other], known);
  if (one instanceof Set && other instanceof Set) return isSame([...one], [...other], known);
  if (one instanceof Date && other instanceof Date) return Object.is(one.getTime(), other.getTime());
  if (one instanceof RegExp) return String(one) === String(other);
  if (one instanceof Error && other instanceof Error) return one.name === other.name && one.message === other.message;
  if (one instanceof ArrayBuffer && other instanceof ArrayBuffer) return isSameBytes(one, other);
  if (one instanceof DataView && other instanceof DataView) return isSameBytes(bytesOf(one), bytesOf(other));
  return true;
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): ArrayBufferLike {
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

function isSameBytes(one: ArrayBufferLike, other: ArrayBufferLike): boolean {
  return isSame(new Uint8Array(one), new Uint8Array(other), new Map());
}

function isSameProperties(one: object, other: object, known: Map<object, object>): boolean {
  const names = namesOf(one);
  if (names.length !== namesOf(other).length) return false;
  if (Array.isArray(one) && Array.isArray(other) && one.length !== other.length) return false;
  return names.every(
    (name) => Object.hasOwn(other, name) && isSame(Reflect.get(one, name), Reflect.get(other, name), known),
  );
}

function namesOf(value: object): readonly PropertyKey[] {
  return Reflect.ownKeys(value).filter((name) => Object.prototype.propertyIsEnumerable.call(value, name));
}

// biome-ignore lint/style/noDefaultExport: it is the module's own in Node.
export { assert as default };
