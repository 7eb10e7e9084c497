import assert from "node:assert/strict";
import { type CreationFailure, compareOrders, type LeaseAnswer } from "@cascata/core";
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
    name: "a lease that is given back is told to those who wait for it, with the failure of its creation if there was one",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        if (one.leases === undefined) return;
        const answers: (LeaseAnswer | undefined)[] = [];
        for (const key of ["a", "b", "c"]) {
          await other.get(key, { lease: { token: `t-${key}`, ms: 60_000, answer: () => undefined } });
          const answer = (_: string, one: LeaseAnswer) => void answers.push(one);
          await one.get(key, { lease: { token: "waits", ms: 60_000, answer } });
        }
        assert.deepEqual(
          answers.map((answer) => [answer?.granted, answer?.holder]),
          ["t-a", "t-b", "t-c"].map((token) => [false, token]),
        );
        const failure: CreationFailure = {
          token: "t-a",
          name: "RangeError",
          message: 'no\n"such" thing: \u0000 \ud800 \u00e9 \ud83d\ude00',
          code: "E_NO",
          startedOrder: { epoch: "abcdefghijkl", seq: 7 },
        };
        await other.leases?.release(["a", "x"], "t-a", failure);
        await other.leases?.release(["b"], "t-b");
        await other.leases?.release(["c"], "another", { token: "another", name: "Error", message: "not its own" });
        await other.delete("end");
        await eventually(harness, () => assert.deepEqual(heard.changedKeys, ["end"]));
        await eventually(harness, () => assert.deepEqual(heard.filledKeys, ["a", "b"]));
        assert.deepEqual([...heard.failures], [["a", failure]]);
      }),
  },
  {
    name: "a long failure of a creation is no reason to be uncertain",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        if (one.leases === undefined) return;
        // Beside a long key, and the worst that a text can become on its way.
        const key = "k".repeat(3000);
        await other.get(key, { lease: { token: "t", ms: 60_000, answer: () => undefined } });
        await one.get(key, { lease: { token: "waits", ms: 60_000, answer: () => undefined } });
        const worst = (length: number) => "\u0001".repeat(length);
        const failure = { token: "t", name: worst(100), message: worst(500), code: worst(100) };
        await other.leases?.release([key], "t", failure);
        await eventually(harness, () => assert(heard.filledKeys.includes(key)));
        assert.deepEqual(heard.uncertainties, ["started"]);
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
