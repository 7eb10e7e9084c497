import { cachesFromFlat } from "@cascata/config";
import { ConfigurationError, NO_VALUE } from "@cascata/core";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend, NullBackend, SerializingMemoryBackend } from "@cascata/memory";
import { RedisBackend } from "@cascata/redis";
import { deferred, ManualClock } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { coerced } from "../../packages/config/src/coerce.ts";
import { dogpileNames } from "../../packages/config/src/dogpile-backends.ts";
import { unfold } from "../../packages/config/src/flat-config.ts";
import { Mistakes } from "../../packages/config/src/mistakes.ts";
import { load } from "./support.ts";

describe("a text means what it means to dogpile", () => {
  test.each<[unknown, unknown]>([
    ["007", 7],
    ["-1", -1],
    ["+1", 1],
    [" 5 ", 5],
    ["0.1", 0.1],
    ["1.", 1],
    [".5", 0.5],
    ["1e3", 1000],
    ["-3.14e-10", -3.14e-10],
    ["True", true],
    ["false", false],
    ["None", null],
    ["none", "none"],
    ["nan", "nan"],
    ["0x10", "0x10"],
    ["1,2", "1,2"],
    ["", ""],
    [" text ", "text"],
    [5, 5],
    [undefined, undefined],
  ])("%j is %j", (text, meaning) => {
    expect(coerced(text)).toBe(meaning);
  });
});

/** The nested form of a flat configuration, and what was wrong with it. */
function unfolded(flat: Readonly<Record<string, unknown>>, prefix = "cache."): ReturnType<typeof unfold> {
  const mistakes = new Mistakes();
  const result = unfold(Object.freeze(flat), prefix, mistakes);
  mistakes.refuse();
  return result;
}

describe("the flat form becomes the nested one", () => {
  test("a region, its time in seconds, and its backend's arguments", () => {
    const { config } = unfolded({
      "other.users.backend": "not read",
      "cache.users.backend": "@cascata/redis",
      "cache.users.expiration_time": "3600",
      "cache.users.arguments.url": "redis://localhost:6379",
      "cache.users.arguments.max_marks": "500",
      "cache.users.soft_timeout": "50ms",
      "cache.users.wrap": "compress, freeze",
      "cache.users.replace_existing_backend": "true",
    });
    expect(config).toEqual({
      backends: { users: { use: "@cascata/redis", url: "redis://localhost:6379", maxMarks: 500 } },
      regions: {
        users: { tiers: ["users"], ttl: 3_600_000, grace: Infinity, softTimeout: "50ms", wrap: ["compress", "freeze"] },
      },
    });
  });

  test.each([
    ["-1", {}],
    ["None", {}],
    ["0", { ttl: 0, grace: Infinity }],
    ["1.5", { ttl: 1500, grace: Infinity }],
  ])("an expiration_time of %s", (text, life) => {
    const { config } = unfolded({ "cache.a.backend": "dogpile.cache.memory", "cache.a.expiration_time": text });
    expect(config.regions["a"]).toEqual({ tiers: ["a"], ...life });
  });

  test("what the store lets go of ends the grace, or is the life where nothing else is", () => {
    const redis = { "cache.a.backend": "dogpile.cache.redis", "cache.a.arguments.redis_expiration_time": "100" };
    expect(unfolded(redis).config.regions["a"]).toEqual({ tiers: ["a"], ttl: 100_000 });
    const both = unfolded({ ...redis, "cache.a.expiration_time": "60" });
    expect(both.config.regions["a"]).toEqual({ tiers: ["a"], ttl: 60_000, grace: 40_000 });
    const own = unfolded({ ...redis, "cache.a.expiration_time": "60", "cache.a.grace": "1s" });
    expect(own.config.regions["a"]).toMatchObject({ ttl: 60_000, grace: "1s" });
  });

  test("dogpile's arguments of Redis", () => {
    const { config } = unfolded({
      "cache.a.backend": "dogpile.cache.redis",
      "cache.a.arguments.host": "10.0.0.1",
      "cache.a.arguments.port": "6380",
      "cache.a.arguments.db": "2",
      "cache.a.arguments.password": "12345",
      "cache.a.arguments.socket_timeout": "0.5",
      "cache.a.arguments.lock_timeout": "30",
      "cache.a.arguments.lock_sleep": "0.1",
      "cache.a.arguments.distributed_lock": "true",
    });
    expect(config.backends["a"]).toEqual({
      use: "@cascata/redis",
      connect: { socket: { host: "10.0.0.1", port: 6380 }, database: 2, password: "12345" },
      deadline: 500,
      lockTimeout: 30_000,
      lockSleep: 100,
    });
  });

  test("Sentinel and Cluster", () => {
    const { config } = unfolded({
      "cache.a.backend": "dogpile.cache.redis_sentinel",
      "cache.a.arguments.sentinels": [["10.0.0.1", 26379]],
      "cache.b.backend": "dogpile.cache.valkey_cluster",
      "cache.b.arguments.startup_nodes": "10.0.0.1:7000, 10.0.0.2:7001",
    });
    expect(config.backends).toEqual({
      a: {
        use: "@cascata/redis",
        connect: { name: "mymaster", sentinelRootNodes: [{ host: "10.0.0.1", port: 26379 }] },
      },
      b: {
        use: "@cascata/redis",
        connect: {
          rootNodes: [{ socket: { host: "10.0.0.1", port: 7000 } }, { socket: { host: "10.0.0.2", port: 7001 } }],
        },
      },
    });
  });

  test("equal backends are one, so that their regions share a connection", () => {
    const { config } = unfolded({
      "cache.a.backend": "dogpile.cache.redis",
      "cache.a.arguments.url": "redis://localhost",
      "cache.b.backend": "redis",
      "cache.b.arguments.url": "redis://localhost",
      "cache.c.backend": "redis",
      "cache.c.arguments.url": "redis://elsewhere",
    });
    expect(Object.keys(config.backends)).toEqual(["a", "c"]);
    expect(config.regions).toMatchObject({ a: { tiers: ["a"] }, b: { tiers: ["a"] }, c: { tiers: ["c"] } });
  });
});

describe("each of dogpile's names leads to a backend", () => {
  test.each([
    ["dogpile.cache.null", {}, NullBackend],
    ["dogpile.cache.memory", {}, MemoryBackend],
    ["dogpile.cache.memory_pickle", {}, SerializingMemoryBackend],
    ["dogpile.cache.dbm", { filename: "node_modules/.cache/flat-form-test.mdb" }, LmdbBackend],
    ["dogpile.cache.redis", { url: "redis://127.0.0.1:1" }, RedisBackend],
    ["dogpile.cache.valkey", { host: "127.0.0.1", port: "1" }, RedisBackend],
  ])("%s", async (backend, given, type) => {
    const named = Object.entries(given).map(([name, value]) => [`cache.a.arguments.${name}`, value]);
    const flat = { "cache.a.backend": backend, ...Object.fromEntries(named) };
    await using caches = await cachesFromFlat(flat, "cache.", { load });
    let innermost = caches.backends.get("a");
    while (innermost !== undefined && !(innermost instanceof type) && "proxied" in innermost) {
      innermost = innermost.proxied as typeof innermost;
    }
    expect(innermost).toBeInstanceOf(type);
  });

  test("all of them are known", () => {
    const names = "null memory memory_pickle dbm memcached pylibmc bmemcached pymemcache redis redis_sentinel";
    const all = `${names} redis_cluster valkey valkey_sentinel valkey_cluster`.split(" ");
    expect([...dogpileNames].sort()).toEqual(all.map((name) => `dogpile.cache.${name}`).sort());
  });
});

test("as in dogpile, an old value is served while one caller regenerates it", async () => {
  const clock = new ManualClock();
  const flat = {
    "c.a.backend": "memory",
    "c.a.expiration_time": "60",
    "c.a.clock": clock,
    "c.a.arguments.clock": clock,
  };
  await using caches = await cachesFromFlat<{ a: string }>(flat, "c.", { load });
  const region = caches.region("a");
  await region.set("1", "old");
  await clock.advance(10 * 60_000);
  expect(await region.get("1")).toBe(NO_VALUE);
  const creating = deferred<string>();
  const first = region.getOrCreate("1", () => creating.promise);
  expect(await region.getOrCreate("1", () => "never")).toBe("old");
  creating.resolve("new");
  expect(await first).toBe("new");
});

describe("a mistake is named by its flat name", () => {
  const a = (rest: Readonly<Record<string, unknown>>) => ({ "cache.a.backend": "dogpile.cache.memory", ...rest });

  test.each<[string, Readonly<Record<string, unknown>>, string, RegExp]>([
    ["nothing below the prefix", {}, "cache.…", /regions below this prefix/],
    ["no setting", { "cache.a": "x" }, "cache.a", /<region>\.<setting>/],
    ["a name that objects can't hold", a({ "cache.__proto__.backend": "null" }), "cache.__proto__.backend", /<region>/],
    ["an argument of that name", a({ "cache.a.arguments.__proto__": "1" }), "cache.a.arguments.__proto__", /<setting>/],
    ["no backend", { "cache.a.expiration_time": "5" }, "cache.a.backend", /dogpile\.cache\.redis/],
    ["an unknown backend", { "cache.a.backend": "dogpile.cache.radis" }, "cache.a.backend", /installed/],
    ["an unknown setting", a({ "cache.a.expiration": "5" }), "cache.a.expiration", /expiration_time/],
    ["a bad time", a({ "cache.a.expiration_time": "5m" }), "cache.a.expiration_time", /seconds/],
    ["a bad setting", a({ "cache.a.soft_timeout": "5x" }), "cache.a.soft_timeout", /"5m"/],
    ["an unknown argument", a({ "cache.a.arguments.max_entris": "5" }), "cache.a.arguments.max_entris", /maxEntries/],
    ["a bad argument", a({ "cache.a.arguments.max_entries": "x" }), "cache.a.arguments.max_entries", /whole number/],
    ["an unknown proxy", a({ "cache.a.wrap": "compres" }), "cache.a.wrap[0]", /compress/],
    ["no boolean", a({ "cache.a.replace_existing_backend": "x" }), "cache.a.replace_existing_backend", /true or false/],
  ])("%s", async (_what, flat, path, expected) => {
    const error = await cachesFromFlat(flat, "cache.", { load }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(ConfigurationError);
    const { mistakes } = error as ConfigurationError;
    expect(mistakes.map((mistake) => mistake.path)).toContain(path);
    expect(mistakes.find((mistake) => mistake.path === path)?.expected).toMatch(expected);
  });
});

test.each([
  [{ "c.users.backend": "dogpile.cache.rediss" }, "c.users.backend", "dogpile.cache.redis"],
  [{ "c.users.backend": "@cascata/memry" }, "c.users.backend", "@cascata/memory"],
  [{ "c.users.bakend": "dogpile.cache.memory" }, "c.users.backend", "bakend"],
])("the nearest name of a backend is told: %j", async (flat, path, name) => {
  const refused = await cachesFromFlat(flat, "c.", { load }).catch((error: unknown) => error);
  const mistake = (refused as ConfigurationError).mistakes.find((one) => one.path === path);
  expect(mistake?.hint).toContain(`"${name}"`);
});
