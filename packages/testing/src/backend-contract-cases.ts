import assert from "node:assert/strict";
import {
  type CacheBackend,
  CachedValue,
  ClosedError,
  isCacheError,
  isCacheMutex,
  type LeaseRequest,
} from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, hit, miss, payloads, withBackend } from "./harness.ts";

/** The rest of the contract: contexts, optional operations, closing. */
export const contractCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: "has a name and says what it is",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        assert(typeof backend.name === "string" && backend.name !== "", "a name");
        for (const member of ["remote", "shared", "byReference"] as const) {
          assert.equal(typeof backend[member], "boolean", member);
        }
        assert(["up", "degraded", "down"].includes(backend.health().state), "a state of health");
        assert.equal(typeof backend.hasLockTimeout(), "boolean");
        const mutex = backend.getMutex("a");
        assert(mutex === null || isCacheMutex(mutex), "a mutex or null");
      }),
  },
  {
    name: "byReference says whether the stored object itself comes back",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const payload = { n: 1 };
        await backend.set("a", entryOf(payload, harness));
        assert.equal(hit(await backend.get("a")).payload === payload, backend.byReference);
      }),
  },
  {
    name: "contexts are honoured or ignored, and never changed",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const seen: string[] = [];
        const read = Object.freeze({
          judge: () => "fresh" as const,
          observe: (_tier: string, key: string) => void seen.push(key),
          nearestOnly: false,
          skip: Object.freeze(new Set<string>()),
        });
        const write = Object.freeze({ sender: "chain", observe: (_tier: string, key: string) => void seen.push(key) });
        await backend.set("a", entryOf(1, harness), write);
        await backend.setMulti(new Map([["b", entryOf(2, harness)]]), write);
        assert.equal(hit(await backend.get("a", read)).payload, 1);
        assert.deepEqual(payloads(await backend.getMulti(["a", "b", "c"], read)), [1, 2, "(miss)"]);
        await backend.delete("a", write);
        await backend.deleteMulti(["b"], write);
        miss(await backend.get("a", read));
        for (const key of seen) assert(["a", "b", "c"].includes(key), `an observer was told of "${key}"`);
      }),
  },
  {
    name: "an entry that the judge rejects is still what the backend holds",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        const found = await backend.get("a", { judge: () => "stale" });
        assert.equal(hit(found).payload, 1);
      }),
  },
  {
    name: "a lease is answered for exactly if the backend has leases",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const answered: string[] = [];
        const lease: LeaseRequest = { token: "t", ms: 1000, answer: (key) => void answered.push(key) };
        miss(await backend.get("a", { lease }));
        assert.deepEqual(answered, backend.leases === undefined ? [] : ["a"]);
      }),
  },
  {
    name: "a deadline that has passed harms nothing but the call",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const deadline = entryOf(0, harness).metadata.createdAt - 1;
        await backend.set("a", entryOf(1, harness));
        try {
          const found = await backend.get("a", { deadline });
          if (found instanceof CachedValue) assert.equal(found.payload, 1);
        } catch (error) {
          assert(isCacheError(error), `failed with ${String(error)} instead of a CacheError`);
        }
        assert.equal(hit(await backend.get("a")).payload, 1);
      }),
  },
  {
    name: "clear, where there is one, leaves nothing and can be followed by sets",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.setMulti(new Map(["a", "b"].map((key) => [key, entryOf(key, harness)])));
        await backend.clear?.();
        const left = backend.clear === undefined ? ["a", "b"] : ["(miss)", "(miss)"];
        assert.deepEqual(payloads(await backend.getMulti(["a", "b"])), left);
        await backend.set("a", entryOf("again", harness));
        assert.equal(hit(await backend.get("a")).payload, "again");
      }),
  },
  {
    name: "two backends of two stores share nothing",
    run: (harness) =>
      withBackend(harness, (one) =>
        withBackend(harness, async (other) => {
          await one.set("a", entryOf("one", harness));
          miss(await other.get("a"));
          await other.delete("a");
          assert.equal(hit(await one.get("a")).payload, "one");
        }),
      ),
  },
  {
    name: "a watcher that throws or leaves harms nothing",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const leave = backend.watch(() => {
          throw new Error("a watcher's own failure");
        });
        await backend.set("a", entryOf(1, harness));
        assert.equal(hit(await backend.get("a")).payload, 1);
        leave();
        leave();
      }),
  },
  {
    name: "after close every operation fails with ClosedError, and close is idempotent",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        await backend.close();
        await backend.close();
        await backend[Symbol.asyncDispose]();
        for (const [what, run] of operations(backend, harness)) {
          const error = await failureIn(run);
          assert(isCacheError(error), `${what} after close answered or failed with ${String(error)}`);
          assert.equal(error.code, new ClosedError("").code, `${what} after close failed with ${error.name}`);
        }
      }),
  },
];

type Call = readonly [what: string, run: () => unknown];

function operations(backend: CacheBackend, harness: BackendHarness): readonly Call[] {
  const calls: Call[] = [
    ["get", () => backend.get("a")],
    ["getMulti", () => backend.getMulti(["a"])],
    ["set", () => backend.set("a", entryOf(1, harness))],
    ["setMulti", () => backend.setMulti(new Map([["a", entryOf(1, harness)]]))],
    ["delete", () => backend.delete("a")],
    ["deleteMulti", () => backend.deleteMulti(["a"])],
  ];
  if (backend.revisions !== undefined) calls.push(["revisions", () => backend.revisions?.(["a"])]);
  if (backend.clear !== undefined) calls.push(["clear", () => backend.clear?.()]);
  return calls;
}

/** What a call failed with: thrown, rejected, or answered for its key. */
async function failureIn(run: () => unknown): Promise<unknown> {
  try {
    const answer = await run();
    const one: unknown = answer instanceof Map ? answer.get("a") : Array.isArray(answer) ? answer[0] : answer;
    return (one as { readonly error?: unknown } | undefined)?.error;
  } catch (error) {
    return error;
  }
}
