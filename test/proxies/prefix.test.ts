import { ConfigurationError, NO_VALUE } from "@cascata/core";
import { prefix } from "@cascata/proxies";
import { AuthorityStore, ManualClock, MapBackend, ReferenceAuthority } from "@cascata/testing";
import { expect, test } from "vitest";
import { entryOf, wrapped } from "./support.ts";

test("two prefixes over one backend share nothing", async () => {
  const backend = new MapBackend();
  const { proxy: one } = wrapped(prefix("one:"), backend);
  const { proxy: two } = wrapped(prefix({ prefix: "two:" }), backend);
  await one.set("a", entryOf(1));
  await two.setMulti(new Map([["a", entryOf(2)]]));
  expect(backend.getMulti(["one:a", "two:a", "a"])).toEqual([entryOf(1), entryOf(2), NO_VALUE]);
  await one.delete("a");
  expect(await two.get("a")).toEqual(entryOf(2));
});

test("changes of others' keys are not told on", async () => {
  const clock = new ManualClock();
  const authority = new ReferenceAuthority(new AuthorityStore({ clock }));
  const { proxy } = wrapped(prefix("one:"), authority);
  const heard: string[] = [];
  const none = () => undefined;
  const leave = proxy.changes?.subscribe({
    changed: ({ keys }) => void heard.push(...keys),
    filled: (keys) => void heard.push(...keys),
    marked: none,
    silent: none,
    resumed: none,
    uncertain: none,
  });
  await clock.advance(10);
  await authority.delete("two:a");
  await authority.deleteMulti(["one:b", "two:b", "one"]);
  await proxy.delete("c");
  await clock.advance(10);
  expect(new Set(heard)).toEqual(new Set(["b", "c"]));
  leave?.();
  await proxy.close();
});

test("clear is not offered: it would clear others' keys", () => {
  expect(wrapped(prefix("one:"), new MapBackend()).proxy.clear).toBeUndefined();
});

test.each(["", 5, {}, { prefix: "" }, { prefixes: "a" }])("refuses %j", (options) => {
  expect(() => prefix(options as never)).toThrow(ConfigurationError);
});
