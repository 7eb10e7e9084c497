import { setTimeout as pass } from "node:timers/promises";
import { type CacheBackend, CachedValue, isNoValue, ProxyBackend, ReadFailure, systemClock } from "@cascata/core";
import { KeyvBackend, type KeyvBackendOptions } from "@cascata/keyv";
import { backendCases, describeConformance, markCases } from "@cascata/testing";
import KeyvRedis, { createKeyv } from "@keyv/redis";
import { Keyv as Keyv5 } from "keyv";
import { Keyv as Keyv6 } from "keyv6";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

class PassThrough extends ProxyBackend {}

let server: RedisServer;
let spaces = 0;

type Store = KeyvBackendOptions["store"];

const ways: Readonly<Record<string, (namespace: string) => Store>> = {
  "the adapter alone": (namespace) => new KeyvRedis(server.url, { namespace }),
  "Keyv 5": (namespace) => new Keyv5({ store: new KeyvRedis(server.url), namespace }),
  createKeyv: (namespace) => createKeyv(server.url, { namespace }),
  "Keyv 6": (namespace) => new Keyv6({ store: new KeyvRedis(server.url), namespace }),
};

const timed: ReadonlySet<string> = new Set(["the adapter alone", "Keyv 6"]);

function entry(payload: unknown, ttl = 60_000): CachedValue {
  const now = systemClock.now();
  return new CachedValue(payload, { createdAt: now, startedAt: now, formatVersion: 1, ttl });
}

/** A client that fails at once while the server is away, as one for a cache should be set up. */
function failFast(): KeyvRedis<unknown> {
  return new KeyvRedis({
    url: server.url,
    disableOfflineQueue: true,
    socket: { connectTimeout: 500, reconnectStrategy: () => 20 },
  });
}

describeWithServers(["redis-server"], "Keyv on Redis", () => {
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  for (const [title, store] of Object.entries(ways)) {
    const spaceOf = new WeakMap<CacheBackend, string>();
    const open = (namespace: string) => {
      const backend = new KeyvBackend({ store: store(namespace), closeStore: true, deadline: "5s" });
      spaceOf.set(backend, namespace);
      return backend;
    };
    const harness = {
      open: () => open(`kit${++spaces}`),
      connect: (beside: CacheBackend) => open(spaceOf.get(beside) ?? ""),
      // Real time: the cases that let it pass take four seconds, so two ways to one store share them.
      ...(timed.has(title) && { advance: (ms: number) => pass(ms) }),
    };
    const behind = { open: () => new PassThrough(open(`kit${++spaces}`)) };
    describeConformance(backendCases, harness, { describe, it, title });
    describeConformance(backendCases, behind, { describe, it, title: `${title}, behind a proxy` });
    describeConformance(markCases, harness, { describe, it, title: `${title}: marks` });
  }

  test("what stands there is readable and expires by itself", async () => {
    const backend = new KeyvBackend({ store: createKeyv(server.url, { namespace: "seen" }), closeStore: true });
    await backend.set("k", entry({ city: "Zürich" }, 5000.5));
    expect(await server.command("GET", "seen::k")).toMatch(/^\{"value":"t\d+ cascata1 .*Zürich/);
    const left = Number(await server.command("PTTL", "seen::k"));
    expect(left).toBeGreaterThan(4000);
    expect(left).toBeLessThanOrEqual(5001);
    await backend.close();
  });

  test("clear, when asked for, leaves other namespaces alone", async () => {
    const [one, other] = ["one", "other"].map(
      (namespace) =>
        new KeyvBackend({ store: createKeyv(server.url, { namespace }), closeStore: true, clearStore: true }),
    ) as [KeyvBackend, KeyvBackend];
    await one.set("k", entry(1));
    await other.set("k", entry(2));
    await one.clear();
    expect(isNoValue(await one.get("k"))).toBe(true);
    expect(await other.get("k")).toMatchObject({ payload: 2 });
    await Promise.all([one.close(), other.close()]);
  });

  describe("an outage", () => {
    const clients: Readonly<Record<string, () => Store>> = {
      "the adapter alone": failFast,
      "Keyv 5": () => new Keyv5({ store: failFast() }),
      "Keyv 6": () => new Keyv6({ store: failFast() }),
      "createKeyv as it comes": () => createKeyv(server.url, { namespace: "out" }),
    };

    test.each(Object.entries(clients))("%s: nothing hangs, nothing is a miss, all comes back", async (_, store) => {
      const backend = new KeyvBackend({ store: store(), closeStore: true });
      await backend.setMulti(new Map([["a", entry(1)]]));
      server.pause();
      const slow = performance.now();
      await failsOf(backend);
      expect(performance.now() - slow).toBeLessThan(2500);
      server.resume();
      await server.kill();
      await failsOf(backend);
      await server.restart();
      // A client with an offline queue may have sent what was given up long ago: what it finds is not foreseeable.
      await until("the store answers again", async () => !((await backend.get("a")) instanceof ReadFailure));
      await until("it takes values again", async () => (await backend.set("a", entry(2))) === undefined);
      expect(await backend.get("a")).toMatchObject({ payload: 2 });
      await backend.close();
    });
  });

  test("a value that the server refuses is no success", async () => {
    const backend = new KeyvBackend({ store: failFast(), closeStore: true });
    await server.command("CONFIG", "SET", "maxmemory", "1");
    expect(await backend.set("k", entry("x".repeat(1000)))).toMatchObject({ status: "unknown" });
    const outcomes = await backend.setMulti(new Map([["k", entry(1)]]));
    expect(outcomes?.get("k")).toMatchObject({ status: "unknown" });
    await server.command("CONFIG", "SET", "maxmemory", "0");
    expect(await backend.set("k", entry(1))).toBeUndefined();
    await backend.close();
  });

  test("a key of another type is a failure", async () => {
    const backend = new KeyvBackend({ store: failFast(), closeStore: true });
    await server.command("LPUSH", "list", "x");
    expect(await backend.get("list")).toBeInstanceOf(ReadFailure);
    await backend.close();
  });
});

/** Each operation ends in a failure, by rejecting or by an outcome, and never in a miss or a success. */
async function failsOf(backend: KeyvBackend): Promise<void> {
  const failed = async (run: () => PromiseLike<unknown>) => {
    try {
      return [await run()].flat().every(isFailure);
    } catch {
      return true;
    }
  };
  expect(await failed(() => backend.get("a"))).toBe(true);
  expect(await failed(() => backend.getMulti(["a", "b"]))).toBe(true);
  expect(await failed(() => backend.set("a", entry(2)))).toBe(true);
  expect(await failed(() => backend.delete("b"))).toBe(true);
  expect(await failed(async () => [...((await backend.setMulti(new Map([["c", entry(1)]]))) ?? [[]])][0]?.[1])).toBe(
    true,
  );
  expect(await failed(async () => [...((await backend.deleteMulti(["d"])) ?? [[]])][0]?.[1])).toBe(true);
}

function isFailure(answer: unknown): boolean {
  if (answer instanceof ReadFailure) return true;
  const { status } = (answer ?? {}) as { status?: string };
  return status === "unknown" || status === "failed";
}
