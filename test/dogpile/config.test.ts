import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CacheBackend,
  ConfigurationError,
  createRegion,
  makeRegion,
  NO_VALUE,
  PluginNotFound,
  ProxyBackend,
  RegionAlreadyConfigured,
} from "@cascata/core";
import { BackendRegistry, coerceStringConf, defaultBackends, registerBackend } from "@cascata/core/dogpile";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend, NullBackend, SerializingMemoryBackend } from "@cascata/memory";
import { deferred, ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";

class Noted extends MapBackend {
  static made: unknown[] = [];
  static open = 0;

  constructor(options: object) {
    super();
    Noted.made.push(options);
    Noted.open += 1;
  }

  override close(): void {
    super.close();
    Noted.open -= 1;
  }
}

function registryOf(): BackendRegistry {
  Noted.made = [];
  Noted.open = 0;
  return new BackendRegistry()
    .register("noted", () => Noted as never)
    .register("map", () => () => new MapBackend())
    .register("memory", async () => MemoryBackend);
}

describe("the flat form", () => {
  it("row 145: takes the entries of its prefix, and of those the arguments for the backend", async () => {
    const config = Object.freeze({
      "cache.example.backend": "noted",
      "cache.example.expiration_time": 600,
      "cache.example.arguments.url": "127.0.0.1",
      "cache.example.arguments.dogpile_lockfile": false,
      "cache.other.backend": "unknown",
      "cache.other.arguments.url": "elsewhere",
    });
    const region = await makeRegion({ name: "r" }).configureFromConfig(config, "cache.example.", {
      backends: registryOf(),
    });
    expect(Noted.made).toEqual([{ url: "127.0.0.1", dogpile_lockfile: false }]);
    expect(region.actualBackend).toBeInstanceOf(Noted);
    expect(await region.explain()).toContain("fresh for 10m");
  });

  it("row 146: texts are taken for what they mean", async () => {
    const config = {
      "c.backend": " noted ",
      "c.expiration_time": "600",
      "c.grace": "5m",
      "c.arguments.port": "6379",
      "c.arguments.lock": "False",
      "c.arguments.password": "None",
      "c.arguments.ratio": ".5",
      "c.arguments.name": "a name",
    };
    const before = { ...config };
    const region = await makeRegion({ name: "r" }).configureFromConfig(config, "c.", { backends: registryOf() });
    expect(Noted.made).toEqual([{ port: 6379, lock: false, password: null, ratio: 0.5, name: "a name" }]);
    expect(await region.explain()).toContain("fresh for 10m, then stale for 5m");
    expect(config).toEqual(before);
  });

  it("row 146: a class that reads its own flat options does", async () => {
    const config = { "c.backend": "memory", "c.arguments.maxEntries": "2", "c.ttl": "1h" };
    const region = await makeRegion({ name: "r" }).configureFromConfig(config, "c.", { backends: registryOf() });
    await region.setMulti(
      new Map([
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ]),
    );
    expect((await region.getMulti(["a", "b", "c"])).filter((one) => one !== NO_VALUE)).toHaveLength(2);
    await region.close();
  });

  it("has one meaning of never: None, and -1 in dogpile's own seconds", async () => {
    for (const [name, value] of [
      ["ttl", "None"],
      ["expirationTime", "None"],
      ["expiration_time", "None"],
      ["expiration_time", "-1"],
      ["expiration_time", -1],
    ] as const) {
      const config = { "c.backend": "map", [`c.${name}`]: value };
      const region = await makeRegion({ name: "r" }).configureFromConfig(config, "c.", { backends: registryOf() });
      expect(await region.explain()).toContain("fresh for ever");
    }
    const seconds = { "c.backend": "map", "c.expiration_time": "0.5" };
    const region = await makeRegion({ name: "r" }).configureFromConfig(seconds, "c.", { backends: registryOf() });
    expect(await region.explain()).toContain("fresh for 500ms");
  });

  it("takes proxies, a strategy and the replacement", async () => {
    class Layer extends ProxyBackend {}
    const regionInvalidator = { invalidate: () => undefined, verdicts: () => [] };
    const region = createRegion({ name: "r", backend: new MapBackend() });
    const config = {
      "c.backend": "noted",
      "c.wrap": [Layer],
      "c.replace_existing_backend": "true",
      "c.regionInvalidator": regionInvalidator,
    };
    await region.configureFromConfig(config, "c.", { backends: registryOf() });
    expect(region.backend).toBeInstanceOf(Layer);
    expect(region.actualBackend).toBeInstanceOf(Noted);
  });

  it("refuses by name what is missing, unknown, double or wrong, all at once, and changes nothing", async () => {
    const region = makeRegion({ name: "r" });
    const backends = registryOf();
    const configure = (config: Record<string, unknown>) => region.configureFromConfig(config, "c.", { backends });
    await expect(configure({})).rejects.toThrow(/c\.backend: expected the name of a backend/);
    await expect(configure({ "c.backend": "map", "c.tll": 1, "c.wat": 2 })).rejects.toThrow(
      /did you mean "ttl"[\s\S]*c\.wat/,
    );
    await expect(configure({ "c.backend": "map", "c.ttl": 1, "c.expiration_time": 2 })).rejects.toThrow(/twice/);
    await expect(configure({ "c.backend": "map", "c.ttl": "soon" })).rejects.toBeInstanceOf(ConfigurationError);
    await expect(configure({ "c.backend": "map", "c.wrap": "abc" })).rejects.toThrow(/a list of proxies/);
    await expect(configure({ "c.backend": "nope" })).rejects.toBeInstanceOf(PluginNotFound);
    expect(region.isConfigured).toBe(false);
  });

  it("row 147: coercion", () => {
    const cases: readonly (readonly [unknown, unknown])[] = [
      [" 15 ", 15],
      ["-1", -1],
      ["+1", 1],
      ["007", 7],
      ["0.1", 0.1],
      ["-3.14e-10", -3.14e-10],
      ["1.", 1],
      [".5", 0.5],
      ["1e3", 1000],
      ["true", true],
      ["FALSE", false],
      ["None", null],
      ["none", "none"],
      ["nan", "nan"],
      ["0x10", "0x10"],
      ["1,2", "1,2"],
      ["", ""],
      [" text ", "text"],
      ["1.2.3", "1.2.3"],
      [5, 5],
      [undefined, undefined],
      ["9007199254740993", "9007199254740993"],
      ["+", "+"],
      [".", "."],
      ["e5", "e5"],
    ];
    for (const [text, meant] of cases) expect(coerceStringConf(text)).toStrictEqual(meant);
  });
});

describe("backends by name", () => {
  it("are loaded when first named, not before, and made with a copy of the arguments", async () => {
    let loaded = 0;
    const backends = new BackendRegistry().register("noted", async () => {
      loaded += 1;
      return Noted as never;
    });
    Noted.made = [];
    expect(loaded).toBe(0);
    const args = Object.freeze({ url: "x" });
    const region = await makeRegion({ name: "r" }).configure("noted", { backends, arguments: args, ttl: "1m" });
    expect([loaded, Noted.made]).toEqual([1, [{ url: "x" }]]);
    expect(Noted.made[0]).not.toBe(args);
    expect(await region.getOrCreate("k", () => 1)).toBe(1);
  });

  it("of the process are there for every region, and a later registration wins", async () => {
    const name = `test.${crypto.randomUUID()}`;
    registerBackend(name, () => () => new MapBackend({ name: "first" }));
    registerBackend(name, () => () => new MapBackend({ name: "second" }));
    expect(defaultBackends.names).toContain(name);
    const region = await makeRegion({ name: "r" }).configure(name);
    expect(region.actualBackend.name).toBe("second");
    await expect(makeRegion({ name: "r" }).configure(name, { backends: new BackendRegistry() })).rejects.toThrow(
      /none is registered/,
    );
  });

  it("a loader that fails, or gives no backend, is PluginNotFound with its cause", async () => {
    const cause = new Error("Cannot find package");
    const backends = new BackendRegistry()
      .register("gone", () => Promise.reject(cause))
      .register("odd", () => 5 as never)
      .register("none", () => () => ({}) as never);
    const region = makeRegion({ name: "r" });
    await expect(region.configure("gone", { backends })).rejects.toMatchObject({ code: "PLUGIN_NOT_FOUND", cause });
    await expect(region.configure("odd", { backends })).rejects.toBeInstanceOf(PluginNotFound);
    await expect(region.configure("none", { backends })).rejects.toBeInstanceOf(ConfigurationError);
    expect(() => backends.register("x", {} as never)).toThrow(ConfigurationError);
    expect(region.isConfigured).toBe(false);
  });

  it("nothing is made before the options are checked; what can't be assigned is closed", async () => {
    const backends = registryOf();
    const region = makeRegion({ name: "r" });
    await expect(region.configure("noted", { backends, ttl: "soon" as never })).rejects.toBeInstanceOf(
      ConfigurationError,
    );
    await expect(region.configure("noted", { backends, tll: 1 } as never)).rejects.toThrow(/did you mean "ttl"/);
    expect(Noted.made).toEqual([]);
    await expect(region.configure("noted", { backends, wrap: [5 as never] })).rejects.toBeInstanceOf(
      ConfigurationError,
    );
    expect([Noted.made.length, Noted.open, region.isConfigured]).toEqual([1, 0, false]);
  });

  it("two at once: the first one wins, the other's backend is closed", async () => {
    const gate = deferred();
    const backends = new BackendRegistry().register("noted", async () => {
      await gate.promise;
      return Noted as never;
    });
    Noted.made = [];
    Noted.open = 0;
    const region = makeRegion({ name: "r" });
    const both = Promise.allSettled([region.configure("noted", { backends }), region.configure("noted", { backends })]);
    gate.resolve();
    expect((await both).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect([Noted.open, region.isConfigured]).toEqual([1, true]);
    await expect(region.configure("noted", { backends })).rejects.toBeInstanceOf(RegionAlreadyConfigured);
    await region.configure("noted", { backends, replaceExistingBackend: true });
    expect(Noted.open).toBe(1);
    await region.close();
    expect(Noted.open).toBe(0);
  });

  it("a backend that is given, not named, takes no arguments, and stays its maker's to close", async () => {
    Noted.open = 0;
    const mine = new Noted({});
    const region = makeRegion({ name: "r" });
    expect(() => region.configure(mine, { arguments: {} } as never)).toThrow(/configure\.arguments/);
    region.configure(mine);
    await region.close();
    expect(Noted.open).toBe(1);
  });

  it("no backend changes the arguments that it was given", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cascata-arguments-"));
    const backends = new BackendRegistry()
      .register("memory", () => MemoryBackend as never)
      .register("serializing", () => SerializingMemoryBackend as never)
      .register("null", () => NullBackend)
      .register("lmdb", () => LmdbBackend as never);
    const given: Record<string, object> = {
      memory: { maxEntries: 10, name: "m" },
      serializing: { maxSize: "1mb" },
      null: { name: "n" },
      lmdb: { path: join(folder, "cache") },
    };
    try {
      for (const [name, args] of Object.entries(given)) {
        const before = structuredClone(args);
        const region = makeRegion({ name: "r" });
        await region.configure(name, { backends, arguments: Object.freeze(args) as Record<string, unknown> });
        expect(region.actualBackend).toBeInstanceOf(CacheBackend);
        expect(args).toEqual(before);
        await region.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("a function decorated before works after", async () => {
    const region = makeRegion({ name: "late", clock: new ManualClock() });
    const double = region.cached(async function double(n: number) {
      return n * 2;
    });
    await region.configure("map", { backends: registryOf() });
    expect([await double(2), await double.get(2)]).toEqual([4, 4]);
  });
});
