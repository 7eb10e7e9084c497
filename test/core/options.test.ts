import { ConfigurationError, checkOptionNames, nearest, wholeNumber } from "@cascata/core";
import { describe, expect, test } from "vitest";

describe("checkOptionNames", () => {
  test("lets known names pass", () => {
    expect(() => checkOptionNames({ ttl: 1 }, ["ttl", "grace"], "region")).not.toThrow();
  });

  test("reports every unknown one, with the nearest spelling", () => {
    try {
      checkOptionNames({ tl: 1, gracee: "2s", zebra: 3 }, ["ttl", "grace"], "region");
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as ConfigurationError).mistakes).toEqual([
        { path: "region.tl", expected: "one of ttl, grace", received: 1, hint: 'did you mean "ttl"?' },
        { path: "region.gracee", expected: "one of ttl, grace", received: "2s", hint: 'did you mean "grace"?' },
        { path: "region.zebra", expected: "one of ttl, grace", received: 3 },
      ]);
    }
  });

  test.each([null, 5, "5s", [], undefined])("%j is no object of options", (options) => {
    expect(() => checkOptionNames(options, [], "region")).toThrow("region: expected an object of options");
  });
});

test.each([
  ["maxEntires", "maxEntries"],
  ["MAXENTRIES", "maxEntries"],
  ["entries", undefined],
  ["", undefined],
  ["ttls", "ttl"],
])("nearest to %j is %j", (name, expected) => {
  expect(nearest(name, ["maxEntries", "maxBytes", "ttl"])).toBe(expected);
});

test("wholeNumber takes whole numbers from the least on, and Infinity", () => {
  expect(wholeNumber(1, "n")).toBe(1);
  expect(wholeNumber(0, "n", 0)).toBe(0);
  expect(wholeNumber(Number.POSITIVE_INFINITY, "n")).toBe(Number.POSITIVE_INFINITY);
  for (const bad of [0, -1, 1.5, Number.NaN, "1", undefined])
    expect(() => wholeNumber(bad, "n")).toThrow("n: expected a whole number");
});
