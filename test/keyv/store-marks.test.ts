import { BackendError, CachedValue, type Mark } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { ManualClock } from "@cascata/testing";
import { Keyv as Keyv5 } from "keyv";
import { Keyv as Keyv6 } from "keyv6";
import { describe, expect, test } from "vitest";
import { AsyncTextStore } from "./stores.ts";

const clock = new ManualClock();

describe.each([
  ["a store", (store: AsyncTextStore) => store],
  ["Keyv 5", (store: AsyncTextStore) => new Keyv5({ store })],
  ["Keyv 6", (store: AsyncTextStore) => new Keyv6({ store })],
])("marks in %s", (_, around) => {
  function open(store = new AsyncTextStore()) {
    return { store, marks: new KeyvBackend({ store: around(store), clock }).marks };
  }

  test("a name keeps both modes; another client sees them; look-up is aligned and one call", async () => {
    const { store, marks } = open();
    expect(await marks.put(["tag", ""], "hard", 100)).toEqual([
      { name: "tag", mode: "hard", at: 100 },
      { name: "", mode: "hard", at: 100 },
    ]);
    await marks.put(["tag"], "soft", 200.5);
    store.calls.length = 0;
    const other = open(store).marks;
    const tag: readonly Mark[] = [
      { name: "tag", mode: "hard", at: 100 },
      { name: "tag", mode: "soft", at: 200.5 },
    ];
    expect(await other.lookup(["none", "tag", "", "tag"])).toEqual([
      [],
      tag,
      [{ name: "", mode: "hard", at: 100 }],
      tag,
    ]);
    expect(store.calls).toEqual(["getMany 6"]);
  });

  test("an instant is never set back", async () => {
    const { store, marks } = open();
    await marks.put(["tag"], "hard", 200);
    expect(await open(store).marks.put(["tag"], "hard", 100)).toEqual([{ name: "tag", mode: "hard", at: 200 }]);
    expect(await marks.lookup(["tag"])).toEqual([[{ name: "tag", mode: "hard", at: 200 }]]);
  });

  test("marks have no ttl, and no entry's key is a mark's", async () => {
    const store = new AsyncTextStore();
    const backend = new KeyvBackend({ store: around(store), clock });
    await backend.marks.put(["tag"], "hard", 100);
    expect([...store.ttls.values()]).toEqual([undefined]);
    const [place] = [...store.rows.keys()];
    const key = place?.replace(/^keyv:/, "") ?? "";
    const value = new CachedValue(1, { createdAt: clock.now(), startedAt: clock.now(), formatVersion: 1 });
    for (const like of [key, `cascata.key:${key}`, ""]) {
      await backend.set(like, value);
      expect(await backend.get(like)).toMatchObject({ payload: 1 });
      await backend.delete(like);
    }
    expect(await backend.marks.lookup(["tag"])).toHaveLength(1);
    expect((await backend.marks.lookup(["tag"]))[0]).toHaveLength(1);
  });

  test("no names, no calls", async () => {
    const { store, marks } = open();
    expect(await marks.put([], "hard", 1)).toEqual([]);
    expect(await marks.lookup([])).toEqual([]);
    expect(store.calls).toEqual([]);
  });

  test("a mark that can't be read is a failure, not an absent mark", async () => {
    const { store, marks } = open();
    await marks.put(["tag"], "hard", 100);
    for (const key of store.rows.keys()) store.rows.set(key, '{"value":"something else"}');
    await expect(marks.lookup(["tag"])).rejects.toThrow(BackendError);
    Object.assign(store, { getMany: () => Promise.reject(new Error("down")) });
    await expect(marks.lookup(["tag"])).rejects.toThrow("down");
    await expect(marks.put(["tag"], "hard", 300)).rejects.toThrow("down");
  });
});
