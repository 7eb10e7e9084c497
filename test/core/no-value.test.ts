import { isNoValue, NO_VALUE, NoValue } from "@cascata/core";
import { describe, expect, it, vi } from "vitest";

describe("NO_VALUE", () => {
  it("has a fixed text form", () => {
    expect(String(NO_VALUE)).toBe("NO_VALUE");
    expect(`${NO_VALUE}`).toBe("NO_VALUE");
    expect(Object.prototype.toString.call(NO_VALUE)).toBe("[object NO_VALUE]");
  });

  it("is its own payload", () => {
    expect(NO_VALUE.payload).toBe(NO_VALUE);
  });

  it("is truthy, so that only isNoValue tells", () => {
    expect(Boolean(NO_VALUE)).toBe(true);
    expect(isNoValue(NO_VALUE)).toBe(true);
    for (const payload of [undefined, null, 0, Number.NaN, "", false, {}, "NO_VALUE", new NoValue()]) {
      expect(isNoValue(payload)).toBe(false);
    }
  });

  it("is frozen", () => {
    expect(Object.isFrozen(NO_VALUE)).toBe(true);
  });

  it("refuses JSON, alone and inside", () => {
    expect(() => JSON.stringify(NO_VALUE)).toThrow(TypeError);
    expect(() => JSON.stringify({ list: [NO_VALUE] })).toThrow(/cannot be serialized/);
  });

  it("is one over two copies of the package", async () => {
    vi.resetModules();
    const copy = await import("@cascata/core");
    expect(copy.NoValue).not.toBe(NoValue);
    expect(copy.NO_VALUE).toBe(NO_VALUE);
    expect(copy.isNoValue(NO_VALUE)).toBe(true);
  });
});
