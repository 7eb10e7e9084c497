import assert from "node:assert/strict";
import { compareOrders } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { type BackendHarness, entryOf, eventually, hit } from "./harness.ts";
import { listening } from "./listening.ts";

/** What a feed tells of fills under a lease: who waits hears of them, and who may hold what they replace. */
export const fillCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: "the fill of a lease is told to those who wait for it",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        if (one.leases === undefined) return;
        await other.get("a", { lease: { token: "t", ms: 60_000, answer: () => undefined } });
        await one.get("a", { lease: { token: "waits", ms: 60_000, answer: () => undefined } });
        await other.set("a", entryOf(1, harness), { ticket: "t" });
        await eventually(harness, () => assert(heard.filledKeys.includes("a") || heard.changedKeys.includes("a")));
      }),
  },
  {
    name: "a fill of an absent key changes nothing that anybody holds",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        if (one.leases === undefined) return;
        await other.getMulti(["a", "b"], { lease: { token: "t", ms: 60_000, answer: () => undefined } });
        await other.set("a", entryOf(1, harness), { ticket: "t", sender: "chain" });
        await other.setMulti(new Map([["b", entryOf(1, harness)]]), { ticket: "t", sender: "chain" });
        await other.delete("end");
        await eventually(harness, () => assert.deepEqual(heard.changedKeys, ["end"]));
      }),
  },
  {
    name: "a fill that replaces what its holder has rejected is told as a change, with its sender",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        if (one.leases === undefined) return;
        const keys = ["a", "b", "c"];
        await other.set("a", entryOf("old", harness));
        await other.set("c", entryOf("old", harness));
        await eventually(harness, () => assert.deepEqual(heard.changedKeys, ["a", "c"]));
        const rejects = new Map(keys.map((key) => [key, "any"] as const));
        await other.getMulti(keys, { lease: { token: "t", ms: 60_000, rejects, answer: () => undefined } });
        await one.get("c", { lease: { token: "waits", ms: 60_000, rejects, answer: () => undefined } });
        const mapping = new Map(keys.map((key) => [key, entryOf("new", harness)]));
        await other.setMulti(mapping, { ticket: "t", sender: "chain" });
        await eventually(harness, () => assert.deepEqual(heard.changedKeys, ["a", "c", "a", "c"]));
        await eventually(harness, () => assert(heard.filledKeys.includes("c"), "who waits is told"));
        const last = heard.notices.at(-1);
        assert.equal(last?.sender, "chain");
        const { revision } = hit(await one.get("a")).metadata;
        assert((compareOrders(last?.order, revision) ?? -1) >= 0, "the notice's order is not below the revision");
      }),
  },
];
