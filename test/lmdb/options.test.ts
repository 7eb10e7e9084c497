import { ConfigurationError, type Mistake } from "@cascata/core";
import { LmdbBackend, type LmdbBackendOptions } from "@cascata/lmdb";
import { ManualClock } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { optionsFrom } from "../../packages/lmdb/src/flat-options.ts";
import { Bench, payloadOf } from "./support.ts";

const bench = new Bench(new ManualClock());

function mistakesOf(options: unknown): readonly Mistake[] {
  try {
    new LmdbBackend(options as LmdbBackendOptions);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
    throw error;
  }
  return [];
}

describe("options", () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["no path", {}, "path"],
    ["an empty path", { path: "" }, "path"],
    ["a path with NUL", { path: "a\0b" }, "path"],
    ["a maximum below 1 MB", { maxSize: "1kb" }, "maxSize"],
    ["an endless maximum", { maxSize: Number.POSITIVE_INFINITY }, "maxSize"],
    ["a maximum that is no size", { maxSize: "1 gigabyte" }, "maxSize"],
    ["an entry that fills the file", { maxSize: "1mb", maxEntrySize: "900kb" }, "maxEntrySize"],
    ["an empty name", { name: "" }, "name"],
    ["half a serializer", { serializer: { name: "x", serialize() {} } }, "serializer"],
    ["a mangler that is none", { keyMangler: "sha1" }, "keyMangler"],
    ["an unknown damage policy", { onDamage: "ignore" }, "onDamage"],
    ["no pause between looks", { pollEvery: 0 }, "pollEvery"],
    ["an endless lock", { lockTimeout: Number.POSITIVE_INFINITY }, "lockTimeout"],
    ["a clock that is none", { clock: {} }, "clock"],
  ];
  for (const [name, options, path] of wrong) {
    it(`${name} is refused by its name`, () => {
      const given = name.includes("path") ? options : { path: bench.newPath(), ...(options as object) };
      expect(mistakesOf(given).map((mistake) => mistake.path)).toEqual([path]);
    });
  }

  it("all mistakes are reported at once, unknown names with the nearest right one", () => {
    const mistakes = mistakesOf({ path: bench.newPath(), maxsize: "1gb", onDamage: "no", name: 5 });
    expect(mistakes.map(({ path }) => path).sort()).toEqual(["name", "onDamage", "options.maxsize"]);
    expect(mistakes.find(({ path }) => path === "options.maxsize")?.hint).toContain('"maxSize"');
    expect(() => new LmdbBackend(undefined as never)).toThrow(ConfigurationError);
  });

  it("a constructor opens nothing and makes no file", async () => {
    const { existsSync } = await import("node:fs");
    const path = bench.newPath();
    const backend = bench.open({ path });
    expect(existsSync(path)).toBe(false);
    await backend.close();
    expect(existsSync(path)).toBe(false);
  });

  it("are read from a flat configuration, texts included, which is left alone", async () => {
    const path = bench.newPath();
    const config = Object.freeze({
      "cache.arguments.path": path,
      "cache.arguments.maxSize": "2097152",
      "cache.other": 1,
    });
    expect(optionsFrom(config, "cache.arguments.")).toEqual({ path, maxSize: 2_097_152 });
    const backend = LmdbBackend.fromConfig(config, "cache.arguments.");
    await backend.set("a", bench.entry(1, { ttl: Number.POSITIVE_INFINITY }));
    expect(payloadOf(await backend.get("a"))).toBe(1);
    await backend.close();
  });

  it("says what it is", () => {
    const backend = bench.open({ name: "disk", keyMangler: (key) => `m:${key}` });
    expect([backend.name, backend.remote, backend.shared, backend.byReference]).toEqual(["disk", false, true, false]);
    expect(backend.keyMangler?.("a")).toBe("m:a");
    expect(backend.hasLockTimeout()).toBe(true);
    expect(backend.health().state).toBe("up");
  });
});
