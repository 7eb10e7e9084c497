import { isCacheMutex } from "@cascata/core";
import { describe, expect, it } from "vitest";

const complete = { acquire: () => true, release: () => undefined, locked: () => false };

describe("isCacheMutex", () => {
  it("takes whatever has the three functions", () => {
    expect(isCacheMutex(complete)).toBe(true);
    expect(isCacheMutex(Object.create(complete))).toBe(true);
  });

  it("refuses what lacks one of them", () => {
    for (const member of ["acquire", "release", "locked"] as const) {
      expect(isCacheMutex({ ...complete, [member]: undefined }), member).toBe(false);
      expect(isCacheMutex({ ...complete, [member]: true }), member).toBe(false);
    }
    for (const other of [null, undefined, 0, "", () => true, []]) expect(isCacheMutex(other)).toBe(false);
  });
});
