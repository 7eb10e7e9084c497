import { createCaches } from "@cascata/config";
import { CacheBackend, ConfigurationError, type Mistake } from "@cascata/core";
import { describe, expect, test } from "vitest";
import { load } from "./support.ts";

const local = { use: "@cascata/memory", maxEntries: 10 };
const remote = { use: "@cascata/redis" };
const withBackend = (backend: unknown) => ({ backends: { one: backend }, regions: { users: { tiers: ["one"] } } });
const withRegion = (region: unknown) => ({ backends: { local, far: local }, regions: { users: region } });
const withWrap = (...wrap: readonly unknown[]) => withBackend({ ...local, wrap });

const hostile = JSON.parse('{ "use": "@cascata/memory", "maxEntries": 5, "__proto__": { "maxSize": 5 } }');
const hostileRegion = JSON.parse('{ "tiers": ["far"], "__proto__": { "ttl": 5 } }');

/** What is wrong · the configuration · where · what was expected · the nearest right spelling or cure. */
const table: [string, unknown, string, RegExp, string?][] = [
  ["no object", 5, "config", /object with backends and regions/],
  ["an unknown key", { ...withBackend(local), region: {} }, "region", /one of \$schema, backends/, '"regions"'],
  ["no backends", { regions: {} }, "backends", /backends by name/],
  ["a backend without use", withBackend({ maxEntries: 5 }), "backends.one.use", /name of a package/],
  ["a mistyped use", withBackend({ uses: "@cascata/memory" }), "backends.one.use", /name of a package/, '"use"'],
  ["a name that is none", { backends: { "a b": local }, regions: {} }, 'backends["a b"]', /letters, digits/],
  ["a missing package", withBackend({ use: "not-there" }), "backends.one.use", /installed/, "npm install not-there"],
  ["a mistyped package", withBackend({ use: "@cascata/memry" }), "backends.one.use", /installed/, '"@cascata/memory"'],
  ["a missing file", withBackend({ use: "./not-there.ts" }), "backends.one.use", /file that is there/],
  ["a module without a backend", withBackend({ use: "npm:fast-check" }), "backends.one.use", /export "backend"/],
  ["a mistyped member", withBackend({ use: "@cascata/memory#nul" }), "backends.one.use", /export "nul"/, '"null"'],
  ["an unknown option", withBackend({ ...local, maxEntris: 5 }), "backends.one.maxEntris", /one of/, '"maxEntries"'],
  ["no bound", withBackend({ use: "@cascata/memory" }), "backends.one.maxEntries", /bound/],
  ["a wrong unit of size", withBackend({ ...local, maxSize: "10 mo" }), "backends.one.maxSize", /"10mb"/, '"10mb"'],
  ["a wrong unit of time", withBackend({ ...remote, timeout: "5 min" }), "backends.one.timeout", /"5m"/, '"5m"'],
  [
    "a bad nested option",
    withBackend({ ...remote, breaker: { failureRate: 2 } }),
    "backends.one.breaker.failureRate",
    /0 to 1/,
  ],
  ["a bad breaker", withBackend({ ...remote, breaker: "no" }), "backends.one.breaker", /object of options, or false/],
  [
    "a package's own rule",
    withBackend({ use: "@cascata/lmdb", path: "x", maxSize: "1kb" }),
    "backends.one.maxSize",
    /1mb/,
  ],
  ["what a package needs", withBackend({ use: "@cascata/lmdb" }), "backends.one.path", /path of a file/],
  ["a wrong address", withBackend({ use: "@cascata/redis", url: "http://x" }), "backends.one.url", /redis:\/\//],
  [
    "an adapter that is none",
    withBackend({ use: "@cascata/keyv", store: { use: "fast-check#__version" } }),
    "backends.one.store.use",
    /Keyv adapter/,
  ],
  [
    "a missing adapter",
    withBackend({ use: "@cascata/keyv", store: { use: "@keyv/none" } }),
    "backends.one.store.use",
    /installed/,
    "npm install @keyv/none",
  ],
  ["a name from the prototype", withBackend(hostile), "backends.one.__proto__", /one of/],
  ["a name from the prototype of a region", withRegion(hostileRegion), "regions.users.__proto__", /one of/],
  ["a use from the prototype", withBackend({ use: "constructor" }), "backends.one.use", /installed/],
  ["a proxy from the prototype", withWrap("constructor"), "backends.one.wrap[0]", /one of circuitBreaker/],
  ["a tier from the prototype", withRegion({ tiers: ["constructor"] }), "regions.users.tiers[0]", /one of local/],
  ["no regions", { backends: { local } }, "regions", /regions by name/],
  ["a region that is none", withRegion("local"), "regions.users", /object of options/],
  ["a region without tiers", withRegion({}), "regions.users.tiers", /list of tiers/],
  ["an empty list of tiers", withRegion({ tiers: [] }), "regions.users.tiers", /one tier at least: local, far/],
  ["an unknown backend", withRegion({ tiers: ["locl"] }), "regions.users.tiers[0]", /one of local, far/, '"local"'],
  [
    "an unknown backend of a tier",
    withRegion({ tiers: [{ backend: "fra" }] }),
    "regions.users.tiers[0].backend",
    /one of/,
    '"far"',
  ],
  [
    "a tier named twice",
    withRegion({ tiers: ["local", "far", "local"] }),
    "regions.users.tiers[2]",
    /each backend once/,
  ],
  [
    "an unknown key of a tier",
    withRegion({ tiers: [{ backend: "far", tll: 1 }] }),
    "regions.users.tiers[0].tll",
    /one of backend, ttl/,
    '"ttl"',
  ],
  ["a tier that is none", withRegion({ tiers: [7] }), "regions.users.tiers[0]", /name of a backend/],
  ["a negative ttl", withRegion({ tiers: ["far"], ttl: -1 }), "regions.users.ttl", /milliseconds/],
  ["a ttl that is no number", withRegion({ tiers: ["far"], ttl: Number.NaN }), "regions.users.ttl", /milliseconds/],
  ["a wrong unit", withRegion({ tiers: ["far"], ttl: "5 parsecs" }), "regions.users.ttl", /"5m"/],
  ["a wrong unit of a tier", withRegion({ tiers: ["far"], ttl: { far: "5x" } }), "regions.users.ttl.far", /"5m"/],
  [
    "a ttl of no tier",
    withRegion({ tiers: ["far"], ttl: { fra: "5m" } }),
    "regions.users.ttl.fra",
    /tier of this region/,
    '"far"',
  ],
  [
    "a wrong unit of a region's time",
    withRegion({ tiers: ["far"], ttl: "1.5 hours" }),
    "regions.users.ttl",
    /times by tier/,
    '"1.5h"',
  ],
  ["a list of ttls", withRegion({ tiers: ["far"], ttl: ["5m"] }), "regions.users.ttl", /times by tier/],
  [
    "a mistyped option of a tier",
    withRegion({ tiers: [{ backend: "far", bathc: true }] }),
    "regions.users.tiers[0].bathc",
    /one of backend, ttl, batch/,
    '"batch"',
  ],
  [
    "a batch that is none",
    withRegion({ tiers: [{ backend: "far", batch: "yes" }] }),
    "regions.users.tiers[0].batch",
    /true or false/,
  ],
  ["a deadline of what is local", withBackend({ ...local, timeout: "1s" }), "backends.one.timeout", /one of name/],
  [
    "a circuit of what turns out to be local",
    withBackend({ use: "@cascata/keyv", store: new Map(), timeout: "1s", breaker: false }),
    "backends.one.breaker",
    /not remote/,
  ],
  [
    "two ttls of one tier",
    withRegion({ tiers: [{ backend: "far", ttl: 5 }], ttl: { far: 6 } }),
    "regions.users.tiers[0].ttl",
    /beside regions\.users\.ttl\.far/,
  ],
  [
    "an unknown option of a region",
    withRegion({ tiers: ["far"], graec: 1 }),
    "regions.users.graec",
    /one of/,
    '"grace"',
  ],
  [
    "a choice that is none",
    withRegion({ tiers: ["far"], isolation: "copy" }),
    "regions.users.isolation",
    /"share" or "freeze"/,
  ],
  ["a share above 1", withRegion({ tiers: ["far"], jitter: 2 }), "regions.users.jitter", /0 to 1/],
  ["a bad default", { ...withRegion({ tiers: ["far"] }), defaults: { grace: "x" } }, "defaults.grace", /"5m"/],
  [
    "an unknown default",
    { ...withRegion({ tiers: ["far"] }), defaults: { tll: "1m" } },
    "defaults.tll",
    /one of/,
    '"ttl"',
  ],
  ["tiers by default", { ...withRegion({ tiers: ["far"] }), defaults: { tiers: ["far"] } }, "defaults.tiers", /one of/],
  [
    "a bad proxy by default",
    { ...withRegion({ tiers: ["far"] }), defaults: { wrap: ["?"] } },
    "defaults.wrap[0]",
    /one of/,
  ],
  ["a wrap that is no list", withBackend({ ...local, wrap: "compress" }), "backends.one.wrap", /list of proxies/],
  ["a proxy that doesn't exist", withWrap("compres"), "backends.one.wrap[0]", /one of circuitBreaker/, '"compress"'],
  ["a named proxy that doesn't exist", withWrap({ use: "freez" }), "backends.one.wrap[0].use", /one of/, '"freeze"'],
  [
    "an unknown option of a proxy",
    withWrap({ use: "compress", abov: 1 }),
    "backends.one.wrap[0].abov",
    /one of/,
    '"above"',
  ],
  ["what publishing needs", withWrap("publish"), "backends.one.wrap[0].bus", /the name of a bus/],
  [
    "a bus that doesn't exist",
    withWrap({ use: "publish", bus: "broadcast-chanel" }),
    "backends.one.wrap[0].bus",
    /one of broadcast-channel, @cascata\/redis, or a module/,
    '"broadcast-channel"',
  ],
  [
    "a named bus that doesn't exist",
    withWrap({ use: "publish", bus: { use: "@cascata/rediss" } }),
    "backends.one.wrap[0].bus.use",
    /one of broadcast-channel/,
    '"@cascata/redis"',
  ],
  [
    "an unknown option of a bus",
    withWrap({ use: "publish", bus: { use: "broadcast-channel", chanel: "a" } }),
    "backends.one.wrap[0].bus.chanel",
    /one of channel/,
    '"channel"',
  ],
  [
    "a bus's own rule",
    withWrap({ use: "publish", bus: { use: "@cascata/redis", url: "localhost" } }),
    "backends.one.wrap[0].bus.url",
    /redis:\/\/host:port/,
  ],
  [
    "an option of publishing itself",
    withWrap({ use: "publish", bus: "broadcast-channel", hartbeat: "1s" }),
    "backends.one.wrap[0].hartbeat",
    /one of bus/,
    '"heartbeat"',
  ],
  ["a bus that is none", withWrap({ use: "publish", bus: 5 }), "backends.one.wrap[0].bus", /the name of a bus/],
  ["what a proxy needs", withWrap("timeout"), "backends.one.wrap[0].after", /milliseconds/],
  ["a proxy's own rule", withWrap({ use: "compress", level: 99 }), "backends.one.wrap[0].level", /1 to 9/],
  [
    "a key of encryption that is none",
    withWrap({ use: "encrypt", keys: { a: "00".repeat(16) }, useKey: "b" }),
    "backends.one.wrap[0].useKey",
    /name of a key/,
  ],
];

async function mistakesOf(config: unknown): Promise<readonly Mistake[]> {
  try {
    await (await createCaches(config as never, { load })).close();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
    throw error;
  }
}

describe("each mistake is refused with its path, what was expected, and the nearest right spelling", () => {
  test.each(table)("%s", async (_what, config, path, expected, hint) => {
    const mistakes = await mistakesOf(config);
    expect(mistakes.map((mistake) => mistake.path)).toEqual([path]);
    expect(mistakes[0]?.expected).toMatch(expected);
    if (hint !== undefined) expect(mistakes[0]?.hint).toContain(hint);
  });
});

test("all of a configuration's mistakes are reported at once", async () => {
  const mistakes = await mistakesOf({
    backends: {
      a: { ...local, maxEntris: 1 },
      b: { use: "not-there" },
      c: { use: "@cascata/redis", url: "x", feeds: true },
    },
    regions: { users: { tiers: ["d"], ttl: "x", wrap: ["y"] }, other: { tiers: [] } },
    default: {},
  });
  expect(mistakes.map(({ path }) => path).sort()).toEqual([
    "backends.a.maxEntris",
    "backends.b.use",
    "backends.c.feeds",
    "backends.c.url",
    "default",
    "regions.other.tiers",
    "regions.users.tiers[0]",
    "regions.users.ttl",
    "regions.users.wrap[0]",
  ]);
});

test("of the defaults too, whatever else is wrong with them", async () => {
  const defaults = { ttl: "x", tll: "1m", wrap: ["retryy"] };
  const mistakes = await mistakesOf({ ...withRegion({ tiers: ["far"] }), defaults });
  expect(mistakes.map(({ path }) => path).sort()).toEqual(["defaults.tll", "defaults.ttl", "defaults.wrap[0]"]);
});

test("what came is told, but for secrets, whatever backends and regions are called", async () => {
  const backends = {
    tokens: { ...local, maxEntris: 7 },
    shared: { use: "@cascata/redis", url: "redis://x", pasword: "sesame", wrap: [{ use: "recovery", maxKeys: -3 }] },
    sealed: { ...local, wrap: [{ use: "encrypt", keys: "sesame", useKey: "a" }] },
  };
  const mistakes = await mistakesOf({ backends, regions: { passwords: { tiers: ["tokens"], ttl: "x" }, secret: 5 } });
  expect(Object.fromEntries(mistakes.map(({ path, received }) => [path, received]))).toEqual({
    "backends.tokens.maxEntris": 7,
    "backends.shared.pasword": "(hidden)",
    "backends.shared.wrap[0].maxKeys": -3,
    "backends.sealed.wrap[0].keys": "(hidden)",
    "regions.passwords.ttl": "x",
    "regions.secret": 5,
  });
});

describe("what createCaches itself is given", () => {
  const config = withBackend({ use: "npm:not-there" }) as never;

  test.each<[object, RegExp]>([
    [{ form: "x" }, /options\.form: expected one of from, load.*did you mean "from"/],
    [{ from: 5 }, /options\.from: expected a text/],
    [{ load: "x" }, /options\.load: expected a function/],
    [{ from: "/not/there/app.js" }, /backends\.one\.use: .*\/not\/there, where "from" says to look, is not there/],
  ])("%j is refused", async (options, message) => {
    const refused = createCaches(config, options as never);
    await expect(refused).rejects.toThrow(ConfigurationError);
    await expect(refused).rejects.toThrow(message);
  });
});

test("two backends on one store are refused", async () => {
  const file = (path: string) => ({ use: "@cascata/lmdb", path });
  const redis = (url: string, namespace?: string) => ({ use: "@cascata/redis", url, ...(namespace && { namespace }) });
  const backends = {
    disk: file("cache/a.mdb"),
    same: file("./cache/../cache/a.mdb"),
    other: file("cache/b.mdb"),
    shared: redis("redis://localhost"),
    sameShared: redis("redis://user:secret@localhost:6379/0"),
    database: redis("redis://localhost/1"),
    apart: redis("redis://localhost", "mine"),
    connected: { use: "@cascata/redis", connect: { socket: { host: "localhost" } } },
    nodes: { use: "@cascata/redis", connect: { rootNodes: [{ url: "redis://a" }] } },
    sameNodes: { use: "@cascata/redis", connect: { rootNodes: [{ url: "redis://a" }] } },
  };
  // A mistake beside it, so that nothing is connected if these are not refused.
  const mistakes = await mistakesOf({ backends, regions: { users: { tiers: ["none"] } } });
  expect(mistakes.map(({ path }) => path)).toEqual([
    "backends.same",
    "backends.sameShared",
    "backends.connected",
    "backends.sameNodes",
    "regions.users.tiers[0]",
  ]);
  expect(mistakes[0]?.hint).toContain('"disk"');
});

test("what is made is closed again when something else can't be", async () => {
  const closed: string[] = [];
  class Broken extends CacheBackend {
    readonly name = "broken";
    constructor() {
      super();
      throw new Error("no room");
    }
    get = () => undefined as never;
    getMulti = () => [];
    set = () => undefined;
    setMulti = () => undefined;
    delete = () => undefined;
    deleteMulti = () => undefined;
    close = () => undefined;
  }
  const { MemoryBackend } = await import("@cascata/memory");
  class Watched extends MemoryBackend {
    override close(): void {
      closed.push(this.name);
      super.close();
    }
  }
  const modules: Record<string, object> = { "./broken.ts": { default: Broken }, "./watched.ts": { default: Watched } };
  const config = {
    backends: { one: { use: "./watched.ts", maxEntries: 5, name: "one" }, two: { use: "./broken.ts" } },
    regions: {},
  } as const;
  const made = createCaches(config, { load: async (name) => modules[name] });
  await expect(made).rejects.toThrow(/backends\.two: .*no room/);
  expect(closed).toEqual(["one"]);
});

test.each([
  { url: "http://user:hunter2@host" },
  { passwort: "hunter2" },
  { url: "redis://host", connect: { password: "hunter2" } },
  { conect: { password: "hunter2", socket: { tls: { key: "hunter2" } } } },
])("a mistake's message tells no password: %o", async (options) => {
  const config = withBackend({ use: "@cascata/redis", ...options });
  const error = await createCaches(config as never, { load }).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(`${String(error)} ${JSON.stringify((error as ConfigurationError).mistakes)}`).not.toContain("hunter2");
});
