import assert from "node:assert/strict";
import { type CacheBackend, isCacheError } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, hit, miss, outcomeOf, payloads, withBackend } from "./harness.ts";
import { oddKeys, unpairedKeys } from "./sample-values.ts";

/** Any text is a key, and two texts are two keys. */
export const keyCases: readonly ConformanceCase<BackendHarness>[] = [
  ...oddKeys.map(
    ({ name, key }): ConformanceCase<BackendHarness> => ({
      name: `odd key: ${name}`,
      run: (harness) =>
        withBackend(harness, async (backend) => {
          miss(await backend.get(key));
          await roundTrip(harness, backend, key);
        }),
    }),
  ),
  {
    name: "odd keys are different keys",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const keys = oddKeys.map((one) => one.key);
        await backend.setMulti(new Map(keys.map((key, index) => [key, entryOf(index, harness)])));
        assert.deepEqual(
          payloads(await backend.getMulti(keys)),
          keys.map((_, index) => index),
        );
        await backend.deleteMulti(keys.filter((_, index) => index % 2 === 0));
        const expected = keys.map((_, index) => (index % 2 === 0 ? "(miss)" : index));
        assert.deepEqual(payloads(await backend.getMulti(keys)), expected);
      }),
  },
  {
    name: "a key without a UTF-8 form is kept, or refused with a typed error",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const twins = [...new Set(unpairedKeys.map((key) => key.replace(/\p{Surrogate}/gu, "\ufffd")))];
        const kept = [...twins];
        for (const key of twins) await backend.set(key, entryOf(key, harness));
        for (const key of unpairedKeys) {
          const refused = await refusedWith(backend, key, harness);
          if (refused === undefined) kept.push(key);
          else assert(isCacheError(refused), `${JSON.stringify(key)} was refused with ${String(refused)}`);
        }
        assert.deepEqual(payloads(await backend.getMulti(kept)), kept);
        for (const key of kept) await roundTrip(harness, backend, key);
      }),
  },
];

async function roundTrip(harness: BackendHarness, backend: CacheBackend, key: string): Promise<void> {
  assert.equal(outcomeOf(await backend.set(key, entryOf("single", harness))).status, "stored");
  assert.equal(hit(await backend.get(key)).payload, "single");
  await backend.setMulti(new Map([[key, entryOf("multi", harness)]]));
  assert.deepEqual(payloads(await backend.getMulti([key, "another"])), ["multi", "(miss)"]);
  await backend.delete(key);
  miss(await backend.get(key));
  await backend.set(key, entryOf("again", harness));
  await backend.deleteMulti([key]);
  miss(await backend.get(key));
}

async function refusedWith(backend: CacheBackend, key: string, harness: BackendHarness): Promise<unknown> {
  try {
    const outcome = outcomeOf(await backend.set(key, entryOf(key, harness)));
    return outcome.status === "failed" ? outcome.error : undefined;
  } catch (error) {
    return error;
  }
}
