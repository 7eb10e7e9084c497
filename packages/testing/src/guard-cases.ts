import assert from "node:assert/strict";
import type { Awaitable, CacheBackend, GuardTable } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, hit, miss, outcomeIn, outcomeOf, withBackend, withPair } from "./harness.ts";

/** What a near tier with `guards` promises: a back-fill that left before a delete or a store arrives in vain. */
export const guardCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: "tickets are aligned with keys, present or absent, duplicates included",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        const tickets = await table(backend).tickets(["a", "b", "a"]);
        assert.equal(tickets.length, 3);
        for (const ticket of tickets) assert(typeof ticket === "string" && ticket !== "", "a ticket");
        assert.deepEqual(await table(backend).tickets([]), []);
      }),
  },
  {
    name: "a back-fill whose ticket stands is stored, one key or many",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const [a = "", b = ""] = await table(backend).tickets(["a", "b"]);
        assert.equal(outcomeOf(await backend.set("a", entryOf(1, harness), { ticket: a })).status, "stored");
        const outcomes = await backend.setMulti(new Map([["b", entryOf(2, harness)]]), { ticket: b });
        assert.equal(outcomeIn(outcomes, "b").status, "stored");
        assert.equal(hit(await backend.get("a")).payload, 1);
        assert.equal(hit(await backend.get("b")).payload, 2);
      }),
  },
  {
    name: "another key's delete breaks nothing",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const [ticket = ""] = await table(backend).tickets(["a"]);
        await backend.delete("b");
        await backend.set("c", entryOf(1, harness));
        assert.equal(outcomeOf(await backend.set("a", entryOf(1, harness), { ticket })).status, "stored");
      }),
  },
  {
    name: "a ticket that was never given stores nothing",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const outcome = outcomeOf(await backend.set("a", entryOf(1, harness), { ticket: "invented" }));
        assert.deepEqual(outcome, { status: "refused", why: "ticket" });
        miss(await backend.get("a"));
      }),
  },
  {
    name: "a ticket taken after the delete stands",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.delete("a");
        const [ticket = ""] = await table(backend).tickets(["a"]);
        assert.equal(outcomeOf(await backend.set("a", entryOf(1, harness), { ticket })).status, "stored");
      }),
  },
  ...breaking(),
];

function breaking(): ConformanceCase<BackendHarness>[] {
  const ways: Readonly<Record<string, (backend: CacheBackend, harness: BackendHarness) => Awaitable<unknown>>> = {
    "a delete": (backend) => backend.delete("a"),
    "a delete of a key that is not there": async (backend) => {
      await backend.delete("a");
      await backend.delete("a");
    },
    "a deleteMulti": (backend) => backend.deleteMulti(["b", "a"]),
    "a set": (backend, harness) => backend.set("a", entryOf("theirs", harness)),
    "a setMulti": (backend, harness) => backend.setMulti(new Map([["a", entryOf("theirs", harness)]])),
    "a clear": (backend) => (backend.clear === undefined ? backend.delete("a") : backend.clear()),
  };
  return Object.entries(ways).map(([name, way]) => ({
    name: `${name} by another client breaks the tickets of its key`,
    needs: ["connect"],
    run: (harness) =>
      withPair(harness, async (one, other) => {
        const [ticket = ""] = await table(one).tickets(["a"]);
        await way(other, harness);
        const left = await other.get("a");
        const single = outcomeOf(await one.set("a", entryOf("late", harness), { ticket }));
        assert.deepEqual(single, { status: "refused", why: "ticket" });
        const multi = await one.setMulti(new Map([["a", entryOf("late", harness)]]), { ticket });
        assert.deepEqual(outcomeIn(multi, "a"), { status: "refused", why: "ticket" });
        assert.deepEqual(await other.get("a"), left);
      }),
  }));
}

function table(backend: CacheBackend): GuardTable {
  assert(backend.guards !== undefined, "the backend has no guards");
  return backend.guards;
}
