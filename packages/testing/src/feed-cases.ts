import assert from "node:assert/strict";
import { type CacheBackend, compareOrders, type Order } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { fillCases } from "./feed-fill-cases.ts";
import { type BackendHarness, entryOf, eventually, hit, quiet, withBackend } from "./harness.ts";
import { eventuallyAdvancing, feedOf, listening } from "./listening.ts";
import { RecordingListener } from "./recording-listener.ts";

/** What a backend with `changes` promises: all is told, in order, or it is told that something may be missing. */
export const feedCases: readonly ConformanceCase<BackendHarness>[] = [
  {
    name: 'a feed begins silent and says uncertain("started") when it has found its position',
    run: (harness) =>
      withBackend(harness, async (backend) => {
        const feed = feedOf(backend);
        assert.equal(feed.live, false);
        const heard = new RecordingListener();
        const leave = feed.subscribe(heard);
        await eventually(harness, () => assert.deepEqual(heard.uncertainties, ["started"]));
        assert.equal(feed.live, true);
        assert.equal(typeof feed.heardAt, "number");
        leave();
      }),
  },
  tells("a delete", (backend) => backend.delete("a", { sender: "chain" }), ["a"]),
  tells("a delete of a key that is not there", (backend) => backend.delete("zz", { sender: "chain" }), ["zz"]),
  tells("a deleteMulti", (backend) => backend.deleteMulti(["a", "b"], { sender: "chain" }), ["a", "b"]),
  tells("a set", (backend, harness) => backend.set("a", entryOf(1, harness), { sender: "chain" }), ["a"]),
  tells(
    "a setMulti",
    (backend, harness) =>
      backend.setMulti(new Map(["a", "b"].map((key) => [key, entryOf(1, harness)])), { sender: "chain" }),
    ["a", "b"],
  ),
  {
    name: "notices come in the order of the changes, and the position follows",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        for (let index = 0; index < 20; index += 1) {
          await (index % 3 === 0 ? other.set(`k${index}`, entryOf(index, harness)) : other.delete(`k${index}`));
        }
        await eventually(harness, () => assert.equal(heard.changedKeys.length, 20));
        assert.deepEqual(
          heard.changedKeys,
          Array.from({ length: 20 }, (_, index) => `k${index}`),
        );
        const orders = heard.notices.map((notice) => notice.order).filter((order) => order !== undefined);
        for (const [index, order] of orders.entries()) {
          if (index > 0) assert((compareOrders(order, orders[index - 1]) ?? 1) > 0, "orders grow");
        }
        const last = orders.at(-1);
        if (last !== undefined) assert((compareOrders(feedOf(one).position, last) ?? -1) >= 0, "the position follows");
      }),
  },
  {
    name: "a notice's order is not below the revision that it tells of",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (_, other, heard) => {
        await other.setMulti(new Map(["a", "b", "c"].map((key) => [key, entryOf(key, harness)])));
        await eventually(harness, () => assert.deepEqual([...heard.changedKeys].sort(), ["a", "b", "c"]));
        for (const notice of heard.notices) {
          if (notice.order === undefined) continue;
          for (const key of notice.keys) {
            const { revision } = hit(await other.get(key)).metadata;
            assert((compareOrders(notice.order, revision) ?? -1) >= 0, `the notice of "${key}"`);
          }
        }
      }),
  },
  {
    name: "a client hears its own changes too, with its sender",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, _, heard) => {
        await one.delete("mine", { sender: "me" });
        await eventually(harness, () => assert.deepEqual(heard.changedKeys, ["mine"]));
        assert.equal(heard.notices[0]?.sender, "me");
      }),
  },
  {
    name: "odd keys are told as they were given",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (_, other, heard) => {
        const keys = ["", " ", "{a}{}", "a\0b", "a\nb", "🗺️", "__proto__", "a,b", '"'];
        for (const key of keys) await other.delete(key);
        await eventually(harness, () => assert.deepEqual(heard.changedKeys, keys));
      }),
  },
  ...fillCases,
  {
    name: "a refused write is not told",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        if (one.leases === undefined) return;
        await other.set("a", entryOf(1, harness), { ticket: "never held" });
        await other.delete("end");
        await eventually(harness, () => assert(heard.changedKeys.includes("end")));
        assert.deepEqual([heard.changedKeys, heard.filledKeys], [["end"], []]);
      }),
  },
  {
    name: "reads are not told",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (_, other, heard) => {
        await other.getMulti(["a", "b"]);
        await other.revisions?.(["a"]);
        await other.delete("end");
        await eventually(harness, () => assert.deepEqual(heard.changedKeys, ["end"]));
      }),
  },
  {
    name: "marks are told, with their order",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        if (one.marks === undefined || other.marks === undefined) return;
        const put = await other.marks.put(["tag", ""], "hard", 5, "chain");
        await eventually(harness, () => assert.equal(heard.marks.length, 2));
        assert.deepEqual(heard.marks, put);
      }),
  },
  {
    name: "two subscribers hear the same; one that has left hears nothing",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        const second = new RecordingListener();
        const leave = feedOf(one).subscribe(second);
        await other.delete("a");
        await eventually(harness, () => assert.deepEqual([heard.changedKeys, second.changedKeys], [["a"], ["a"]]));
        leave();
        leave();
        await other.delete("b");
        await eventually(harness, () => assert.deepEqual(heard.changedKeys, ["a", "b"]));
        assert.deepEqual(second.changedKeys, ["a"]);
      }),
  },
  {
    name: "after close nothing is told",
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        await one.close();
        await other.delete("a");
        await quiet(harness);
        assert.deepEqual(heard.changedKeys, []);
        assert.equal(feedOf(one).live, false);
      }),
  },
  {
    name: "a store that was emptied makes what is held near uncertain",
    needs: ["connect", "restartEmpty"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        await other.delete("a");
        await eventually(harness, () => assert.equal(heard.changedKeys.length, 1));
        const before: Order | undefined = feedOf(one).position;
        await harness.restartEmpty?.(other);
        await eventuallyAdvancing(harness, () => assert(heard.uncertainties.length > 1, "uncertain again"));
        await other.delete("b");
        await eventuallyAdvancing(harness, () => assert(heard.changedKeys.includes("b")));
        if (before !== undefined) assert.notEqual(feedOf(one).position?.epoch, before.epoch);
      }),
  },
  {
    name: "a broken link loses nothing: silent, then what was missed, then resumed",
    needs: ["connect", "cutLink"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        const mend = await harness.cutLink?.(one);
        await eventuallyAdvancing(harness, () => assert.equal(heard.silences.length, 1));
        assert.equal(feedOf(one).live, false);
        await other.delete("missed");
        await mend?.();
        await eventuallyAdvancing(harness, () => assert.equal(heard.resumptions, 1));
        assert.deepEqual(heard.changedKeys, ["missed"]);
        assert.deepEqual(heard.uncertainties, ["started"]);
        assert(heard.events.indexOf("changed missed") < heard.events.indexOf("resumed"), "first what was missed");
        assert.equal(feedOf(one).live, true);
      }),
  },
  {
    name: "what was trimmed away while the link was broken makes it uncertain",
    needs: ["connect", "cutLink", "trimFeed"],
    run: (harness) =>
      listening(harness, async (one, other, heard) => {
        const mend = await harness.cutLink?.(one);
        await eventuallyAdvancing(harness, () => assert.equal(heard.silences.length, 1));
        await other.delete("lost");
        await harness.trimFeed?.(other);
        await mend?.();
        await eventuallyAdvancing(harness, () => assert.equal(heard.uncertainties.length, 2));
        assert.equal(heard.resumptions, 0);
        await other.delete("after");
        await eventuallyAdvancing(harness, () => assert(heard.changedKeys.includes("after")));
      }),
  },
];

/** A case: what `change` does through one client is told to another, with its sender. */
function tells(
  name: string,
  change: (backend: CacheBackend, harness: BackendHarness) => unknown,
  keys: readonly string[],
): ConformanceCase<BackendHarness> {
  return {
    name: `${name} is told`,
    needs: ["connect"],
    run: (harness) =>
      listening(harness, async (_, other, heard) => {
        await change(other, harness);
        await eventually(harness, () => assert.deepEqual([...heard.changedKeys].sort(), keys));
        for (const notice of heard.notices) {
          assert.equal(notice.sender, "chain");
          await notice.settled;
        }
      }),
  };
}
