import assert from "node:assert/strict";
import {
  BackendError,
  type CacheBackend,
  type CachedValue,
  type Clock,
  type Found,
  ReadFailure,
  type WriteContext,
  type WriteOutcome,
} from "@cascata/core";
import { AuthorityStore } from "./authority-store.ts";
import type { ConformanceCase } from "./conformance.ts";
import { entryOf, hit, miss, outcomeIn, outcomeOf } from "./harness.ts";
import { ManualClock } from "./manual-clock.ts";
import { MapBackend } from "./map-backend.ts";
import { ProbeBackend } from "./probe-backend.ts";
import { ReferenceAuthority } from "./reference-authority.ts";
import { TrappingMap } from "./trapping-map.ts";

/** What the proxy kit needs. */
export interface ProxyHarness {
  /** Puts a new instance of the proxy under test around the backend. The clock is what both tell time by. */
  wrap(backend: CacheBackend, clock: Clock): CacheBackend;
}

const keys = ["a", "", "{b}", "🗺️"];

/** What a proxy promises beyond its backend's own promises. */
export const proxyOwnCases: readonly ConformanceCase<ProxyHarness>[] = [
  {
    name: "proxy: has each capability that the wrapped backend has, and no other",
    run: async (harness) => {
      const clock = new ManualClock();
      const full = new ReferenceAuthority(new AuthorityStore({ clock }));
      const bare = new ProbeBackend();
      const [rich, poor] = [harness.wrap(full, clock), harness.wrap(bare, clock)];
      for (const member of ["leases", "guards", "changes", "marks", "revisions", "clear"] as const) {
        assert.notEqual(rich[member], undefined, `${member} of the wrapped backend is hidden`);
        assert.equal(poor[member], undefined, `${member} is there although the wrapped backend has none`);
      }
      await rich.close();
    },
  },
  {
    name: "proxy: says what the wrapped backend is",
    run: async (harness) => {
      const clock = new ManualClock();
      for (const inner of [new ReferenceAuthority(new AuthorityStore({ clock })), new MapBackend({ clock })]) {
        const proxy = harness.wrap(inner, clock);
        assert.equal(proxy.name, inner.name);
        assert.deepEqual([proxy.remote, proxy.shared], [inner.remote, inner.shared]);
        assert.equal(proxy.hasLockTimeout(), inner.hasLockTimeout());
        assert.equal(proxy.getMutex("a") === null, inner.getMutex("a") === null);
        assert.equal(proxy.health().state, inner.health().state);
        if (!inner.byReference) assert.equal(proxy.byReference, false);
        await proxy.close();
      }
    },
  },
  {
    name: "proxy: judge, lease and observe speak of the caller's keys",
    run: async (harness) => {
      const { proxy, probe, entry } = probed(harness);
      probe.granting = true;
      await proxy.setMulti(new Map(keys.map((key) => [key, entry(key)])));
      await proxy.delete("a");
      const told = new Set<string>();
      const context = {
        judge: (key: string) => {
          told.add(`judge ${key}`);
          return "fresh" as const;
        },
        observe: (_tier: string, key: string) => void told.add(`observe ${key}`),
        lease: { token: "t", ms: 1000, answer: (key: string) => void told.add(`lease ${key}`) },
      };
      const expected = keys.flatMap((key) => [`observe ${key}`, `${key === "a" ? "lease" : "judge"} ${key}`]);
      await proxy.getMulti(keys, context);
      assert.deepEqual([...told].sort(), [...expected].sort());
      told.clear();
      for (const key of keys) await proxy.get(key, context);
      assert.deepEqual([...told].sort(), [...expected].sort());
    },
  },
  {
    name: "proxy: an observer of writes is told of the caller's keys",
    run: async (harness) => {
      const { proxy, entry } = probed(harness);
      const told: string[] = [];
      const context = { observe: (_tier: string, key: string) => void told.push(key) };
      await proxy.set("a", entry(1), context);
      await proxy.setMulti(new Map([["{b}", entry(1)]]), context);
      await proxy.delete("a", context);
      await proxy.deleteMulti(["{b}"], context);
      assert.deepEqual(told, ["a", "{b}", "a", "{b}"]);
    },
  },
  {
    name: "proxy: what a write carries reaches the wrapped backend, single and multi",
    run: async (harness) => {
      const { proxy, probe, entry } = probed(harness);
      const context: WriteContext = { ticket: "t", keepMs: 5000, sender: "chain" };
      await proxy.set("a", entry(1), context);
      await proxy.setMulti(new Map([["a", entry(1)]]), context);
      await proxy.delete("a", { sender: "chain" });
      await proxy.deleteMulti(["a"], { sender: "chain" });
      const writes = probe.calls.map((call) => call.context as WriteContext | undefined);
      assert.deepEqual(
        writes.map((one) => one?.sender),
        ["chain", "chain", "chain", "chain"],
      );
      assert.deepEqual(
        writes.slice(0, 2).map((one) => [one?.ticket, one?.keepMs]),
        [
          ["t", 5000],
          ["t", 5000],
        ],
      );
    },
  },
  {
    name: "proxy: a batch stays one call, an empty one none",
    run: async (harness) => {
      const { proxy, probe, entry } = probed(harness);
      await proxy.setMulti(new TrappingMap(keys.map((key) => [key, entry(key)])));
      await proxy.getMulti(keys);
      await proxy.deleteMulti(keys);
      assert.deepEqual(
        probe.calls.map((call) => [call.operation, call.keys.length]),
        [
          ["setMulti", keys.length],
          ["getMulti", keys.length],
          ["deleteMulti", keys.length],
        ],
      );
      await proxy.setMulti(new Map());
      for (const call of probe.calls.slice(3)) assert.equal(call.keys.length, 0);
    },
  },
  {
    name: "proxy: the outcomes of writes come back by the caller's keys",
    run: async (harness) => {
      const { proxy, probe, entry } = probed(harness);
      probe.outcome = () => refused;
      const mapping = new Map(keys.map((key) => [key, entry(key)]));
      const outcomes = await proxy.setMulti(mapping);
      const deleted = await proxy.deleteMulti(keys);
      for (const key of keys) {
        assert.deepEqual(outcomeIn(outcomes, key), refused);
        assert.deepEqual(outcomeIn(deleted, key), refused);
      }
      assert.deepEqual(outcomeOf(await proxy.set("a", entry(1))), refused);
      assert.deepEqual(outcomeOf(await proxy.delete("a")), refused);
    },
  },
  {
    name: "proxy: a read failure below is one key's, and stays a failure",
    run: async (harness) => {
      const { proxy, probe, entry } = probed(harness);
      await proxy.setMulti(new Map(["good", "bad"].map((key) => [key, entry(key)])));
      const inner = [...probe.entries][1];
      const error = new BackendError("probe", "get", 1, new Error("broken"));
      probe.script = (key) => (key === inner?.[0] ? new ReadFailure("probe", error, inner[1]) : undefined);
      const [good, bad] = await proxy.getMulti(["good", "bad"]);
      assert.equal(hit(good).payload, "good");
      for (const found of [bad, await proxy.get("bad")] as (Found | undefined)[]) {
        assert(found instanceof ReadFailure, "the failure has become something else");
        assert.equal(found.error, error);
        if (found.candidate !== undefined) assert.equal(found.candidate.payload, "bad", "the candidate's payload");
      }
    },
  },
  {
    name: "proxy: a failing backend is never a miss, and never a stored write",
    run: async (harness) => {
      const { proxy, probe, entry } = probed(harness);
      probe.failure = new Error("the store is broken");
      const reads = [async () => [await proxy.get("a")], async () => proxy.getMulti(["a", "b"])];
      for (const read of reads) {
        const found = await read().catch((error: unknown) => error as Error);
        if (found instanceof Error) continue;
        for (const one of found) assert(one instanceof ReadFailure, "a failed read was answered as something else");
      }
      const writes = [
        async () => outcomeOf(await proxy.set("a", entry(1))),
        async () => outcomeIn(await proxy.setMulti(new Map([["a", entry(1)]])), "a"),
        async () => outcomeOf(await proxy.delete("a")),
        async () => outcomeIn(await proxy.deleteMulti(["a"]), "a"),
      ];
      for (const write of writes) {
        const outcome = await write().catch((error: unknown) => error as Error);
        if (!(outcome instanceof Error)) assert(["failed", "unknown"].includes(outcome.status), outcome.status);
      }
    },
  },
  {
    name: "proxy: NO_VALUE passes as it is",
    run: async (harness) => {
      const { proxy } = probed(harness);
      miss(await proxy.get("a"));
      for (const found of await proxy.getMulti(keys)) miss(found);
    },
  },
  {
    name: "proxy: incidents of the wrapped backend reach the proxy's watchers, until they leave",
    run: async (harness) => {
      const { proxy, probe } = probed(harness);
      const heard: string[] = [];
      const leave = proxy.watch((incident) => void heard.push(incident.what));
      probe.tell("first");
      leave();
      probe.tell("second");
      assert.deepEqual(heard, ["first"]);
    },
  },
  {
    name: "proxy: close closes the wrapped backend",
    run: async (harness) => {
      const { proxy, probe } = probed(harness);
      await proxy.close();
      assert.equal(probe.closed > 0, true);
    },
  },
  {
    name: "proxy: a wrapped backend that rejects is told as it failed",
    run: async (harness) => {
      const { proxy, probe, entry } = probed(harness);
      probe.failure = new Error("the store is broken");
      const outcome = await Promise.resolve(proxy.set("a", entry(1))).then(outcomeOf, (error: unknown) => error);
      const error = outcome instanceof Error ? outcome : ((outcome as { readonly error?: Error }).error as Error);
      assert(error instanceof Error && chainOf(error).includes("the store is broken"), String(error));
    },
  },
];

const refused: WriteOutcome = { status: "refused", why: "read-only" };

function probed(harness: ProxyHarness): {
  readonly proxy: CacheBackend;
  readonly probe: ProbeBackend;
  readonly entry: (payload: unknown) => CachedValue;
} {
  const clock = new ManualClock();
  const probe = new ProbeBackend();
  return { proxy: harness.wrap(probe, clock), probe, entry: (payload) => entryOf(payload, { clock }) };
}

function chainOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${chainOf(error.cause)}` : error.message;
}
