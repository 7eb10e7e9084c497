import assert from "node:assert/strict";
import { type CacheBackend, isNoValue, type Order, ReadFailure } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, hit, outcomeIn, outcomeOf, withBackend, withPair } from "./harness.ts";

/** What an authority promises of its count: every store has a revision of its own, later ones are greater. */
export const revisionCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: "what is read carries the revision that its store was answered with",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const outcome = outcomeOf(await backend.set("a", entryOf(1, harness)));
        const { revision } = hit(await backend.get("a")).metadata;
        assert(revision !== undefined && revision.epoch !== "" && Number.isSafeInteger(revision.seq), "a revision");
        assert(outcome.status === "stored");
        if (outcome.revision !== undefined) assert.deepEqual(outcome.revision, revision);
        assert.deepEqual(hit((await backend.getMulti(["a"]))[0]).metadata.revision, revision);
      }),
  },
  {
    name: "the revision that a caller gives is not the one that is kept; startedOrder is",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const invented: Order = { epoch: "invented0000", seq: 9_000_000 };
        await backend.set("a", entryOf(1, harness, { revision: invented, startedOrder: invented }));
        const { metadata } = hit(await backend.get("a"));
        assert.notDeepEqual(metadata.revision, invented);
        assert.deepEqual(metadata.startedOrder, invented);
      }),
  },
  {
    name: "each store has a greater revision, also of an equal entry, in one epoch",
    needs: ["connect"],
    run: (harness) =>
      withPair(harness, async (one, other) => {
        const entry = entryOf("same", harness);
        const seen: Order[] = [];
        for (const backend of [one, other, one]) {
          await backend.set("a", entry);
          seen.push(await revision(backend, "a"));
          await backend.setMulti(new Map([["a", entry]]));
          seen.push(await revision(backend, "a"));
          await backend.delete("a");
        }
        for (const [index, order] of seen.entries()) {
          assert.equal(order.epoch, seen[0]?.epoch);
          if (index > 0) assert(order.seq > (seen[index - 1]?.seq ?? 0), "revisions grow");
        }
      }),
  },
  {
    name: "a read changes no revision",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        const before = await revision(backend, "a");
        await backend.getMulti(["a", "a"]);
        await backend.get("a");
        assert.deepEqual(await revision(backend, "a"), before);
      }),
  },
  {
    name: "revisions answers as reads do, aligned, NO_VALUE for what is absent",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        assert(backend.revisions !== undefined, "the backend has no revisions");
        await backend.setMulti(new Map(["a", "b"].map((key) => [key, entryOf(key, harness)])));
        const answered = await backend.revisions(["b", "never", "a", "b"]);
        assert.equal(answered.length, 4);
        assert(isNoValue(answered[1]), "NO_VALUE for an absent key");
        assert.deepEqual(answered[0], await revision(backend, "b"));
        assert.deepEqual(answered[2], await revision(backend, "a"));
        assert.deepEqual(answered[3], answered[0]);
        await backend.delete("b");
        const [gone] = await backend.revisions(["b"]);
        assert(isNoValue(gone), "NO_VALUE for a deleted key");
      }),
  },
  {
    name: "an entry that is rewritten by another client has another revision at once",
    needs: ["connect"],
    run: (harness) =>
      withPair(harness, async (one, other) => {
        await one.set("a", entryOf(1, harness));
        const before = await revision(one, "a");
        await other.set("a", entryOf(1, harness));
        const [after] = (await one.revisions?.(["a"])) ?? [await revision(one, "a")];
        assert(after !== undefined && !isNoValue(after) && !(after instanceof ReadFailure), "a revision");
        assert(after.seq > before.seq, "a greater revision");
      }),
  },
  {
    name: "each key of a batch is answered with the revision that it has then",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const keys = ["a", "b", "c"];
        const outcomes = await backend.setMulti(new Map(keys.map((key) => [key, entryOf(key, harness)])));
        for (const key of keys) {
          const outcome = outcomeIn(outcomes, key);
          assert(outcome.status === "stored");
          if (outcome.revision !== undefined) assert.deepEqual(outcome.revision, await revision(backend, key));
        }
      }),
  },
  {
    name: "a store that was emptied counts in another epoch",
    needs: ["restartEmpty"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        const before = await revision(backend, "a");
        await harness.restartEmpty?.(backend);
        await backend.set("a", entryOf(1, harness));
        assert.notEqual((await revision(backend, "a")).epoch, before.epoch);
      }),
  },
];

async function revision(backend: CacheBackend, key: string): Promise<Order> {
  const order = hit(await backend.get(key)).metadata.revision;
  assert(order !== undefined, `"${key}" has no revision`);
  return order;
}
