import { CacheBackend, createRegion, type RegionEventName, ValidationError } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { MapBackend } from "@cascata/testing";
import { describe, expect, test } from "vitest";

/** Lets promises settle. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("on", () => {
  const region = createRegion({ name: "r", backend: new MapBackend() });

  test("refuses an event that nobody emits, with the nearest name", () => {
    const event = "hti" as RegionEventName;
    expect(() => region.on(event, () => undefined)).toThrow(ValidationError);
    expect(() => region.on(event, () => undefined)).toThrow(/event: expected one of hit, .*did you mean "hit"/);
  });

  test("refuses what is no listener", () => {
    expect(() => region.on("hit", "listener" as never)).toThrow(/listener: expected a function/);
  });
});

const late = (): Promise<never> => Promise.reject(new Error("later"));

describe("a listener that fails, at once or later, harms nobody", () => {
  test("its failure goes to the logger", async () => {
    const warnings: string[] = [];
    const logger = {
      warn: (message: string, details: unknown) => void warnings.push(`${message}: ${String(details)}`),
    };
    const region = createRegion({ name: "r", backend: new MapBackend(), logger });
    region.on("hit", () => {
      throw new Error("at once");
    });
    region.on("set", late as never);
    await region.set("k", 1);
    expect(await region.get("k")).toBe(1);
    await settled();
    expect(warnings.toSorted()).toEqual([
      'a listener of "hit" threw: Error: at once',
      'a listener of "set" threw: Error: later',
    ]);
  });

  test("a logger's own, a watcher's and a removal listener's are dropped or told, and end no process", async () => {
    const region = createRegion({ name: "r", backend: new MapBackend(), logger: { warn: late as never } });
    region.on("hit", late as never);
    await region.set("k", 1);
    await region.get("k");

    const backend = new MemoryBackend({ maxEntries: 1, onRemoved: late as never });
    const incidents: unknown[] = [];
    backend.watch(({ what }) => void incidents.push(what));
    const small = createRegion({ name: "small", backend });
    await small.set("a", 1);
    await small.set("b", 1);
    await settled();
    expect(incidents).toEqual(["removal-listener-failed"]);

    class Telling extends MapBackend {
      tell(): void {
        this.report("something");
      }
    }
    const telling = new Telling();
    telling.watch(late as never);
    telling.tell();
    // The runner fails a test whose promise is rejected and heard by nobody.
    await settled();
    expect(telling).toBeInstanceOf(CacheBackend);
  });
});
