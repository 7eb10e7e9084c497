import { backendCases, ManualClock, MapBackend, runConformance } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { brokenBackends } from "./broken-backends.ts";

describe("the backend kit", () => {
  it("passes for a backend that is not broken", async () => {
    const clock = new ManualClock();
    const harness = { open: () => new MapBackend({ clock }), clock, advance: (ms: number) => clock.advance(ms) };
    const { failed, skipped } = await runConformance(backendCases, harness);
    expect([...failed.keys()]).toEqual([]);
    expect([...skipped.keys()]).toEqual(["empty batches do no I/O"]);
  });

  for (const [name, spoil] of Object.entries(brokenBackends)) {
    it(`catches a backend that is broken: ${name}`, async () => {
      const clock = new ManualClock();
      let last: MapBackend | undefined;
      const open = () => {
        const backend = new MapBackend({ clock });
        spoil(backend, { clock }, last);
        last = backend;
        return backend;
      };
      const { failed, passed } = await runConformance(backendCases, {
        open,
        clock,
        advance: (ms) => clock.advance(ms),
      });
      expect([...failed.keys()].length).toBeGreaterThan(0);
      expect(passed.length + failed.size).toBe(backendCases.length - 1);
    });
  }

  it("catches a backend that does I/O for empty batches", async () => {
    const clock = new ManualClock();
    const operations = new WeakMap<object, number>();
    const open = () => {
      const backend = new MapBackend({ clock });
      const all = backend.getMulti.bind(backend);
      backend.getMulti = (keys) => {
        operations.set(backend, (operations.get(backend) ?? 0) + 1);
        return all(keys);
      };
      return backend;
    };
    const harness = { open, clock, operations: (backend: object) => operations.get(backend) ?? 0 };
    const { failed } = await runConformance(backendCases, harness);
    expect([...failed.keys()]).toEqual(["empty batches do no I/O"]);
  });
});
