import { CachedValue, ConfigurationError, NO_VALUE } from "@cascata/core";
import { compress, type EncryptOptions, encrypt } from "@cascata/proxies";
import { ProbeBackend } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { entryOf, wrapped } from "./support.ts";

const one = "00112233445566778899aabbccddeeff".repeat(2);
const two = new Uint8Array(32).fill(7);
const keys = { one, two };

function setUp(options: Partial<EncryptOptions> = {}, backend = new ProbeBackend()) {
  return wrapped(encrypt({ keys, use: "one", ...options }), backend);
}

function stored(backend: ProbeBackend, key = "a"): CachedValue<Uint8Array> {
  const entry = backend.entries.get(key);
  if (!(entry?.payload instanceof Uint8Array)) throw new Error(`nothing encrypted is stored for ${key}`);
  return entry as CachedValue<Uint8Array>;
}

const full = {
  ttl: Number.POSITIVE_INFINITY,
  grace: 5,
  tags: ["t"],
  validators: { etag: "1", modified: "2" },
  startedOrder: { epoch: "e", seq: 4 },
};

test("what is stored says nothing of the payload; metadata stay in the clear", async () => {
  const { proxy, backend } = setUp();
  await proxy.set("a", entryOf({ secret: "swordfish" }, full));
  const entry = stored(backend);
  expect(new TextDecoder("latin1").decode(entry.payload)).not.toContain("swordfish");
  expect(entry.metadata).toEqual(entryOf(0, full).metadata);
  expect(await proxy.get("a")).toEqual(entryOf({ secret: "swordfish" }, full));
});

test("the same payload is never stored as the same bytes", async () => {
  const { proxy, backend } = setUp();
  await proxy.setMulti(
    new Map([
      ["a", entryOf(1)],
      ["b", entryOf(1)],
    ]),
  );
  await proxy.set("c", entryOf(1));
  const texts = ["a", "b", "c"].map((key) => String(stored(backend, key).payload));
  expect(new Set(texts).size).toBe(3);
});

describe("tampering is a miss and one incident", () => {
  const tampered: readonly (readonly [string, (entry: CachedValue<Uint8Array>) => CachedValue])[] = [
    ["a flipped bit", (entry) => flipped(entry, -1)],
    ["a flipped bit of the nonce", (entry) => flipped(entry, 12)],
    ["cut bytes", ({ payload, metadata }) => new CachedValue(payload.slice(0, -1), metadata)],
    ["hardly any bytes", ({ payload, metadata }) => new CachedValue(payload.slice(0, 8), metadata)],
    ["another ttl", (entry) => changed(entry, { ttl: 1 })],
    ["another grace", (entry) => changed(entry, { grace: 6 })],
    ["another format version", (entry) => changed(entry, { formatVersion: 2 })],
    ["other tags", (entry) => changed(entry, { tags: ["u"] })],
    ["other validators", (entry) => changed(entry, { validators: { etag: "2", modified: "2" } })],
    ["another order", (entry) => changed(entry, { startedOrder: { epoch: "e", seq: 5 } })],
    ["an old entry made young", (entry) => changed(entry, { createdAt: entry.metadata.createdAt + 3_600_001 })],
    ["plain text", (entry) => new CachedValue("plain", entry.metadata)],
    ["plain bytes", (entry) => new CachedValue(new Uint8Array(100), entry.metadata)],
  ];

  test.each(tampered)("%s", async (_name, tamper) => {
    const { proxy, backend, incidents } = setUp();
    await proxy.setMulti(
      new Map([
        ["a", entryOf("secret", full)],
        ["b", entryOf("other", full)],
      ]),
    );
    backend.entries.set("a", tamper(stored(backend)));
    expect(await proxy.getMulti(["a", "b"])).toEqual([NO_VALUE, entryOf("other", full)]);
    expect(incidents).toEqual([{ backend: "probe", what: "unreadable entry", key: "a", error: expect.any(Error) }]);
    await proxy.set("a", entryOf("repaired"));
    expect(await proxy.get("a")).toEqual(entryOf("repaired"));
  });

  test("an entry moved to another key", async () => {
    const { proxy, backend } = setUp();
    await proxy.set("mine", entryOf("secret"));
    backend.entries.set("yours", stored(backend, "mine"));
    expect(await proxy.get("yours")).toBe(NO_VALUE);
  });
});

test("the revision, a little skew and the order of validators are not tampering", async () => {
  const { proxy, backend } = setUp();
  await proxy.set("a", entryOf("secret", full));
  const { createdAt } = entryOf(0).metadata;
  const metadata = {
    revision: { epoch: "e", seq: 9 },
    createdAt: createdAt + 600_000.5,
    validators: { modified: "2", etag: "1" },
  };
  backend.entries.set("a", changed(stored(backend), metadata));
  expect(await proxy.get("a")).toEqual(entryOf("secret", { ...full, ...metadata }));
});

describe("rotation", () => {
  test("entries of an older key are read, new ones are written with the new key, a removed key is a miss", async () => {
    const { proxy, backend } = setUp({ use: "one" });
    await proxy.set("old", entryOf("old"));
    const rotated = setUp({ use: "two" }, backend);
    await rotated.proxy.set("new", entryOf("new"));
    expect(await rotated.proxy.getMulti(["old", "new"])).toEqual([entryOf("old"), entryOf("new")]);
    expect(await proxy.get("new")).toEqual(entryOf("new"));
    const cleaned = setUp({ keys: { two }, use: "two" }, backend);
    expect(await cleaned.proxy.getMulti(["old", "new"])).toEqual([NO_VALUE, entryOf("new")]);
    expect(cleaned.incidents).toMatchObject([{ key: "old", error: { message: expect.stringContaining('"one"') } }]);
  });

  test("the name of a key is bound as well", async () => {
    const { proxy, backend } = setUp({ keys: { one, "1ne": one }, use: "one" });
    await proxy.set("a", entryOf("secret"));
    const { payload, metadata } = stored(backend);
    backend.entries.set(
      "a",
      new CachedValue(
        payload.map((byte, index) => (index === 7 ? 0x31 : byte)),
        metadata,
      ),
    );
    expect(await proxy.get("a")).toBe(NO_VALUE);
  });

  test("a change-over: plain entries are read where that is asked for", async () => {
    const backend = new ProbeBackend();
    backend.entries.set("a", entryOf("plain"));
    expect(await setUp({ plain: "accept" }, backend).proxy.get("a")).toEqual(entryOf("plain"));
    expect(await setUp({}, backend).proxy.get("a")).toBe(NO_VALUE);
  });

  test.each([
    ["hexadecimal", one],
    ["base64", btoa(String.fromCharCode(...two))],
    [
      "base64url without padding",
      btoa(String.fromCharCode(...new Uint8Array(32).fill(251)))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replace("=", ""),
    ],
    ["128 bits", new Uint8Array(16)],
  ])("a key in %s", async (_name, key) => {
    const { proxy } = setUp({ keys: { k: key }, use: "k" });
    await proxy.set("a", entryOf("secret"));
    expect(await proxy.get("a")).toEqual(entryOf("secret"));
  });
});

test("compressed first, then encrypted", async () => {
  const { proxy: inner, backend } = setUp();
  const { proxy } = wrapped(compress(), inner);
  const long = "compressible ".repeat(1000);
  await proxy.set("a", entryOf(long));
  expect(stored(backend).payload.byteLength).toBeLessThan(1000);
  expect(await proxy.get("a")).toEqual(entryOf(long));
});

test("a payload that can't be serialized is that key's failure", async () => {
  const { proxy } = setUp();
  const outcomes = await proxy.setMulti(
    new Map<string, CachedValue>([
      ["bad", entryOf(() => 1)],
      ["good", entryOf(1)],
    ]),
  );
  expect(outcomes?.get("bad")).toMatchObject({ status: "failed", error: { code: "SERIALIZATION" } });
  expect(outcomes?.get("good")?.status).toBe("stored");
});

describe("refuses", () => {
  test.each([
    [{ keys: {}, use: "a" }, "encrypt.keys"],
    [{ keys: { one }, use: "on" }, 'did you mean "one"?'],
    [{ keys: { one: "abcd" }, use: "one" }, "encrypt.keys.one: expected 16 or 32 bytes"],
    [{ keys: { one: 5 }, use: "one" }, "encrypt.keys.one"],
    [{ keys, use: "one", plain: "yes" }, "encrypt.plain"],
    [{ keys, use: "one", tolerance: "x" }, "encrypt.tolerance"],
    [{ keys, uses: "one" }, 'did you mean "use"?'],
  ])("%j", (options, says) => {
    expect(() => encrypt(options as never)).toThrow(ConfigurationError);
    expect(() => encrypt(options as never)).toThrow(says);
  });

  test("without telling the key", () => {
    const secret = "swordfish-swordfish";
    expect(() => encrypt({ keys: { one: secret }, use: "one" })).toThrow(/^(?!.*swordfish).*$/s);
  });
});

function flipped({ payload, metadata }: CachedValue<Uint8Array>, at: number): CachedValue {
  const bytes = payload.slice();
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return new CachedValue(bytes, metadata);
}

function changed({ payload, metadata }: CachedValue<Uint8Array>, more: object): CachedValue {
  return new CachedValue(payload, { ...metadata, ...more });
}
