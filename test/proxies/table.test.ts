import { applyProxy, ConfigurationError } from "@cascata/core";
import * as all from "@cascata/proxies";
import { MapBackend } from "@cascata/testing";
import { expect, test } from "vitest";

const { proxies } = all;
const enough: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  encrypt: { keys: { k: "00".repeat(32) }, use: "k" },
  limitInFlight: { max: 5 },
  maxEntrySize: { max: "1kb" },
  prefix: { prefix: "p:" },
  publish: { bus: all.memoryBus() },
  sampling: { share: 0.5 },
  timeout: { after: "1s" },
};

test("names every proxy of the package", () => {
  const made = Object.entries(all).filter(
    ([name, value]) => typeof value === "function" && /^[a-z]/.test(name) && !/Bus$/.test(name),
  );
  expect(Object.keys(proxies)).toEqual(
    made
      .map(([name]) => name)

      .sort(),
  );
});

test.each(Object.entries(proxies))("%s can be made from data", async (name, definition) => {
  const backend = new MapBackend();
  const proxy = applyProxy(definition.create(enough[name] ?? {}, "wrap[0]"), backend, "wrap[0]");
  expect(proxy.proxied).toBe(backend);
  expect(Object.keys(enough[name] ?? {}).every((option) => definition.options.includes(option))).toBe(true);
});

test.each(Object.entries(proxies))("%s refuses an option that it doesn't read, with its place", (name, definition) => {
  const make = () => definition.create({ ...enough[name], nonsense: 1 }, "backends.shared.wrap[2]");
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow("backends.shared.wrap[2].nonsense");
});
