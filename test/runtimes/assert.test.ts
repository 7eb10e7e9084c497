import nodeAssert from "node:assert/strict";
import { oddKeys, storableValues, unstorableValues } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import assert from "./browser/assert.ts";

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

// Nodes of different age differ on whether two invalid dates are equal.
const samples = [...storableValues, ...unstorableValues].filter(({ name }) => name !== "an invalid Date");

const made: readonly (() => unknown)[] = [
  ...samples.map(({ make }) => make),
  ...oddKeys.slice(0, 9).map(
    ({ key }) =>
      () =>
        key,
  ),
  () => [1, undefined],
  () => [1],
  () => new Array(2),
  () => ({ a: 1, b: [2, { c: new Map([["k", new Set([3])]]) }] }),
  () => ({ a: 1, b: [2, { c: new Map([["k", new Set([4])]]) }] }),
  () => Object.assign(new Error("m"), { code: 1 }),
  () => Object.assign(new Error("m"), { code: 2 }),
  () => new RangeError("m"),
  () => new DataView(Uint8Array.of(1, 2).buffer),
  () => new DataView(Uint8Array.of(1, 3).buffer),
  () => Uint8Array.of(1, 2),
  () => Uint16Array.of(1, 2),
  () => Object.create(null) as object,
  () => new (class Own {})(),
  () => /a/g,
  () => /a/i,
];

describe("what stands for node:assert in browsers", () => {
  it("agrees with it on every pair of values", () => {
    const differing: string[] = [];
    for (const [one, makeOne] of made.entries()) {
      for (const [other, makeOther] of made.entries()) {
        const pair = [makeOne(), makeOther()] as const;
        for (const name of ["deepEqual", "notDeepEqual", "equal", "notEqual"] as const) {
          const verdicts = [nodeAssert, assert].map((given) => holds(() => given[name](...pair)));
          if (verdicts[0] !== verdicts[1]) differing.push(`${name}: ${one}, ${other}`);
        }
      }
    }
    expect(differing).toEqual([]);
  });

  it("fails for what is false, and says what it was told", () => {
    for (const value of [false, 0, "", null, undefined, Number.NaN]) expect(() => assert(value, "why")).toThrow("why");
    expect(() => assert.fail("why")).toThrow("why");
    expect(() => assert.match("abc", /d/)).toThrow("abc");
    expect(holds(() => assert(1)) && holds(() => assert.match("abc", /b/))).toBe(true);
  });
});
