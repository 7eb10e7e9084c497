import assert from "node:assert/strict";
import { type CacheBackend, CachedValue, isNoValue } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, hit, longerMs, miss, payloads, shortMs, withBackend } from "./harness.ts";

/** How long a tier keeps an entry: the entry's remaining life, and no longer than the tier's own cap. */
export const lifeCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: "an entry is gone when its ttl and grace have passed",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness, { ttl: shortMs / 2, grace: shortMs / 2 }));
        await backend.setMulti(new Map([["b", entryOf(2, harness, { ttl: shortMs })]]));
        assert.deepEqual(payloads(await backend.getMulti(["a", "b"])), [1, 2]);
        await harness.advance?.(longerMs);
        await gone(backend, "a", "b");
      }),
  },
  {
    name: "an entry is kept through its grace, although its ttl has passed",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness, { ttl: 1, grace: 3_600_000 }));
        await harness.advance?.(longerMs);
        assert.equal(hit(await backend.get("a")).payload, 1);
      }),
  },
  {
    name: "an entry that is already old is kept only for what is left of its life",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const { createdAt } = entryOf(0, harness).metadata;
        const old = { createdAt: createdAt - 3_600_000, startedAt: createdAt - 3_600_000, ttl: 3_600_000 + shortMs };
        await backend.set("a", entryOf(1, harness, old));
        assert.equal(hit(await backend.get("a")).metadata.createdAt, createdAt - 3_600_000);
        await harness.advance?.(longerMs);
        await gone(backend, "a");
      }),
  },
  {
    name: "keepMs caps the stay, one key or many, and leaves the entry's life alone",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness), { keepMs: shortMs });
        await backend.setMulti(new Map([["b", entryOf(2, harness)]]), { keepMs: shortMs });
        await backend.set("c", entryOf(3, harness));
        for (const found of await backend.getMulti(["a", "b"])) assert.equal(hit(found).metadata.ttl, 3_600_000);
        await harness.advance?.(longerMs);
        await gone(backend, "a", "b");
        assert.equal(hit(await backend.get("c")).payload, 3);
      }),
  },
  {
    name: "keepMs does not prolong an entry's life",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness, { ttl: shortMs }), { keepMs: 3_600_000 });
        await backend.set("b", entryOf(2, harness, { ttl: shortMs }), { keepMs: Number.POSITIVE_INFINITY });
        await harness.advance?.(longerMs);
        await gone(backend, "a", "b");
      }),
  },
  {
    name: "an entry with no life left is not stored, and removes what was there",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const now = entryOf(0, harness).metadata.createdAt;
        const over = { createdAt: now - 10_000, startedAt: now - 10_000, ttl: 5_000, grace: 1_000 };
        await backend.setMulti(new Map(["a", "b", "c"].map((key) => [key, entryOf("before", harness)])));
        await backend.set("a", entryOf("dead", harness, over));
        await backend.setMulti(new Map([["b", entryOf("dead", harness, over)]]));
        await backend.set("c", entryOf("capped", harness), { keepMs: 0 });
        await gone(backend, "a", "b", "c");
      }),
  },
  {
    name: "an endless entry stays",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const { ttl: _, ...bare } = entryOf(0, harness).metadata;
        await backend.set("a", entryOf(1, harness, { ttl: Number.POSITIVE_INFINITY }));
        await backend.set("b", entryOf(2, harness, { ttl: 0, grace: Number.POSITIVE_INFINITY }));
        await backend.set("c", new CachedValue(3, bare));
        await harness.advance?.(longerMs);
        assert.deepEqual(payloads(await backend.getMulti(["a", "b", "c"])), [1, 2, 3]);
      }),
  },
  {
    name: "a new set starts a new life",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf("short", harness, { ttl: shortMs }));
        await backend.set("a", entryOf("long", harness));
        await backend.set("b", entryOf("long", harness));
        await backend.set("b", entryOf("short", harness, { ttl: shortMs }));
        await harness.advance?.(longerMs);
        assert.equal(hit(await backend.get("a")).payload, "long");
        miss(await backend.get("b"));
      }),
  },
];

async function gone(backend: CacheBackend, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) assert(isNoValue(await backend.get(key)), `get still finds "${key}"`);
  assert.deepEqual(
    payloads(await backend.getMulti(keys)),
    keys.map(() => "(miss)"),
  );
}
