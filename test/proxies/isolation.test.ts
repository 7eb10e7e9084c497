import { Buffer } from "node:buffer";
import {
  type CacheBackend,
  CachedValue,
  ConfigurationError,
  copyValue,
  ReadThroughProxy,
  SerializationError,
} from "@cascata/core";
import { clone, compress, freeze, share } from "@cascata/proxies";
import { AsyncMapBackend, assertSameValue, MapBackend, ProbeBackend, storableValues } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { entryOf, wrapped } from "./support.ts";

const backends: Readonly<Record<string, () => CacheBackend>> = {
  "a map": () => new MapBackend(),
  "a store elsewhere": () => new AsyncMapBackend(),
  "a map behind another proxy": () => wrapped(compress(), new MapBackend()).proxy,
  "a tier of memory before another": () => new ReadThroughProxy(new AsyncMapBackend(), new MapBackend()),
};

test.each([
  ["an array", new (class Rows extends Array<number> {})(1, 2)],
  ["a date", new (class Day extends Date {})(5)],
  ["a map of a map's", new (class Index extends class Table extends Map<string, number> {} {})([["a", 1]])],
  ["an array inside", { rows: [new (class Rows extends Array<number> {})(1, 2)] }],
])("what extends %s is refused: its copy would be something else", (_what, value) => {
  expect(() => copyValue(value)).toThrow(SerializationError);
});

interface Account {
  name: string;
  roles: string[];
  seen: Map<string, Date>;
  bytes: Buffer;
}

function account(): Account {
  return { name: "a", roles: ["x"], seen: new Map([["d", new Date(5)]]), bytes: Buffer.from("abc") };
}

function spoil(value: Account): void {
  const attempts = [
    () => void Object.assign(value, { name: "spoilt" }),
    () => void value.roles.push("spoilt"),
    () => void value.seen.set("spoilt", new Date()),
    () => void value.seen.get("d")?.setTime(9),
    () => void value.bytes.fill(0),
  ];
  for (const attempt of attempts) {
    try {
      attempt();
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
    }
  }
}

async function read(backend: CacheBackend): Promise<Account> {
  return ((await backend.get("a")) as CachedValue<Account>).payload;
}

describe.each(Object.entries(backends))("over %s", (_name, open) => {
  test.each([
    ["freeze", freeze],
    ["clone", clone],
  ])("%s: neither what was given nor what was returned reaches what is cached", async (_mode, mode) => {
    const { proxy } = wrapped(mode(), open());
    const given = account();
    await proxy.set("a", entryOf(given));
    spoil(given);
    const shape = await read(proxy);
    expect(shape).toEqual(account());
    expect(Buffer.isBuffer(shape.bytes)).toBe(true);
    spoil(shape);
    expect(await read(proxy)).toEqual(account());
    const [found] = await proxy.getMulti(["a"]);
    spoil((found as CachedValue<Account>).payload);
    expect(await read(proxy)).toEqual(account());
  });

  test("freeze: what can be frozen is, and is one object for all over a map", async () => {
    const { proxy } = wrapped(freeze(), open());
    const given = { list: [{ n: 1 }] };
    await proxy.set("a", entryOf(given));
    expect(Object.isFrozen(given)).toBe(false);
    const first = ((await proxy.get("a")) as CachedValue<typeof given>).payload;
    expect(Object.isFrozen(first) && Object.isFrozen(first.list) && Object.isFrozen(first.list[0])).toBe(true);
  });
});

test("freeze hands out one object, and takes it back without another copy", async () => {
  const { proxy, backend } = wrapped(freeze(), new MapBackend());
  proxy.set("a", entryOf({ n: 1 }));
  const first = proxy.get("a") as CachedValue;
  expect((proxy.get("a") as CachedValue).payload).toBe(first.payload);
  proxy.set("b", first);
  expect((backend.get("b") as CachedValue).payload).toBe(first.payload);
});

test("clone over a store that copies does not copy once more", async () => {
  const probe = new ProbeBackend();
  const { proxy } = wrapped(clone(), probe);
  const given = { n: 1 };
  await proxy.set("a", entryOf(given));
  expect(probe.entries.get("a")?.payload).toBe(given);
});

test("share hands out the stored object itself", () => {
  const { proxy } = wrapped(share(), new MapBackend());
  const given = { n: 1 };
  proxy.set("a", entryOf(given));
  expect((proxy.get("a") as CachedValue).payload).toBe(given);
  expect(proxy.byReference).toBe(true);
});

test("residence is kept: a near tier can tell what it has confirmed", () => {
  const residence = { storedAt: 5, trust: {} };
  for (const mode of [freeze, clone]) {
    const { proxy } = wrapped(mode(), new MapBackend());
    proxy.set("a", new CachedValue({ n: 1 }, entryOf(0).metadata, residence));
    expect((proxy.get("a") as CachedValue).residence).toBe(residence);
  }
});

test.each([freeze, clone])("what can't be copied is that key's failure (%#)", async (mode) => {
  class Custom {}
  const { proxy } = wrapped(mode(), new MapBackend());
  const outcomes = await proxy.setMulti(
    new Map<string, CachedValue>([
      ["bad", entryOf(new Custom())],
      ["good", entryOf(1)],
    ]),
  );
  expect(outcomes?.get("bad")).toMatchObject({ status: "failed", error: { code: "SERIALIZATION" } });
  expect(await proxy.get("good")).toMatchObject({ payload: 1 });
});

describe("copyValue", () => {
  test.each(storableValues.map((sample) => [sample.name, sample] as const))("%s", (name, sample) => {
    const value = sample.make();
    assertSameValue(copyValue(value), sample.make(), name);
  });

  test("cycles and sharing are kept", () => {
    const shared = { n: 1 };
    const value: { a: object; b: object; self?: object } = { a: shared, b: shared };
    value.self = value;
    const copy = copyValue(value);
    expect(copy).not.toBe(value);
    expect(copy.self).toBe(copy);
    expect(copy.a).toBe(copy.b);
    expect(copy.a).not.toBe(shared);
  });

  test("an own property named __proto__ stays one", () => {
    const copy = copyValue(JSON.parse('{"__proto__": {"polluted": true}}') as object);
    expect(Object.getOwnPropertyNames(copy)).toEqual(["__proto__"]);
    expect((copy as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each([() => 1, Symbol("s"), { deep: [() => 1] }, new WeakMap()])("refuses what it can't copy (%#)", (value) => {
    expect(() => copyValue(value)).toThrow(SerializationError);
  });
});

test.each([freeze, clone, share])("there are no options (%#)", (mode) => {
  expect(() => mode({ deep: true } as never)).toThrow(ConfigurationError);
});
