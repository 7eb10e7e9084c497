import { ConfigurationError, NO_VALUE } from "@cascata/core";
import { sampling } from "@cascata/proxies";
import { MapBackend, ProbeBackend } from "@cascata/testing";
import { expect, test } from "vitest";
import { entryOf, wrapped } from "./support.ts";

const keys = Array.from({ length: 20_000 }, (_, n) => `user:${n}:profile`);

function sampled(share: number): ReadonlySet<string> {
  const { proxy, backend } = wrapped(sampling(share), new MapBackend());
  proxy.setMulti(new Map(keys.map((key) => [key, entryOf(key)])));
  return new Set(keys.filter((key) => backend.get(key) !== NO_VALUE));
}

test.each([0, 0.01, 0.25, 0.5, 0.99, 1])("about a share of %d of the keys is stored", (share) => {
  expect(Math.abs(sampled(share).size / keys.length - share)).toBeLessThan(0.01);
});

test("a larger share includes a smaller one", () => {
  const more = sampled(0.3);
  for (const key of sampled(0.1)) expect(more.has(key)).toBe(true);
});

test("the others are refused without a word to the backend, and not read although they are there", async () => {
  const { proxy, backend } = wrapped(sampling(0), new ProbeBackend());
  backend.entries.set("a", entryOf("from before"));
  expect(await proxy.set("a", entryOf(1))).toEqual({ status: "refused", why: "not-sampled" });
  expect(backend.calls).toEqual([]);
  expect(await proxy.get("a")).toBe(NO_VALUE);
  expect(await proxy.delete("a")).toEqual({ status: "stored" });
  expect(backend.entries.size).toBe(0);
});

test("a lease is given back: nobody waits for what is not stored", async () => {
  const { proxy, backend } = wrapped(sampling(0), new ProbeBackend());
  backend.granting = true;
  await proxy.setMulti(new Map([["a", entryOf(1)]]), { ticket: "t" });
  expect(backend.calls).toMatchObject([{ operation: "leases.release", keys: ["a"] }]);
});

test.each([
  [1.1, "sampling.share"],
  [-1, "sampling.share"],
  [{}, "sampling.share"],
  [{ shares: 1 }, 'did you mean "share"?'],
])("refuses %j", (options, says) => {
  expect(() => sampling(options as never)).toThrow(ConfigurationError);
  expect(() => sampling(options as never)).toThrow(says);
});
