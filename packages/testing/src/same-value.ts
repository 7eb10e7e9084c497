import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

/**
 * Asserts that what came back is what was stored: the very object, or an equal one of the same kind all the way down.
 * Errors are compared by kind and message, since a stack belongs to the place where it was made.
 */
export function assertSameValue(actual: unknown, expected: unknown, what = "the value"): void {
  if (Object.is(actual, expected)) return;
  if (expected instanceof Error) {
    assert(actual instanceof Error, `${what}: expected an Error, got ${kindOf(actual)}`);
    assert.equal(actual.name, expected.name, `${what}: the error's name`);
    assert.equal(actual.message, expected.message, `${what}: the error's message`);
    return;
  }
  assert.equal(kindOf(actual), kindOf(expected), `${what} came back as another kind`);
  if (Buffer.isBuffer(expected)) assert(Buffer.isBuffer(actual), `${what} came back as a plain Uint8Array`);
  if (Array.isArray(expected) && Array.isArray(actual)) {
    assert.equal(actual.length, expected.length, `${what}: its length`);
    for (const [index, item] of expected.entries()) assertSameValue(actual[index], item, `${what}[${index}]`);
  } else if (isPlain(expected) && isPlain(actual)) {
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), `${what}: its names`);
    for (const [name, item] of Object.entries(expected)) assertSameValue(actual[name], item, `${what}.${name}`);
  } else if (expected instanceof Date && actual instanceof Date) {
    assert(Object.is(actual.getTime(), expected.getTime()), `${what}: its instant`);
  } else if (expected instanceof Map && actual instanceof Map) {
    assertSameValue([...actual], [...expected], what);
  } else {
    assert.deepStrictEqual(actual, expected, `${what} came back changed`);
  }
}

function kindOf(thing: unknown): string {
  return thing === null || typeof thing !== "object" ? typeof thing : Object.prototype.toString.call(thing);
}

function isPlain(thing: unknown): thing is Readonly<Record<string, unknown>> {
  return kindOf(thing) === "[object Object]";
}
