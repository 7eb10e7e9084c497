import { setTimeout as pass } from "node:timers/promises";
import type { CacheBackend } from "@cascata/core";
import { RedisBackend } from "@cascata/redis";
import { afterAll, beforeAll } from "vitest";
import { backendSuite } from "../dogpile/backend-suite.ts";
import { connected } from "../dogpile/connected.ts";
import { describeWithServers } from "../support/needs.ts";
import { type RedisSentinels, startRedisSentinels } from "../support/redis-sentinel.ts";

describeWithServers(["redis-server"], "row 90: dogpile's backend suite on Redis Sentinel", () => {
  let sentinels: RedisSentinels;
  let stores = 0;
  const namespaces = new WeakMap<CacheBackend, string>();

  beforeAll(async () => {
    // Not about failovers: a busy machine must not cause one.
    sentinels = await startRedisSentinels({ downAfterMs: 60_000 });
  });
  afterAll(() => sentinels.stop());

  function open(namespace = `dogpile${++stores}`): RedisBackend {
    const sentinelRootNodes = sentinels.sentinels.map(({ host, port }) => ({ host, port }));
    const connect = { name: sentinels.name, sentinelRootNodes };
    const backend = new RedisBackend({ connect, namespace, deadline: "5s", lockSleep: 5 });
    namespaces.set(backend, namespace);
    return backend;
  }

  backendSuite({
    open: () => connected(open()),
    beside: (backend) => connected(open(namespaces.get(backend))),
    advance: pass,
    shortMs: 150,
  });
});
