import { backendCases, describeConformance, ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";

const clock = new ManualClock();

describeConformance(
  backendCases,
  { open: () => new MapBackend({ clock }), clock, advance: (ms) => clock.advance(ms) },
  { describe, it, title: "MapBackend" },
);

describe("MapBackend", () => {
  it("answers synchronously and is neither remote nor shared", () => {
    const backend = new MapBackend({ name: "near" });
    expect(backend.name).toBe("near");
    expect([backend.remote, backend.shared, backend.byReference]).toEqual([false, false, true]);
    expect(backend.getMulti(["a"])).toHaveLength(1);
    expect(backend.size).toBe(0);
  });
});
