import assert from "node:assert/strict";
import { type CachedValue, isNoValue } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, hit, miss, outcomeIn, outcomeOf, payloads, withBackend } from "./harness.ts";

/** Reading, writing and deleting, one key or many. */
export const basicCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: "a key that was never set is NO_VALUE",
    run: (harness) => withBackend(harness, async (backend) => miss(await backend.get("nothing"))),
  },
  {
    name: "what was set is read",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        assert.equal(outcomeOf(await backend.set("a", entryOf("one", harness))).status, "stored");
        assert.equal(hit(await backend.get("a")).payload, "one");
        miss(await backend.get("b"));
      }),
  },
  {
    name: "a later set replaces an earlier one",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf("one", harness));
        await backend.set("a", entryOf("two", harness));
        assert.equal(hit(await backend.get("a")).payload, "two");
        await backend.setMulti(new Map([["a", entryOf("three", harness)]]));
        assert.equal(hit(await backend.get("a")).payload, "three");
      }),
  },
  {
    name: "a deleted key is NO_VALUE, one read or many",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf("one", harness));
        await backend.set("b", entryOf("two", harness));
        assert.equal(outcomeOf(await backend.delete("a")).status, "stored");
        miss(await backend.get("a"));
        assert.deepEqual(payloads(await backend.getMulti(["a", "b"])), ["(miss)", "two"]);
      }),
  },
  {
    name: "deleting is idempotent, one key or many",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        assert.equal(outcomeOf(await backend.delete("never")).status, "stored");
        await backend.set("a", entryOf("one", harness));
        await backend.delete("a");
        assert.equal(outcomeOf(await backend.delete("a")).status, "stored");
        const outcomes = await backend.deleteMulti(["a", "never"]);
        for (const key of ["a", "never"]) assert.equal(outcomeIn(outcomes, key).status, "stored");
      }),
  },
  {
    name: "a key can be set again after its delete",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf("one", harness));
        await backend.delete("a");
        await backend.set("a", entryOf("two", harness));
        assert.equal(hit(await backend.get("a")).payload, "two");
      }),
  },
  {
    name: "getMulti is aligned with its keys, holes and duplicates included",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        await backend.set("c", entryOf(3, harness));
        const keys = ["c", "b", "a", "c", "b", "a"];
        assert.deepEqual(payloads(await backend.getMulti(keys)), [3, "(miss)", 1, 3, "(miss)", 1]);
        assert.deepEqual(keys, ["c", "b", "a", "c", "b", "a"]);
      }),
  },
  {
    name: "setMulti stores each key, for single and multi reads",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const outcomes = await backend.setMulti(entries(harness, { a: 1, b: 2, c: 3 }));
        for (const key of ["a", "b", "c"]) assert.equal(outcomeIn(outcomes, key).status, "stored");
        assert.equal(hit(await backend.get("b")).payload, 2);
        assert.deepEqual(payloads(await backend.getMulti(["a", "b", "c", "d"])), [1, 2, 3, "(miss)"]);
      }),
  },
  {
    name: "deleteMulti deletes what is there, and only that",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.setMulti(entries(harness, { a: 1, b: 2, c: 3 }));
        await backend.deleteMulti(["a", "never", "c", "a"]);
        assert.deepEqual(payloads(await backend.getMulti(["a", "b", "c"])), ["(miss)", 2, "(miss)"]);
      }),
  },
  {
    name: "empty batches answer and change nothing",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        assert.deepEqual(await backend.getMulti([]), []);
        assert.equal((await backend.setMulti(new Map()))?.size ?? 0, 0);
        assert.equal((await backend.deleteMulti([]))?.size ?? 0, 0);
        if (backend.revisions !== undefined) assert.deepEqual(await backend.revisions([]), []);
        assert.equal(hit(await backend.get("a")).payload, 1);
      }),
  },
  {
    name: "empty batches do no I/O",
    needs: ["operations"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.get("warm");
        const before = harness.operations?.(backend);
        await backend.getMulti([]);
        await backend.setMulti(new Map());
        await backend.deleteMulti([]);
        await backend.revisions?.([]);
        assert.equal(harness.operations?.(backend), before);
      }),
  },
  {
    name: "works after many operations",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const model = new Map<string, number>();
        for (let round = 0; round < 60; round += 1) {
          const keys = Array.from({ length: 8 }, (_, index) => `k${(round * 7 + index * 3) % 41}`);
          await backend.setMulti(new Map(keys.map((key, index) => [key, entryOf(round * 8 + index, harness)])));
          for (const [index, key] of keys.entries()) model.set(key, round * 8 + index);
          const gone = `k${(round * 5) % 41}`;
          await (round % 2 === 0 ? backend.delete(gone) : backend.deleteMulti([gone]));
          model.delete(gone);
        }
        const all = Array.from({ length: 41 }, (_, index) => `k${index}`);
        const expected = all.map((key) => model.get(key) ?? "(miss)");
        assert.deepEqual(payloads(await backend.getMulti(all)), expected);
      }),
  },
  {
    name: "a thousand keys in one batch",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const keys = Array.from({ length: 1000 }, (_, index) => `key ${index}`);
        await backend.setMulti(new Map(keys.map((key, index) => [key, entryOf(index, harness)])));
        assert.deepEqual(
          payloads(await backend.getMulti(keys)),
          keys.map((_, index) => index),
        );
        await backend.deleteMulti(keys.slice(0, 999));
        const left = (await backend.getMulti(keys)).map((found) => !isNoValue(found));
        assert.equal(left.filter(Boolean).length, 1);
        assert.equal(left[999], true);
      }),
  },
];

function entries(harness: BackendHarness, values: Readonly<Record<string, number>>): Map<string, CachedValue> {
  return new Map(Object.entries(values).map(([key, value]) => [key, entryOf(value, harness)]));
}
