import type { CacheBackend } from "@cascata/core";
import { RedisBackend, type RedisBackendOptions } from "@cascata/redis";
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
import { describeWithServers } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

let server: RedisServer;
let stores = 0;
const places = new WeakMap<CacheBackend, { readonly namespace: string; readonly proxy: TcpProxy }>();
const proxies: TcpProxy[] = [];

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function open(options: RedisBackendOptions, namespace: string = `kit${++stores}`): Promise<CacheBackend> {
  const proxy = await TcpProxy.start(server);
  proxies.push(proxy);
  const backend = new RedisBackend({
    url: proxy.url,
    namespace,
    deadline: "2s",
    feed: options.leases !== false,
    ...options,
  });
  places.set(backend, { namespace, proxy });
  return backend;
}

function harness(options: RedisBackendOptions) {
  return {
    open: () => open(options),
    connect: (beside: CacheBackend) => open(options, places.get(beside)?.namespace),
    advance: pass,
    settle: () => pass(5),
    restartEmpty: async (backend: CacheBackend) => {
      await server.restart();
      for (let round = 0; backend.health().state !== "up" && round < 400; round += 1) await pass(5);
    },
    trimFeed: (backend: CacheBackend) => server.command("DEL", `{${places.get(backend)?.namespace}}:feed`),
    cutLink: async (backend: CacheBackend) => {
      const { proxy } = places.get(backend) ?? {};
      await proxy?.refuse();
      proxy?.cut();
      return () => proxy?.accept();
    },
  };
}

describeWithServers(["redis-server"], "redis: the kits", () => {
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await server.stop();
  });

  const kinds = { "leases and feed": {}, plain: { leases: false } } as const;
  for (const [title, options] of Object.entries(kinds)) {
    describeConformance(backendCases, harness(options), { describe, it, title: `backend, ${title}` });
  }
  const full = harness({});
  describeConformance(leaseCases, full, { describe, it, title: "leases" });
  describeConformance(revisionCases, full, { describe, it, title: "revisions" });
  describeConformance(markCases, full, { describe, it, title: "marks" });
  describeConformance(feedCases, full, { describe, it, title: "feed" });

  describe("mutex", () => {
    let backend: RedisBackend;
    beforeAll(() => {
      backend = new RedisBackend({ url: server.url, namespace: "mutexes", lockSleep: 5 });
    });
    afterAll(() => backend.close());
    describeConformance(mutexCases, { mutex: (key: string) => backend.getMutex(key) }, { describe, it });
  });
});
