import { type CachesConfig, createCaches } from "@cascata/config";
import { type CacheBackend, type ChangeFeed, isNoValue, NO_VALUE, type Region } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { AsyncMapBackend, ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, test } from "vitest";
import { load } from "./support.ts";

const local = { use: "@cascata/memory", maxEntries: 100 } as const;

async function tierOf(region: Region, key: string): Promise<string | undefined> {
  const entry = await region.getEntry(key);
  return isNoValue(entry) ? undefined : entry.tier;
}

/** Fails on any change. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) !== null && !(value instanceof Map)) {
    for (const member of Object.values(value)) frozen(member);
    Object.freeze(value);
  }
  return value;
}

describe("one object becomes backends and regions", () => {
  test("a chain in the order of its tiers, named as the configuration names them", async () => {
    await using caches = await createCaches(
      {
        backends: { local, far: { use: "@cascata/memory#serializing", maxSize: "1mb" } },
        regions: { users: { tiers: ["local", "far"], ttl: "5m" } },
      },
      { load },
    );
    const users = caches.region("users");
    expect(await users.getOrCreate("1", () => "Ada")).toBe("Ada");
    expect(await tierOf(users, "1")).toBe("local");
    caches.backends.get("local")?.clear?.();
    expect(await tierOf(users, "1")).toBe("far");
    expect(await caches.explain()).toMatch(/region "users".*1\. local.*2\. far/s);
    expect([...caches.health().keys()]).toEqual(["local", "far"]);
    expect([...caches.regions.keys()]).toEqual(["users"]);
  });

  test("from a text in JSON", async () => {
    const text = `{
      "$schema": "./node_modules/@cascata/config/schema.json",
      "backends": { "local": { "use": "@cascata/memory", "maxSize": "1mb", "wrap": ["freeze"] } },
      "regions": { "users": { "tiers": ["local"], "ttl": "5m" } }
    }`;
    await using caches = await createCaches(JSON.parse(text), { load });
    const user = await caches.region("users").getOrCreate("1", () => ({ name: "Ada" }));
    expect(user).toEqual({ name: "Ada" });
    expect(Object.isFrozen(await caches.region("users").get("1"))).toBe(true);
  });

  test("and the object stays as it was", async () => {
    const config = frozen({
      backends: { local: { ...local, wrap: [{ use: "compress", above: "1kb" }] } },
      regions: { users: { tiers: [{ backend: "local", ttl: "1s" }], ttl: "1m", wrap: ["clone"] } },
      defaults: { grace: "1s", wrap: ["freeze"] },
    } as const);
    await using caches = await createCaches(config, { load });
    expect(await caches.region("users").getOrCreate("1", () => "Ada")).toBe("Ada");
  });

  test("regions that share a private tier don't see each other's keys", async () => {
    const regions = { users: { tiers: ["local"] }, cities: { tiers: ["local"] } } as const;
    await using caches = await createCaches({ backends: { local }, regions }, { load });
    await caches.region("users").set("1", "Ada");
    expect(await caches.region("cities").get("1")).toBe(NO_VALUE);
    await caches.region("cities").set("1", "Rome");
    await caches.region("cities").clear();
    expect(await caches.region("users").get("1")).toBe("Ada");
  });

  test("a region that isn't there is refused with the nearest name", async () => {
    await using caches = await createCaches(
      { backends: { local }, regions: { users: { tiers: ["local"] } } },
      { load },
    );
    expect(() => caches.region("user" as "users")).toThrow(/one of users.*did you mean "users"/);
  });
});

describe("times", () => {
  const clock = new ManualClock();
  const backends = () => ({
    near: new MapBackend({ name: "near", clock }),
    far: new AsyncMapBackend({ name: "far", clock }),
  });
  const make = (region: CachesConfig<"near" | "far", "users">["regions"]["users"], defaults = {}) => {
    const live = backends();
    const config = { backends: live, regions: { users: region }, defaults: { clock, ...defaults } } as const;
    return createCaches(config as CachesConfig<"near" | "far", "users">, { load });
  };

  test("a near tier's is how long it keeps an entry, the farthest tier's is the entry's life", async () => {
    await using caches = await make({ tiers: ["near", "far"], ttl: { near: "10s", far: "5m" } });
    const users = caches.region("users");
    await users.set("1", "Ada");
    await clock.advance(9_999);
    expect(await tierOf(users, "1")).toBe("near");
    await clock.advance(2);
    expect(await tierOf(users, "1")).toBe("far");
    await clock.advance(290_000);
    expect(await users.get("1")).toBe(NO_VALUE);
  });

  test("they may stand beside the tiers as well", async () => {
    await using caches = await make({
      tiers: [
        { backend: "near", ttl: "10s" },
        { backend: "far", ttl: "5m" },
      ],
    });
    const users = caches.region("users");
    await users.set("1", "Ada");
    await clock.advance(10_001);
    expect(await tierOf(users, "1")).toBe("far");
    await clock.advance(290_000);
    expect(await users.get("1")).toBe(NO_VALUE);
  });

  test("and are explained, as are the proxies around each tier and around the chain", async () => {
    const far = { use: "@cascata/memory#serializing", maxEntries: 9, wrap: ["compress", "counting"] } as const;
    const regions = {
      users: { tiers: [{ backend: "local", ttl: "10s" }, "far"], ttl: "5m", grace: "90s", wrap: ["freeze"] },
    } as const;
    await using caches = await createCaches({ backends: { local, far }, regions }, { load });
    expect((await caches.explain()).split("\n").slice(0, 4)).toEqual([
      'region "users": fresh for 5m, then stale for 90s',
      "  behind freeze",
      "  1. local (local, private): up, keeps an entry for 10s",
      "  2. far (local, private): up, behind compress, counting",
    ]);
  });

  test("single reads of one turn go to a tier with batch as one", async () => {
    for (const tiers of [
      ["local", { backend: "far", batch: true }],
      ["local", { backend: "far", batch: true, ttl: "1m" }],
      [{ backend: "far", batch: true }],
    ] as const) {
      const far = new AsyncMapBackend({ name: "far" });
      const calls: string[] = [];
      const { get, getMulti } = far;
      far.get = (...given) => {
        calls.push("get");
        return get.apply(far, given);
      };
      far.getMulti = (...given) => {
        calls.push(`getMulti of ${given[0].length}`);
        return getMulti.apply(far, given);
      };
      await using caches = await createCaches({ backends: { local, far }, regions: { users: { tiers } } }, { load });
      const users = caches.region("users");
      await Promise.all([users.get("1"), users.get("2"), users.get("3")]);
      expect(calls).toEqual(["getMulti of 3"]);
    }
  });

  test("a farthest tier with a ttl in a region with one keeps entries for less than they live", async () => {
    await using caches = await make({ tiers: ["near", { backend: "far", ttl: "1h" }], ttl: "30d" });
    const users = caches.region("users");
    await users.set("1", "Ada");
    await users.setMulti(new Map([["2", "Bob"]]));
    await clock.advance(3_600_001);
    expect(await caches.backends.get("far")?.getMulti(["users:1", "users:2"])).toEqual([NO_VALUE, NO_VALUE]);
    expect(await users.getMulti(["1", "2"])).toEqual(["Ada", "Bob"]);
  });

  test("defaults hold where a region says nothing, and a call's own options before both", async () => {
    const defaults = { ttl: "1m", grace: "5s", maxStaleness: "3s" };
    await using caches = await make({ tiers: ["near"], grace: 0 }, defaults);
    const users = caches.region("users");
    await users.set("1", "Ada");
    await users.set("2", "Bob", { ttl: "10m" });
    await clock.advance(60_001);
    expect(await users.getMulti(["1", "2"])).toEqual([NO_VALUE, "Bob"]);
    expect(await caches.explain()).toContain("fresh for 1m, never stale");
  });
});

describe("modules of others", () => {
  class Own extends MemoryBackend {}
  class Named extends MapBackend {}
  const seen: unknown[] = [];
  const modules: Readonly<Record<string, object>> = {
    "./own.ts": { default: Own, Named },
    theirs: {
      backend: {
        options: ["name", "deadline", "colour"],
        create: (options: Readonly<Record<string, unknown>>) => {
          seen.push(options);
          return new AsyncMapBackend({ name: String(options["name"]) });
        },
      },
    },
  };
  const loadOurs = (specifier: string) => Promise.resolve(modules[specifier] ?? load(specifier));

  test("a file with a class as its default, or by name", async () => {
    const backends = { a: { use: "./own.ts", maxEntries: 5 }, b: { use: "./own.ts#Named" } } as const;
    await using caches = await createCaches(
      { backends, regions: { users: { tiers: ["a", "b"] } } },
      { load: loadOurs },
    );
    expect(caches.backends.get("a")).toBeInstanceOf(Own);
    expect(caches.backends.get("b")).toBeInstanceOf(Named);
  });

  test("a package that defines a backend gets its name, its options, and the timeout as its deadline", async () => {
    const backends = { far: { use: "npm:theirs", colour: "red", timeout: "2s", maxInFlight: 5 } } as const;
    await using caches = await createCaches({ backends, regions: { users: { tiers: ["far"] } } }, { load: loadOurs });
    expect(seen).toEqual([{ name: "far", colour: "red", deadline: "2s" }]);
    expect(caches.region("users").actualBackend.name).toBe("far");
  });

  test("what such a package doesn't know is refused", async () => {
    const backends = { far: { use: "npm:theirs", color: "red" } } as const;
    const made = createCaches({ backends, regions: {} }, { load: loadOurs });
    await expect(made).rejects.toThrow(/backends\.far\.color: .*did you mean "colour"/);
  });
});

/** A live store elsewhere that tells what changes, and counts who listens. */
class Broadcasting extends AsyncMapBackend {
  listeners = 0;

  override get changes(): ChangeFeed {
    return {
      atomic: true,
      position: undefined,
      live: true,
      heardAt: Number.POSITIVE_INFINITY,
      silenceMs: Number.POSITIVE_INFINITY,
      subscribe: () => {
        this.listeners++;
        return () => void this.listeners--;
      },
    };
  }
}

describe("closing", () => {
  class Witness extends MapBackend {
    static readonly log: string[] = [];
    override close(): void {
      Witness.log.push(this.name);
      super.close();
      if (this.name === "bad") throw new Error("stuck");
    }
  }
  const modules = { "./witness.ts": { default: Witness } };
  const loadOurs = (specifier: string) => Promise.resolve(modules[specifier as keyof typeof modules]);

  test("regions first, then the backends that were made, once; a live one stays open", async () => {
    Witness.log.length = 0;
    const live: CacheBackend = new Witness({ name: "live" });
    const backends = { live, made: { use: "./witness.ts", name: "made" } } as const;
    const regions = { users: { tiers: ["made"] }, cities: { tiers: ["live"] } } as const;
    const caches = await createCaches({ backends, regions }, { load: loadOurs });
    const users = caches.region("users");
    const reports = await caches.close();
    await caches.close();
    expect(Witness.log).toEqual(["made"]);
    expect([...reports.keys()]).toEqual(["users", "cities"]);
    await expect(users.get("1")).rejects.toThrow(/region "users" is closed/);
    expect(await live.get("1")).toBe(NO_VALUE);
  });

  test("nobody goes on listening to a live backend's changes", async () => {
    const far = new Broadcasting({ name: "far" });
    const regions = { users: { tiers: ["local", "far"] }, cities: { tiers: ["local", "far"] } } as const;
    const caches = await createCaches({ backends: { local, far }, regions }, { load });
    const listening = far.listeners;
    await caches.close();
    expect([listening > 0, far.listeners]).toEqual([true, 0]);
  });

  test("one that can't be closed keeps no other open", async () => {
    Witness.log.length = 0;
    const backends = {
      bad: { use: "./witness.ts", name: "bad" },
      good: { use: "./witness.ts", name: "good" },
    } as const;
    const caches = await createCaches({ backends, regions: {} }, { load: loadOurs });
    await expect(caches.close()).rejects.toThrow(AggregateError);
    expect(Witness.log).toEqual(["bad", "good"]);
  });
});
