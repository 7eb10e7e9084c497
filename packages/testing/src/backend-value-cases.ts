import assert from "node:assert/strict";
import { CachedValue, type CacheMetadata, isCacheError, NO_VALUE, type WriteOutcome } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, hit, miss, outcomeIn, outcomeOf, payloads, withBackend } from "./harness.ts";
import { assertSameValue } from "./same-value.ts";
import { storableValues } from "./sample-values.ts";
import { TrappingMap } from "./trapping-map.ts";

/** Values and metadata come back as they were, and what the caller gave stays as it was. */
export const valueCases: readonly ConformanceCase<BackendHarness>[] = [
  ...storableValues.map(
    (sample): ConformanceCase<BackendHarness> => ({
      name: `${sample.name} comes back the same, single and multi`,
      run: (harness) =>
        withBackend(harness, async (backend) => {
          const stored = sample.make();
          assert.equal(outcomeOf(await backend.set("single", entryOf(stored, harness))).status, "stored");
          await backend.setMulti(new Map([["multi", entryOf(sample.make(), harness)]]));
          assertSameValue(hit(await backend.get("single")).payload, sample.make(), sample.name);
          for (const found of await backend.getMulti(["single", "multi"])) {
            assertSameValue(hit(found).payload, sample.make(), sample.name);
          }
          assertSameValue(stored, sample.make(), `the caller's ${sample.name}`);
        }),
    }),
  ),
  {
    name: "metadata come back unchanged, but for the revision",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const metadata = fullMetadata(harness);
        await backend.set("a", new CachedValue("x", metadata));
        await backend.setMulti(new Map([["b", new CachedValue("x", metadata)]]));
        const read = [await backend.get("a"), ...(await backend.getMulti(["a", "b"]))];
        for (const found of read) assert.deepEqual(withoutRevision(hit(found).metadata), withoutRevision(metadata));
      }),
  },
  {
    name: "absent metadata stay absent, and infinite ones infinite",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const now = fullMetadata(harness).createdAt;
        const bare: CacheMetadata = { createdAt: now, startedAt: now, formatVersion: 0 };
        await backend.set("bare", new CachedValue(1, bare));
        assert.deepEqual(withoutRevision(hit(await backend.get("bare")).metadata), bare);
        const endless: CacheMetadata = {
          ...bare,
          ttl: Number.POSITIVE_INFINITY,
          grace: Number.POSITIVE_INFINITY,
          tags: [],
        };
        await backend.set("endless", new CachedValue(1, endless));
        assert.deepEqual(withoutRevision(hit(await backend.get("endless")).metadata), endless);
      }),
  },
  {
    name: "reads agree with one another",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", new CachedValue({ n: [1, 2] }, fullMetadata(harness)));
        const single = hit(await backend.get("a"));
        const multi = hit((await backend.getMulti(["a"]))[0]);
        assert.deepEqual(multi.payload, single.payload);
        assert.deepEqual(multi.metadata, single.metadata);
      }),
  },
  {
    name: "setMulti changes neither the mapping nor its values",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const payload = Object.freeze({ list: Object.freeze([1, 2, 3]) });
        const mapping = new TrappingMap<string, CachedValue>([
          ["a", Object.freeze(new CachedValue(payload, Object.freeze(fullMetadata(harness))))],
          ["b", Object.freeze(entryOf("plain", harness))],
        ]);
        const before = [...mapping];
        await backend.setMulti(mapping);
        assert.deepEqual([...mapping], before);
        for (const [index, [key, entry]] of [...mapping].entries()) {
          assert.equal(key, before[index]?.[0]);
          assert.equal(entry, before[index]?.[1], "the mapping holds the caller's own entries");
        }
        assert.deepEqual(payload, { list: [1, 2, 3] });
        assert.deepEqual(hit(await backend.get("a")).payload, payload);
        assert.equal(hit(await backend.get("b")).payload, "plain");
      }),
  },
  {
    name: "set changes nothing of a frozen entry",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const payload = Object.freeze({ a: Object.freeze([1]) });
        const entry = Object.freeze(new CachedValue(payload, Object.freeze(fullMetadata(harness))));
        await backend.set("a", entry);
        assert.deepEqual(hit(await backend.get("a")).payload, { a: [1] });
        assert.equal(entry.payload, payload);
      }),
  },
  {
    name: "keys given as a frozen array are not changed",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const keys = Object.freeze(["b", "a", "b"]);
        await backend.getMulti(keys);
        await backend.deleteMulti(keys);
        await backend.revisions?.(keys);
        assert.deepEqual(keys, ["b", "a", "b"]);
      }),
  },
  {
    name: "NO_VALUE is refused as a payload, by that key alone, and nothing is stored for it",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const nothing = entryOf(NO_VALUE, harness);
        const single = await refusal(async () => outcomeOf(await backend.set("nothing", nothing)));
        assert(isCacheError(single), `set refused NO_VALUE with ${String(single)} instead of a CacheError`);
        miss(await backend.get("nothing"));
        const batch = new Map<string, CachedValue>([
          ["nothing", nothing],
          ["fine", entryOf("fine", harness)],
        ]);
        const multi = await refusal(async () => outcomeIn(await backend.setMulti(batch), "nothing"));
        assert(isCacheError(multi), `setMulti refused NO_VALUE with ${String(multi)} instead of a CacheError`);
        assert.deepEqual(payloads(await backend.getMulti(["nothing"])), ["(miss)"]);
      }),
  },
];

function fullMetadata(harness: BackendHarness): CacheMetadata {
  const { createdAt } = entryOf(0, harness).metadata;
  return {
    createdAt,
    startedAt: createdAt - 12.5,
    startedOrder: { epoch: "0123456789ab", seq: 41 },
    formatVersion: 3,
    ttl: 60_000,
    grace: 30_000,
    tags: ["city", "ünïcode"],
    validators: { etag: 'W/"1"', __proto: "x" },
  };
}

function withoutRevision(metadata: CacheMetadata): CacheMetadata {
  const { revision: _, ...rest } = metadata;
  return rest;
}

/** The error with which a write was refused: thrown, rejected or answered as failed. */
async function refusal(write: () => Promise<WriteOutcome>): Promise<unknown> {
  try {
    const outcome = await write();
    return outcome.status === "failed" ? outcome.error : assert.fail(`the write was answered as ${outcome.status}`);
  } catch (error) {
    return error;
  }
}
