import { setTimeout as pass } from "node:timers/promises";
import { type CacheBackend, createRegion } from "@cascata/core";
import { RedisBackend, type RedisBackendOptions } from "@cascata/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backendSuite } from "../dogpile/backend-suite.ts";
import { connected } from "../dogpile/connected.ts";
import { describeWithServers, type ServerKind } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";

function onServer(kind: ServerKind & ("redis-server" | "valkey-server")): void {
  let server: RedisServer;
  let stores = 0;
  const namespaces = new WeakMap<CacheBackend, string>();

  beforeAll(async () => {
    server = await startRedisServer({ kind });
  });
  afterAll(() => server.stop());

  function open(options: RedisBackendOptions, namespace = `dogpile${++stores}`): RedisBackend {
    const backend = new RedisBackend({ url: server.url, namespace, deadline: "5s", lockSleep: 5, ...options });
    namespaces.set(backend, namespace);
    return backend;
  }

  const suite = (options: RedisBackendOptions) =>
    backendSuite({
      open: () => connected(open(options)),
      beside: (backend) => connected(open(options, namespaces.get(backend))),
      advance: pass,
      shortMs: 150,
    });

  describe("with leases and a feed", () => suite({}));
  describe("row 114: with plain writes and locks by key, as dogpile does", () => suite({ leases: false }));
  describe("row 114: with a lock prefix of one's own", () => suite({ leases: false, lockPrefix: "mine-" }));

  it("row 114: the lock stands under its prefix, with an owner's token and a time limit", async () => {
    const backend = await connected(open({ leases: false, lockPrefix: "mine-", lockTimeout: "10s" }));
    const mutex = backend.getMutex("k");
    await mutex.acquire();
    const [key] = (await server.command("KEYS", "*mine-*")) as string[];
    expect(key).toContain("mine-");
    expect(Number(await server.command("PTTL", key as string))).toBeGreaterThan(1000);
    // Somebody else's token: what is not ours is not released.
    await server.command("SET", key as string, "another owner");
    await expect(mutex.release()).rejects.toThrow(/no longer held/);
    expect(await server.command("GET", key as string)).toBe("another owner");
    expect(backend.hasLockTimeout()).toBe(true);
    await backend.close();
  });

  it("row 92: the store forgets an entry when its life and its grace are over, and keeps an endless one", async () => {
    const backend = await connected(open({}));
    const region = createRegion({ name: "r", backend, ttl: "1m", grace: "2m" });
    await region.set("k", 1);
    await region.set("ever", 1, { ttl: Number.POSITIVE_INFINITY });
    const life = async (part: string) => {
      const keys = (await server.command("KEYS", `*${namespaces.get(backend)}*r:${part}*`)) as string[];
      return Number(await server.command("PTTL", keys[0] as string));
    };
    expect(await life("k")).toBeGreaterThan(170_000);
    expect(await life("k")).toBeLessThanOrEqual(180_000);
    expect(await life("ever")).toBe(-1);
    await region.close();
    await backend.close();
  });
}

describeWithServers(["redis-server"], "dogpile's backend suite on Redis", () => onServer("redis-server"));
describeWithServers(["valkey-server"], "dogpile's backend suite on Valkey", () => onServer("valkey-server"));
