import { ValidationError } from "./errors.ts";

/** @throws ValidationError for anything but texts by name: a store would give something else back, or take the entry for damaged */
export function checkValidators(validators: unknown, path: string): void {
  if (validators === undefined) return;
  const isRecord = typeof validators === "object" && validators !== null && !Array.isArray(validators);
  if (isRecord && Object.values(validators).every((one) => typeof one === "string")) return;
  throw new ValidationError({ path, expected: "texts by name", received: validators });
}
