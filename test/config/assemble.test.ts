import { type BackendConfig, createCaches, type WrapConfig } from "@cascata/config";
import { type CacheBackend, NO_VALUE, ProxyBackend, type ProxyFactory, type ReadFailure } from "@cascata/core";
import { AsyncMapBackend, ManualClock } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { load } from "./support.ts";

class Marker extends ProxyBackend {}
const marker: ProxyFactory = (proxied) => new Marker(proxied);
const modules: Readonly<Record<string, object>> = {
  "./far.ts": { backend: { options: ["name"], create: () => new AsyncMapBackend({ name: "far" }) } },
  "./marker.ts": { default: Marker },
  "./maker.ts": { default: ({ twice }: { readonly twice: boolean }) => (twice ? marker : Marker) },
  "./silent.ts": {
    backend: {
      options: ["name"],
      create: () => {
        const silent = new AsyncMapBackend({ name: "silent" });
        silent.get = () => new Promise(() => undefined);
        return silent;
      },
    },
  },
};
const loadOurs = (specifier: string) => Promise.resolve(modules[specifier] ?? load(specifier));

/** The classes of a backend's proxies, outermost first. */
function layersOf(backend: CacheBackend | undefined): readonly string[] {
  const layers: string[] = [];
  for (let at = backend; at instanceof ProxyBackend; at = at.proxied) layers.push(at.constructor.name);
  return layers;
}

async function layers(wrap: readonly WrapConfig[], rest: object = {}): Promise<readonly string[]> {
  const far = { use: "./far.ts", wrap, ...rest } as BackendConfig;
  await using caches = await createCaches({ backends: { far }, regions: {} }, { load: loadOurs });
  return layersOf(caches.backends.get("far"));
}

describe("where the protection of a remote backend stands", () => {
  test.each<[string, readonly WrapConfig[], readonly string[]]>([
    ["around the store alone", [], ["ProtectionProxy"]],
    ["inside what takes time or repeats", ["compress", "retry"], ["CompressProxy", "RetryProxy", "ProtectionProxy"]],
    [
      "around the outermost deadline of wrap",
      ["compress", { use: "timeout", after: "50ms" }, "counting"],
      ["CompressProxy", "ProtectionProxy", "ProtectionProxy", "CountingProxy"],
    ],
    ["around a factory, of which nobody knows what it makes", [marker], ["ProtectionProxy", "Marker"]],
  ])("%s", async (_what, wrap, expected) => {
    expect(await layers(wrap)).toEqual(expected);
  });

  test("a region adds none, whatever was turned off", async () => {
    const far = { use: "./far.ts", breaker: false, timeout: Number.POSITIVE_INFINITY } as const;
    const unlimited = { ...far, maxInFlight: Number.POSITIVE_INFINITY };
    const regions = { users: { tiers: ["far"] } } as const;
    await using caches = await createCaches({ backends: { far: unlimited }, regions }, { load: loadOurs });
    const found = layersOf(caches.region("users").backend).filter((name) => name === "ProtectionProxy");
    expect(found).toEqual(["ProtectionProxy"]);
  });

  test("a local backend has none", async () => {
    const backends = { near: { use: "@cascata/memory", maxEntries: 5 } } as const;
    await using caches = await createCaches({ backends, regions: {} }, { load });
    expect(layersOf(caches.backends.get("near"))).toEqual([]);
  });
});

describe("the options of the protection", () => {
  const hanging = async (options: object) => {
    const clock = new ManualClock();
    const backends = { silent: { use: "./silent.ts", ...options } } as { silent: BackendConfig };
    const regions = { users: { tiers: ["silent"] }, cities: { tiers: ["silent"] } } as const;
    const caches = await createCaches({ backends, regions, defaults: { clock } }, { load: loadOurs });
    return { clock, caches };
  };

  test("timeout bounds each call, by the clock of the defaults", async () => {
    const { clock, caches } = await hanging({ timeout: "40ms" });
    const answer = caches
      .region("users")
      .get("1")
      .catch((error: unknown) => error);
    await clock.advance(39);
    expect(await Promise.race([answer, Promise.resolve("waits")])).toBe("waits");
    await clock.advance(1);
    expect(String(await answer)).toMatch(/silent.*40 ms/);
    await caches.close();
  });

  test("the breaker is the backend's: what one region has found out, the other knows", async () => {
    const { clock, caches } = await hanging({ timeout: "40ms", breaker: { timeouts: 1 } });
    const first = caches
      .region("users")
      .get("1")
      .catch((error: unknown) => error);
    await clock.advance(40);
    await first;
    const second = await caches
      .region("cities")
      .get("1")
      .catch((error: unknown) => error);
    expect(String(second)).toContain("its circuit is open");
    expect(caches.health().get("silent")?.state).toBe("down");
    await caches.close();
  });

  test("breaker: false never stops asking", async () => {
    const { clock, caches } = await hanging({ timeout: "40ms", breaker: false });
    for (let call = 0; call < 30; call++) {
      const answer = caches
        .region("users")
        .get("1")
        .catch((error: unknown) => error);
      await clock.advance(40);
      expect(String(await answer)).toContain("40 ms");
    }
    await caches.close();
  });

  test("maxInFlight refuses what would be one too many", async () => {
    const { clock, caches } = await hanging({ timeout: "40ms", maxInFlight: 1 });
    const first = caches
      .region("users")
      .get("1")
      .catch((error: unknown) => error);
    const second = await caches
      .region("users")
      .get("2")
      .catch((error: unknown) => error as ReadFailure);
    expect(String(second)).toContain("1 operations are in flight");
    await clock.advance(40);
    await first;
    await caches.close();
  });
});

describe("proxies", () => {
  test("of the application: a class, a function that makes one with its options, a factory", async () => {
    expect(await layers([{ use: "./marker.ts" }])).toContain("Marker");
    expect(await layers([{ use: "./maker.ts", twice: true }, { use: "./maker.ts", twice: false }, marker])).toEqual([
      "Marker",
      "Marker",
      "ProtectionProxy",
      "Marker",
    ]);
  });

  test("of a region stand around its whole chain, or those of the defaults", async () => {
    const backends = { a: { use: "@cascata/memory", maxEntries: 5 }, b: { use: "./far.ts" } } as const;
    const regions = {
      own: { tiers: ["a", "b"], wrap: [marker] },
      usual: { tiers: ["a", "b"] },
      none: { tiers: ["a"], wrap: [] },
    } as const;
    const config = { backends, regions, defaults: { wrap: ["clone"] } } as const;
    await using caches = await createCaches(config, { load: loadOurs });
    expect(layersOf(caches.region("own").backend)[0]).toBe("Marker");
    expect(layersOf(caches.region("usual").backend)[0]).toBe("CloneProxy");
    expect(layersOf(caches.region("none").backend)).not.toContain("CloneProxy");
  });

  test("encrypt takes the key to use as useKey", async () => {
    const encrypt = { use: "encrypt", keys: { first: "00".repeat(16) }, useKey: "first" } as const;
    const backends = { far: { use: "./far.ts", wrap: [encrypt] } } as const;
    await using caches = await createCaches({ backends, regions: { users: { tiers: ["far"] } } }, { load: loadOurs });
    const users = caches.region("users");
    await users.set("1", "Ada");
    expect(await users.get("1")).toBe("Ada");
    const inner = users.actualBackend;
    const stored = await inner.get("users:1");
    expect(stored).not.toBe(NO_VALUE);
    expect(JSON.stringify(stored)).not.toContain("Ada");
  });
});

describe("a Keyv adapter that the configuration names", () => {
  class Adapter {
    static readonly made: unknown[][] = [];
    static disconnected = 0;
    readonly #values = new Map<string, unknown>();
    constructor(...given: unknown[]) {
      if (given[0] === "bad") throw new Error("no such place");
      Adapter.made.push(given);
    }
    get = async (key: string) => this.#values.get(key);
    set = async (key: string, value: unknown) => void this.#values.set(key, value);
    delete = async (key: string) => this.#values.delete(key);
    clear = async () => this.#values.clear();
    on = () => this;
    disconnect = async () => void Adapter.disconnected++;
  }
  const loadAdapter = (specifier: string) =>
    specifier === "some-adapter" ? Promise.resolve({ default: Adapter }) : load(specifier);
  const config = (uri: string) => ({
    backends: { far: { use: "@cascata/keyv", store: { use: "some-adapter", uri, options: { a: 1 } } } } as const,
    regions: { users: { tiers: ["far"] } } as const,
  });

  test("is made with its address and options, and disconnected at the end", async () => {
    const caches = await createCaches(config("place:1"), { load: loadAdapter });
    expect(Adapter.made).toEqual([["place:1", { a: 1 }]]);
    await caches.region("users").set("1", new Date(5));
    expect(await caches.region("users").get("1")).toEqual(new Date(5));
    await caches.close();
    expect(Adapter.disconnected).toBe(1);
  });

  test("that can't be made is a mistake", async () => {
    await expect(createCaches(config("bad"), { load: loadAdapter })).rejects.toThrow(
      /backends\.far\.store: .*no such place/,
    );
  });
});
