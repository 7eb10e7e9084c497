import { type CacheBackend, type CacheMutex, systemClock } from "@cascata/core";
import { RedisBackend } from "@cascata/redis";
import {
  backendCases,
  describeConformance,
  feedCases,
  leaseCases,
  markCases,
  mutexCases,
  revisionCases,
} from "@cascata/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { tenAround } from "../proxies/every-proxy.ts";
import { describeWithServers } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";

let server: RedisServer;
let stores = 0;
const namespaces = new WeakMap<CacheBackend, string>();

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function open(namespace: string = `proxies${++stores}`): CacheBackend {
  const backend = tenAround(new RedisBackend({ url: server.url, namespace }), systemClock);
  namespaces.set(backend, namespace);
  return backend;
}

function mutexOf(backend: CacheBackend, key: string): CacheMutex {
  const mutex = backend.getMutex(key);
  if (mutex === null) throw new TypeError("Redis has mutexes");
  return mutex;
}

describeWithServers(["redis-server"], "ten proxies around Redis", () => {
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  const harness = {
    open: () => open(),
    connect: (beside: CacheBackend) => open(namespaces.get(beside)),
    advance: pass,
    settle: () => pass(5),
  };
  const kits = [...backendCases, ...leaseCases, ...revisionCases, ...markCases, ...feedCases];
  describeConformance(kits, harness, { describe, it, title: "entries, leases, revisions, marks, feed" });

  describe("mutex", () => {
    let backend: CacheBackend;
    beforeAll(() => {
      backend = open();
    });
    afterAll(() => backend.close());
    describeConformance(mutexCases, { mutex: (key: string) => mutexOf(backend, key) }, { describe, it });
  });
});
