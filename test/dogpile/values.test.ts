import { CachedValue, isNoValue, NO_VALUE, richSerializer } from "@cascata/core";
import { expect, it } from "vitest";

it("row 1: the text of NO_VALUE is fixed, and it can't be stored", () => {
  expect([String(NO_VALUE), `${NO_VALUE}`, Object.prototype.toString.call(NO_VALUE)]).toEqual([
    "NO_VALUE",
    "NO_VALUE",
    "[object NO_VALUE]",
  ]);
  expect(NO_VALUE.payload).toBe(NO_VALUE);
  expect(isNoValue(NO_VALUE) && !isNoValue(undefined) && !isNoValue(null)).toBe(true);
  expect(() => JSON.stringify(NO_VALUE)).toThrow(TypeError);
  expect(() => richSerializer.serialize({ a: [NO_VALUE] })).toThrow();
});

it("an entry is a payload and what is known of it", () => {
  const metadata = { createdAt: 5, startedAt: 4, formatVersion: 1 };
  expect(new CachedValue(null, metadata)).toMatchObject({ payload: null, metadata });
});
