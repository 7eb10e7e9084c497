import assert from "node:assert/strict";
import type { CacheBackend, Mark, MarkTable } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, hit, longerMs, withBackend, withPair } from "./harness.ts";

const at = 1_700_000_000_123;

/** What a backend with `marks` promises. */
export const markCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: "a name that was never marked has no marks; look-ups are aligned",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await table(backend).put(["b"], "hard", at);
        const found = await table(backend).lookup(["a", "b", "a", "b"]);
        assert.deepEqual(
          found.map((marks) => marks.length),
          [0, 1, 0, 1],
        );
        assert.deepEqual(await table(backend).lookup([]), []);
        assert.deepEqual(await table(backend).put([], "hard", at), []);
      }),
  },
  {
    name: "put answers with the marks as they stand, in the order of the names",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const put = await table(backend).put(["b", "a"], "soft", at);
        assert.deepEqual(
          put.map((mark) => [mark.name, mark.mode, mark.at]),
          [
            ["b", "soft", at],
            ["a", "soft", at],
          ],
        );
        const [[b], [a]] = (await table(backend).lookup(["b", "a"])) as [readonly Mark[], readonly Mark[]];
        assert.deepEqual([b, a], put);
      }),
  },
  {
    name: "odd names are names: the empty one, braces, emoji, __proto__",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const names = ["", "{}", "{a}", "🗺️", "__proto__", "a b", "a\nb"];
        await table(backend).put(names, "hard", at);
        const found = await table(backend).lookup(names);
        assert.deepEqual(
          found.map((marks) => marks.map((mark) => mark.name)),
          names.map((name) => [name]),
        );
      }),
  },
  {
    name: "a name keeps a hard and a soft mark side by side, the newest of each",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await table(backend).put(["a"], "soft", at);
        const [hard] = await table(backend).put(["a"], "hard", at + 1);
        const [soft] = await table(backend).put(["a"], "soft", at + 2);
        const [found = []] = await table(backend).lookup(["a"]);
        assert.equal(found.length, 2);
        assert.deepEqual(
          found.find((mark) => mark.mode === "hard"),
          hard,
        );
        assert.deepEqual(
          found.find((mark) => mark.mode === "soft"),
          soft,
        );
      }),
  },
  {
    name: "a mark's order is between the revisions of what was stored before and after it",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("x", entryOf(1, harness));
        const before = hit(await backend.get("x")).metadata.revision;
        const [mark] = await table(backend).put(["a"], "hard", at);
        await backend.set("x", entryOf(2, harness));
        const after = hit(await backend.get("x")).metadata.revision;
        if (before === undefined || after === undefined) return assert.equal(mark?.order, undefined);
        assert(mark?.order !== undefined, "a store that counts gives its marks an order");
        assert.deepEqual([mark.order.epoch, after.epoch], [before.epoch, before.epoch]);
        assert(before.seq < mark.order.seq && mark.order.seq < after.seq, "in between");
      }),
  },
  {
    name: "marks are the store's: another client sees them at once, a clear leaves them",
    needs: ["connect"],
    run: (harness) =>
      withPair(harness, async (one, other) => {
        const put = await table(one).put(["a"], "hard", at, "chain");
        assert.deepEqual((await table(other).lookup(["a"]))[0], put);
        await one.clear?.();
        assert.deepEqual((await table(other).lookup(["a"]))[0], put);
      }),
  },
  {
    name: "marks and keys of one name don't meet",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        await table(backend).put(["a"], "hard", at);
        assert.equal(hit(await backend.get("a")).payload, 1);
        await backend.delete("a");
        assert.equal((await table(backend).lookup(["a"]))[0]?.length, 1);
      }),
  },
  {
    name: "marks outlive a short time",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await table(backend).put(["a"], "hard", at);
        await harness.advance?.(longerMs);
        assert.equal((await table(backend).lookup(["a"]))[0]?.length, 1);
      }),
  },
];

function table(backend: CacheBackend): MarkTable {
  assert(backend.marks !== undefined, "the backend has no marks");
  return backend.marks;
}
