import { setTimeout as pass } from "node:timers/promises";
import { createRegion, NO_VALUE } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { sha256Mangler } from "@cascata/sha";
import KeyvMemcache from "@keyv/memcache";
import { Keyv } from "keyv";
import { afterAll, beforeAll, expect, it } from "vitest";
import { backendSuite } from "../dogpile/backend-suite.ts";
import { startMemcachedServer } from "../support/memcached-server.ts";
import { describeWithServers } from "../support/needs.ts";
import type { ServerProcess } from "../support/server-process.ts";

describeWithServers(["memcached"], "dogpile's backend suite on Memcached, through Keyv", () => {
  let server: ServerProcess;
  let stores = 0;
  const adapters: KeyvMemcache[] = [];

  beforeAll(async () => {
    server = await startMemcachedServer();
  });
  afterAll(async () => {
    for (const { client } of adapters) client.close();
    await server.stop();
  });

  function open(namespace = `dogpile${++stores}`): KeyvBackend {
    const store = new KeyvMemcache(`${server.host}:${server.port}`);
    adapters.push(store);
    // Memcached takes keys of 250 bytes without blanks: a mangler makes such keys of any.
    return new KeyvBackend({ store: new Keyv({ store, namespace }), deadline: "5s", keyMangler: sha256Mangler });
  }

  backendSuite({ open: () => open(), advance: pass, shortMs: 150 });

  it("row 92: the store forgets an entry by itself when its life is over", async () => {
    const backend = open();
    const region = createRegion({ name: "r", backend, ttl: 1000 });
    await region.set("k", 1);
    expect(await region.get("k", { ignoreExpiration: true })).toBe(1);
    await pass(2500);
    expect(await region.get("k", { ignoreExpiration: true })).toBe(NO_VALUE);
    await region.close();
    await backend.close();
  });
});
