import { Buffer } from "node:buffer";
import * as zlib from "node:zlib";
import { type CachedValue, ConfigurationError, NO_VALUE, richSerializer } from "@cascata/core";
import { type CompressOptions, compress } from "@cascata/proxies";
import { MapBackend, ProbeBackend } from "@cascata/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { entryOf, wrapped } from "./support.ts";

const long = "compressible ".repeat(1000);
const hasZstd = "zstdCompress" in zlib;

function setUp(options: CompressOptions = {}) {
  return wrapped(compress(options), new ProbeBackend());
}

function storedBytes(backend: ProbeBackend, key = "a"): Uint8Array {
  const payload = backend.entries.get(key)?.payload;
  if (!(payload instanceof Uint8Array)) throw new Error(`nothing compressed is stored for ${key}`);
  return payload;
}

describe("the threshold", () => {
  test("above it payloads are compressed, up to it they are stored as they are", async () => {
    const { proxy, backend } = setUp({ above: "1kb" });
    const size = (payload: unknown) => richSerializer.serialize(payload).byteLength;
    const frame = size("");
    const atThreshold = "x".repeat(1024 - frame);
    expect(size(atThreshold)).toBe(1024);
    await proxy.setMulti(
      new Map<string, CachedValue>([
        ["at", entryOf(atThreshold)],
        ["over", entryOf(`${atThreshold}x`)],
        ["list", entryOf([long])],
      ]),
    );
    expect(backend.entries.get("at")?.payload).toBe(atThreshold);
    expect(storedBytes(backend, "over").byteLength).toBeLessThan(100);
    expect(storedBytes(backend, "list").byteLength).toBeLessThan(1000);
    expect(await proxy.getMulti(["at", "over", "list"])).toEqual([
      entryOf(atThreshold),
      entryOf(`${atThreshold}x`),
      entryOf([long]),
    ]);
  });

  test("what does not shrink is stored as it is", async () => {
    const { proxy, backend } = setUp({ above: 0 });
    const noise = crypto.getRandomValues(new Uint8Array(4096));
    await proxy.set("a", entryOf(noise));
    expect(backend.entries.get("a")?.payload).toBe(noise);
  });

  test("metadata stay in the clear and unchanged", async () => {
    const { proxy, backend } = setUp();
    const metadata = { ttl: 5, grace: 6, tags: ["t"], validators: { etag: "1" } };
    await proxy.set("a", entryOf(long, metadata));
    expect(backend.entries.get("a")?.metadata).toEqual(entryOf(0, metadata).metadata);
    expect((await proxy.get("a")) as CachedValue).toEqual(entryOf(long, metadata));
  });
});

describe.each(["gzip", "brotli", ...(hasZstd ? (["zstd"] as const) : [])] as const)("%s", (algorithm) => {
  test.each([
    ["text", long],
    ["an object", { list: Array.from({ length: 500 }, (_, n) => ({ n, when: new Date(n) })) }],
    ["a Buffer", Buffer.alloc(5000, 7)],
    ["a Map", new Map([["k", long]])],
  ])("%s comes back the same", async (_name, payload) => {
    const { proxy, backend } = setUp({ algorithm });
    await proxy.set("a", entryOf(payload));
    expect(storedBytes(backend).byteLength).toBeLessThan(2500);
    const found = (await proxy.get("a")) as CachedValue;
    expect(found.payload).toEqual(payload);
    expect((found.payload as object).constructor).toBe(payload.constructor);
  });

  test("is read by a proxy that compresses otherwise", async () => {
    const { proxy, backend } = setUp({ algorithm, level: 1 });
    await proxy.set("a", entryOf(long));
    const other = wrapped(compress({ algorithm: algorithm === "gzip" ? "brotli" : "gzip" }), backend).proxy;
    expect(await other.get("a")).toEqual(entryOf(long));
  });
});

describe("bytes of no use", () => {
  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["cut", (bytes) => bytes.slice(0, bytes.length - 5)],
    ["empty", (bytes) => bytes.slice(0, 7)],
    ["head only", (bytes) => bytes.slice(0, 6)],
    ["of an unknown way", (bytes) => bytes.map((byte, index) => (index === 6 ? 99 : byte))],
    ["flipped", (bytes) => bytes.map((byte, index) => (index === 30 ? byte ^ 0xff : byte))],
    ["of another serializer", (bytes) => Buffer.concat([bytes.subarray(0, 7), zlib.gzipSync("gibberish")])],
  ])("%s: a miss and one incident, and no other key's affair", async (_name, spoil) => {
    const { proxy, backend, incidents } = setUp();
    await proxy.setMulti(
      new Map([
        ["a", entryOf(long)],
        ["b", entryOf(long)],
      ]),
    );
    backend.entries.set("a", entryOf(spoil(storedBytes(backend))));
    expect(await proxy.getMulti(["a", "b"])).toEqual([NO_VALUE, entryOf(long)]);
    expect(incidents).toEqual([{ backend: "probe", what: "unreadable entry", key: "a", error: expect.any(Error) }]);
    await proxy.set("a", entryOf(long));
    expect(await proxy.get("a")).toEqual(entryOf(long));
  });

  test("a bomb is not unpacked", async () => {
    const { proxy, backend, incidents } = setUp({ maxBytes: "1mb" });
    await setUpBomb(backend);
    expect(await proxy.get("a")).toBe(NO_VALUE);
    expect(incidents).toHaveLength(1);
  });

  async function setUpBomb(backend: ProbeBackend): Promise<void> {
    const generous = wrapped(compress({ maxBytes: "10mb" }), backend).proxy;
    await generous.set("a", entryOf("0".repeat(5 * 1024 ** 2)));
    expect(storedBytes(backend).byteLength).toBeLessThan(10_000);
  }

  test("what could not be unpacked again is not compressed", async () => {
    const { proxy, backend } = setUp({ maxBytes: "1kb" });
    await proxy.set("a", entryOf(long));
    expect(backend.entries.get("a")?.payload).toBe(long);
  });
});

test("bytes of the caller's that look compressed come back as they are", async () => {
  const { proxy, backend } = setUp();
  await proxy.set("a", entryOf(long));
  const lookalike = storedBytes(backend);
  await proxy.set("b", entryOf(lookalike));
  const found = (await proxy.get("b")) as CachedValue;
  expect(found.payload).toEqual(lookalike);
});

test("an entry that can't be serialized is that key's failure", async () => {
  const { proxy, backend } = setUp();
  const outcomes = await proxy.setMulti(
    new Map<string, CachedValue>([
      ["bad", entryOf(() => 1)],
      ["also", entryOf({ f: () => 1 })],
      ["good", entryOf(long)],
    ]),
  );
  expect(outcomes?.get("also")).toMatchObject({ status: "failed", error: { code: "SERIALIZATION" } });
  expect(outcomes?.get("good")?.status).toBe("stored");
  expect(backend.entries.has("also")).toBe(false);
});

test("neither the mapping nor its values change", async () => {
  const { proxy } = setUp();
  const payload = Object.freeze({ text: long });
  const mapping = new Map([["a", Object.freeze(entryOf(payload))]]);
  const before = [...mapping];
  await proxy.setMulti(mapping);
  expect([...mapping]).toEqual(before);
  expect(mapping.get("a")?.payload).toBe(payload);
});

test("ten megabytes are compressed and unpacked while the event loop goes on", async () => {
  const { proxy } = wrapped(compress({ algorithm: "gzip" }), new MapBackend());
  const payload = Array.from({ length: 100_000 }, (_, n) => `${n} ${"lorem ipsum ".repeat(8)}`);
  expect(richSerializer.serialize(payload).byteLength).toBeGreaterThan(10 * 1024 ** 2);
  for (const run of [() => proxy.set("a", entryOf(payload)), () => proxy.get("a")]) {
    let turns = 0;
    let running = true;
    const turn = () => {
      turns += 1;
      if (running) setImmediate(turn);
    };
    const work = run();
    setImmediate(turn);
    await work;
    running = false;
    // Work on this thread would leave no turn between the call and its answer.
    expect(turns).toBeGreaterThan(10);
  }
});

describe("a runtime without node:zlib", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("has gzip through the web's streams, readable everywhere", async () => {
    const { backend, proxy: reader } = setUp();
    vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
    const web = wrapped(compress({ maxBytes: "1mb" }), backend).proxy;
    await web.set("a", entryOf(long));
    expect(storedBytes(backend).byteLength).toBeLessThan(1000);
    expect(await web.get("a")).toEqual(entryOf(long));
    const generous = wrapped(compress(), backend).proxy;
    await generous.set("bomb", entryOf("0".repeat(5 * 1024 ** 2)));
    expect(await web.get("bomb")).toBe(NO_VALUE);
    vi.unstubAllGlobals();
    expect(await reader.get("a")).toEqual(entryOf(long));
    expect(() => compress({ algorithm: "brotli" })).not.toThrow();
  });

  test("says what it lacks", async () => {
    const { backend, proxy } = setUp({ algorithm: "brotli" });
    await proxy.set("a", entryOf(long));
    vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
    expect(() => compress({ algorithm: "brotli" })).toThrow(
      "compress.algorithm: expected an algorithm of this runtime: gzip",
    );
    const web = wrapped(compress(), backend);
    expect(await web.proxy.get("a")).toBe(NO_VALUE);
    expect(web.incidents).toHaveLength(1);
  });
});

test.each([
  [{ above: "1 stone" }, "compress.above"],
  [{ algorithm: "gzipp" }, 'did you mean "gzip"?'],
  [{ level: 10 }, "compress.level: expected a whole number from 1 to 9 for gzip"],
  [{ algorithm: "brotli", level: 12 }, "compress.level"],
  [{ maxBytes: -1 }, "compress.maxBytes"],
  [{ over: 5 }, "compress.over"],
])("refuses %j", (options, says) => {
  expect(() => compress(options as CompressOptions)).toThrow(ConfigurationError);
  expect(() => compress(options as CompressOptions)).toThrow(says);
});

test.skipIf(hasZstd)("zstd is refused where the runtime lacks it", () => {
  expect(() => compress({ algorithm: "zstd" })).toThrow(
    "compress.algorithm: expected an algorithm of this runtime: gzip, brotli",
  );
});
