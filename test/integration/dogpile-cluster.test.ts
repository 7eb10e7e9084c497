import { setTimeout as pass } from "node:timers/promises";
import { type CacheBackend, createRegion, NO_VALUE } from "@cascata/core";
import { RedisBackend } from "@cascata/redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { backendSuite } from "../dogpile/backend-suite.ts";
import { connected } from "../dogpile/connected.ts";
import { describeWithServers } from "../support/needs.ts";
import { type RedisCluster, startRedisCluster } from "../support/redis-cluster.ts";

describeWithServers(["redis-server"], "dogpile's backend suite on a Redis Cluster of six nodes", () => {
  let cluster: RedisCluster;
  let stores = 0;
  const namespaces = new WeakMap<CacheBackend, string>();

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  function open(namespace = `dogpile${++stores}`): RedisBackend {
    const rootNodes = cluster.nodes.map(({ host, port }) => ({ socket: { host, port } }));
    const backend = new RedisBackend({ connect: { rootNodes }, namespace, deadline: "5s", lockSleep: 5 });
    namespaces.set(backend, namespace);
    return backend;
  }

  backendSuite({
    open: () => connected(open()),
    beside: (backend) => connected(open(namespaces.get(backend))),
    advance: pass,
    shortMs: 150,
  });

  it("batches go over all slots, without any tag in the keys", async () => {
    const backend = await connected(open());
    const region = createRegion({ name: "r", backend });
    const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`);
    expect((await region.setMulti(new Map(keys.map((key, index) => [key, index])))).confirmed).toBe(true);
    expect(await region.getMulti(keys)).toEqual(keys.map((_, index) => index));
    expect((await region.deleteMulti(keys)).confirmed).toBe(true);
    expect(new Set(await region.getMulti(keys))).toEqual(new Set([NO_VALUE]));
    await region.close();
    await backend.close();
  });
});
