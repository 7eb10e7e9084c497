import { ConfigurationError, lengthConditionalMangler, prefixMangler } from "@cascata/core";
import { describe, expect, it } from "vitest";

describe("prefixMangler", () => {
  it("puts the prefix before any key", () => {
    const mangle = prefixMangler("users:");
    expect(["a", "", "🗺️", "users:a"].map(mangle)).toEqual(["users:a", "users:", "users:🗺️", "users:users:a"]);
  });
});

describe("lengthConditionalMangler", () => {
  it("leaves shorter keys alone", () => {
    const mangle = lengthConditionalMangler(3, (key) => `<${key}>`);
    expect(["", "ab", "abc", "abcd"].map(mangle)).toEqual(["", "ab", "<abc>", "<abcd>"]);
    expect(lengthConditionalMangler(0, () => "x")("")).toBe("x");
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses the length %d", (length) => {
    expect(() => lengthConditionalMangler(length, (key) => key)).toThrow(ConfigurationError);
  });
});
