import { Buffer } from "node:buffer";
import { type CachedValue, ConfigurationError, NO_VALUE } from "@cascata/core";
import { compress, maxEntrySize } from "@cascata/proxies";
import { ProbeBackend } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { entryOf, wrapped } from "./support.ts";

const tooLarge = { status: "refused", why: "too-large" };

test.each<[string, unknown, unknown]>([
  ["bytes", Buffer.alloc(100), Buffer.alloc(101)],
  ["text", "x".repeat(100), "x".repeat(101)],
  ["text of many bytes a letter", "€".repeat(33), "€".repeat(34)],
  ["an object", { text: "x".repeat(80) }, { text: "x".repeat(100) }],
])("%s is measured in bytes", async (_name, fits, does) => {
  const { proxy, incidents } = wrapped(maxEntrySize(100), new ProbeBackend());
  expect(await proxy.set("a", entryOf(fits))).toEqual({ status: "stored" });
  expect(await proxy.set("b", entryOf(does))).toEqual(tooLarge);
  expect(incidents).toMatchObject([{ what: "entry too large", key: "b" }]);
});

describe("what is too large", () => {
  const large = entryOf("x".repeat(101));

  test("is that key's affair, and its predecessor isn't served on", async () => {
    const { proxy, backend } = wrapped(maxEntrySize(100), new ProbeBackend());
    await proxy.setMulti(new Map(["a", "b", "c"].map((key) => [key, entryOf("old")])));
    const outcomes = await proxy.setMulti(
      new Map<string, CachedValue>([
        ["a", large],
        ["b", entryOf("new")],
      ]),
    );
    expect(outcomes?.get("a")).toEqual(tooLarge);
    expect(outcomes?.get("b")).toEqual({ status: "stored" });
    expect(await proxy.set("c", large, { sender: "chain" })).toEqual(tooLarge);
    expect(backend.calls.at(-1)).toMatchObject({ operation: "deleteMulti", keys: ["c"], context: { sender: "chain" } });
    expect(await proxy.getMulti(["a", "b", "c"])).toEqual([NO_VALUE, entryOf("new"), NO_VALUE]);
  });

  test("under a ticket: the lease is given back and nothing is deleted", async () => {
    const { proxy, backend } = wrapped(maxEntrySize(100), new ProbeBackend());
    backend.granting = true;
    expect(await proxy.set("a", large, { ticket: "t" })).toEqual(tooLarge);
    expect(backend.calls.map(({ operation }) => operation)).toEqual(["leases.release"]);
  });

  test("where the predecessor can't be deleted the write has failed", async () => {
    const { proxy, backend } = wrapped(maxEntrySize(100), new ProbeBackend());
    const failed = { status: "failed", error: new Error("down") } as const;
    backend.outcome = () => failed;
    expect(await proxy.set("a", large)).toBe(failed);
    backend.failure = new Error("gone");
    expect(await proxy.set("a", large)).toMatchObject({ status: "failed", error: { cause: backend.failure } });
  });
});

test("inside compress it measures what is stored", async () => {
  const { proxy: inner } = wrapped(maxEntrySize(200), new ProbeBackend());
  const { proxy } = wrapped(compress(), inner);
  const long = "compressible ".repeat(300);
  expect(await proxy.set("a", entryOf(long))).toEqual({ status: "stored" });
  expect(await proxy.get("a")).toEqual(entryOf(long));
});

test.each([
  ["1 elephant", "maxEntrySize.max"],
  [{}, "maxEntrySize.max"],
  [{ maximum: 5 }, "maxEntrySize.maximum"],
])("refuses %j", (options, says) => {
  expect(() => maxEntrySize(options as never)).toThrow(ConfigurationError);
  expect(() => maxEntrySize(options as never)).toThrow(says);
});
