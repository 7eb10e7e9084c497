import { ValidationError } from "./errors.ts";

/**
 * A batch creator's answer, aligned with the keys.
 * @throws ValidationError if it is of another length, lacks a key or has an unknown one: nothing has been stored
 */
export function alignedValues(answer: unknown, keys: readonly string[]): readonly unknown[] {
  const path = "the batch creator's answer";
  if (Array.isArray(answer)) {
    if (answer.length === keys.length) return answer;
    throw new ValidationError({ path, expected: `${keys.length} values, one for each key`, received: answer.length });
  }
  if (!(answer instanceof Map)) throw new ValidationError({ path, expected: "an array or a Map", received: answer });
  const missing = keys.find((key) => !answer.has(key));
  if (missing !== undefined) {
    const hint = "NO_VALUE says that there is none";
    throw new ValidationError({ path, expected: `a value for ${JSON.stringify(missing)}`, received: undefined, hint });
  }
  if (answer.size > keys.length) {
    const known = new Set(keys);
    const unknown = [...answer.keys()].find((key) => !known.has(key as string));
    throw new ValidationError({ path, expected: "values of the keys that were asked for", received: unknown });
  }
  return keys.map((key) => answer.get(key));
}
