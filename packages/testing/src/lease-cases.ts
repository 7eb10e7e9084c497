import assert from "node:assert/strict";
import type { Awaitable, CacheBackend, LeaseAnswer, Order } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import {
  type BackendHarness,
  entryOf,
  eventually,
  hit,
  longerMs,
  miss,
  outcomeIn,
  outcomeOf,
  shortMs,
  withBackend,
  withPair,
} from "./harness.ts";
import { longMs, request, table, take } from "./taking-leases.ts";

/** What a backend with `leases` promises: at most one holder a key, and no store by anybody whose lease is broken. */
export const leaseCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: "an absent key is leased, with an order",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const { found, answers } = await take(backend, ["a"], "t1");
        miss(found[0]);
        assert.equal(answers.get("a")?.granted, true);
        assert.equal(typeof answers.get("a")?.order?.seq, "number");
      }),
  },
  {
    name: "a key that is found is not leased, and nothing is answered for it",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf(1, harness));
        const { found, answers } = await take(backend, ["a"], "t1");
        assert.equal(hit(found[0]).payload, 1);
        assert.equal(answers.size, 0);
      }),
  },
  {
    name: "get and getMulti lease alike, duplicates once",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("b", entryOf(2, harness));
        const { found, answers, calls } = await take(backend, ["a", "b", "c", "a"], "t1");
        assert.equal(found.length, 4);
        assert.deepEqual([...answers.keys()].sort(), ["a", "c"]);
        assert.equal(calls, 2);
        const single = new Map<string, LeaseAnswer>();
        await backend.get("a", { lease: request("t2", single) });
        assert.equal(single.get("a")?.granted, false);
      }),
  },
  {
    name: "a second token is told that somebody holds the key, and for how long",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await take(backend, ["a"], "t1");
        const second = (await take(backend, ["a"], "t2")).answers.get("a");
        assert.equal(second?.granted, false);
        if (second.holderMs !== undefined) assert(second.holderMs > 0 && second.holderMs <= longMs, "holderMs");
      }),
  },
  {
    name: "taking the same token again is idempotent",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await take(backend, ["a"], "t1");
        assert.equal((await take(backend, ["a"], "t1")).answers.get("a")?.granted, true);
        assert.equal((await take(backend, ["a"], "t2")).answers.get("a")?.granted, false);
      }),
  },
  {
    name: "two clients that ask at once: one holder",
    needs: ["connect"],
    run: (harness) =>
      withPair(harness, async (one, other) => {
        const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
        const [first, second] = await Promise.all([take(one, keys, "t1"), take(other, keys, "t2")]);
        for (const key of keys) {
          const granted = [first.answers.get(key)?.granted, second.answers.get(key)?.granted];
          assert.deepEqual(granted.sort(), [false, true], key);
        }
      }),
  },
  {
    name: "the holder stores, and its lease is released by that",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await take(backend, ["a"], "t1");
        assert.equal(outcomeOf(await backend.set("a", entryOf(1, harness), { ticket: "t1" })).status, "stored");
        assert.equal(hit(await backend.get("a")).payload, 1);
        const again = outcomeOf(await backend.set("a", entryOf(2, harness), { ticket: "t1" }));
        assert.deepEqual(again, { status: "refused", why: "ticket" });
        assert.equal(hit(await backend.get("a")).payload, 1);
      }),
  },
  {
    name: "a token that never held the lease stores nothing",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const refused = outcomeOf(await backend.set("a", entryOf(1, harness), { ticket: "never" }));
        assert.deepEqual(refused, { status: "refused", why: "ticket" });
        await take(backend, ["a"], "t1");
        const other = outcomeOf(await backend.set("a", entryOf(1, harness), { ticket: "t2" }));
        assert.deepEqual(other, { status: "refused", why: "ticket" });
        miss(await backend.get("a"));
        assert.equal(outcomeOf(await backend.set("a", entryOf(3, harness), { ticket: "t1" })).status, "stored");
      }),
  },
  {
    name: "in a batch each key's ticket is its own",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await take(backend, ["a", "b", "c"], "t1");
        await backend.delete("b");
        const mapping = new Map(["a", "b", "c", "d"].map((key) => [key, entryOf(key, harness)]));
        const outcomes = await backend.setMulti(mapping, { ticket: "t1" });
        const statuses = [...mapping.keys()].map((key) => outcomeIn(outcomes, key).status);
        assert.deepEqual(statuses, ["stored", "refused", "stored", "refused"]);
        miss(await backend.get("b"));
        assert.equal(hit(await backend.get("c")).payload, "c");
      }),
  },
  ...breaking(),
  {
    name: "a lease ends by itself, and its holder stores nothing any more",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await take(backend, ["a"], "t1", shortMs);
        await harness.advance?.(longerMs);
        const late = outcomeOf(await backend.set("a", entryOf(1, harness), { ticket: "t1" }));
        assert.deepEqual(late, { status: "refused", why: "ticket" });
        assert.equal((await take(backend, ["a"], "t2")).answers.get("a")?.granted, true);
        assert.equal(outcomeOf(await backend.set("a", entryOf(2, harness), { ticket: "t2" })).status, "stored");
      }),
  },
  {
    name: "renew prolongs what the token holds, and says what it does not hold",
    needs: ["advance"],
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await take(backend, ["a"], "t1", shortMs);
        await take(backend, ["b"], "t2");
        assert.deepEqual(await table(backend).renew(["b", "a", "c"], "t1", longMs), [false, true, false]);
        await harness.advance?.(longerMs);
        assert.equal((await take(backend, ["a"], "t3")).answers.get("a")?.granted, false);
        assert.deepEqual(await table(backend).renew(["a"], "t1", longMs), [true]);
        assert.equal(outcomeOf(await backend.set("a", entryOf(1, harness), { ticket: "t1" })).status, "stored");
      }),
  },
  {
    name: "release gives back what the token holds, and nothing else",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await take(backend, ["a"], "t1");
        await take(backend, ["b"], "t2");
        await table(backend).release(["a", "b", "c"], "t1");
        await table(backend).release(["a"], "t1");
        assert.equal((await take(backend, ["a"], "t3")).answers.get("a")?.granted, true);
        assert.equal((await take(backend, ["b"], "t3")).answers.get("b")?.granted, false);
        assert.deepEqual(await table(backend).renew(["a"], "t1", longMs), [false]);
      }),
  },
  {
    name: "a rejected revision is leased and still returned; another one is not",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("a", entryOf("old", harness));
        const { revision } = hit(await backend.get("a")).metadata;
        assert(revision !== undefined, "an authority gives revisions");
        const first = await take(backend, ["a"], "t1", longMs, new Map([["a", revision]]));
        assert.equal(hit(first.found[0]).payload, "old");
        assert.equal(first.answers.get("a")?.granted, true);
        assert.equal(outcomeOf(await backend.set("a", entryOf("new", harness), { ticket: "t1" })).status, "stored");
        const second = await take(backend, ["a"], "t2", longMs, new Map([["a", revision]]));
        assert.equal(hit(second.found[0]).payload, "new");
        assert.equal(second.answers.size, 0, "the rejected revision is no longer there");
      }),
  },
  {
    name: '"any" rejects whatever is found; an order of another epoch rejects nothing',
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.setMulti(new Map(["a", "b"].map((key) => [key, entryOf(key, harness)])));
        const { revision } = hit(await backend.get("b")).metadata;
        const foreign: Order = { epoch: "another-one0", seq: revision?.seq ?? 0 };
        const rejects = new Map<string, Order | "any">([
          ["a", "any"],
          ["b", foreign],
        ]);
        const { found, answers } = await take(backend, ["a", "b"], "t1", longMs, rejects);
        assert.equal(hit(found[0]).payload, "a");
        assert.deepEqual([...answers.keys()], ["a"]);
      }),
  },
  {
    name: "the order of a lease is below the revision of whatever is stored after it",
    run: (harness) =>
      withBackend(harness, async (backend) => {
        await backend.set("x", entryOf(1, harness));
        const before = hit(await backend.get("x")).metadata.revision;
        const order = (await take(backend, ["a"], "t1")).answers.get("a")?.order;
        await backend.set("a", entryOf(1, harness), { ticket: "t1" });
        const after = hit(await backend.get("a")).metadata.revision;
        assert(before !== undefined && order !== undefined && after !== undefined, "orders are given");
        assert.deepEqual([order.epoch, after.epoch], [before.epoch, before.epoch]);
        assert(before.seq <= order.seq && order.seq < after.seq, `${before.seq} <= ${order.seq} < ${after.seq}`);
      }),
  },
];

/** Each way to break a lease, with the refusal of its holder and a free key for the next. */
function breaking(): ConformanceCase<BackendHarness>[] {
  const ways: Readonly<Record<string, (backend: CacheBackend, harness: BackendHarness) => Awaitable<unknown>>> = {
    "a delete": (backend) => backend.delete("a"),
    "a deleteMulti": (backend) => backend.deleteMulti(["b", "a"]),
    "a set without a ticket": (backend, harness) => backend.set("a", entryOf("theirs", harness)),
    "a setMulti without a ticket": (backend, harness) => backend.setMulti(new Map([["a", entryOf("theirs", harness)]])),
    "a clear": (backend) => (backend.clear === undefined ? backend.delete("a") : backend.clear()),
  };
  return Object.entries(ways).map(([name, way]) => ({
    name: `${name} by another client breaks the lease`,
    needs: ["connect"],
    run: (harness) =>
      withPair(harness, async (one, other) => {
        await take(one, ["a"], "t1");
        await way(other, harness);
        const late = outcomeOf(await one.set("a", entryOf("mine", harness), { ticket: "t1" }));
        assert.deepEqual(late, { status: "refused", why: "ticket" });
        assert.deepEqual(await table(one).renew(["a"], "t1", longMs), [false]);
        await other.delete("a");
        assert.equal((await take(one, ["a"], "t2")).answers.get("a")?.granted, true);
        assert.equal(outcomeOf(await one.set("a", entryOf("new", harness), { ticket: "t2" })).status, "stored");
        await eventually(harness, async () => assert.equal(hit(await other.get("a")).payload, "new"));
      }),
  }));
}
