import { ConfigurationError, NO_VALUE } from "@cascata/core";
import { readOnly } from "@cascata/proxies";
import { AuthorityStore, ManualClock, ProbeBackend, ReferenceAuthority } from "@cascata/testing";
import { expect, test } from "vitest";
import { entryOf, wrapped } from "./support.ts";

const refused = { status: "refused", why: "read-only" };

test("reads pass, writes and deletes are refused and never reach the backend", async () => {
  const { proxy, backend } = wrapped(readOnly(), new ProbeBackend());
  backend.entries.set("a", entryOf(1));
  expect(await proxy.get("a")).toEqual(entryOf(1));
  expect(await proxy.getMulti(["a", "b"])).toEqual([entryOf(1), NO_VALUE]);
  backend.calls.length = 0;
  expect(await proxy.set("a", entryOf(2))).toEqual(refused);
  expect(await proxy.delete("a")).toEqual(refused);
  expect(await proxy.setMulti(new Map([["a", entryOf(2)]]))).toEqual(new Map([["a", refused]]));
  expect(await proxy.deleteMulti(["a", "b"])).toEqual(
    new Map([
      ["a", refused],
      ["b", refused],
    ]),
  );
  expect(backend.calls).toEqual([]);
});

test("nothing else that changes the store is offered; changes and revisions are", async () => {
  const authority = new ReferenceAuthority(new AuthorityStore({ clock: new ManualClock() }));
  const { proxy } = wrapped(readOnly(), authority);
  expect([proxy.leases, proxy.guards, proxy.marks, proxy.clear]).toEqual([undefined, undefined, undefined, undefined]);
  expect(proxy.getMutex("a")).toBeNull();
  expect(proxy.changes).toBe(authority.changes);
  expect(await proxy.revisions?.(["a"])).toEqual([NO_VALUE]);
  await proxy.close();
});

test("no lease is taken either", async () => {
  const { proxy, backend } = wrapped(readOnly(), new ProbeBackend());
  backend.granting = true;
  const answered: string[] = [];
  const judge = () => "fresh" as const;
  const lease = { token: "t", ms: 1000, answer: (key: string) => void answered.push(key) };
  await proxy.get("a", { lease, judge });
  await proxy.getMulti(["a"], { lease, judge });
  expect(answered).toEqual([]);
  expect(backend.calls.map(({ context }) => context)).toEqual([{ judge }, { judge }]);
});

test("refuses options", () => {
  expect(() => readOnly({ strict: true } as never)).toThrow(ConfigurationError);
});
