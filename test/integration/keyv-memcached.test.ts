import { setTimeout as pass } from "node:timers/promises";
import { CachedValue, isNoValue, NO_VALUE, ProxyBackend, Region, systemClock } from "@cascata/core";
import { KeyvBackend, type KeyvBackendOptions } from "@cascata/keyv";
import { MemoryBackend } from "@cascata/memory";
import { sha256Mangler } from "@cascata/sha";
import { backendCases, describeConformance, markCases } from "@cascata/testing";
import KeyvMemcache from "@keyv/memcache";
import { Keyv as Keyv5 } from "keyv";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { startMemcachedServer } from "../support/memcached-server.ts";
import { describeWithServers } from "../support/needs.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { until } from "../support/until.ts";

/** Memcached takes keys of 250 bytes without blanks; here the kit's keys are mangled as a region would mangle them. */
class Mangled extends ProxyBackend {
  protected override get keysHaveInverse(): boolean {
    return false;
  }

  protected override toInner(key: string): string {
    return sha256Mangler(key);
  }
}

let server: ServerProcess;
let spaces = 0;
const adapters: KeyvMemcache[] = [];

function adapter(): KeyvMemcache {
  // What is asked for while the server is away fails at once, instead of after three tries of half a second.
  const made = new KeyvMemcache(`${server.host}:${server.port}`, {
    retries: 1,
    timeout: 0.5,
    failoverTime: 0.1,
    logger: { log: () => undefined },
  } as object);
  adapters.push(made);
  return made;
}

function open(options: Partial<KeyvBackendOptions> = {}): KeyvBackend {
  const store = new Keyv5({ store: adapter(), namespace: `kit${++spaces}` });
  return new KeyvBackend({ store, deadline: "5s", ...options });
}

function entry(payload: unknown, ttl = 60_000): CachedValue {
  const now = systemClock.now();
  return new CachedValue(payload, { createdAt: now, startedAt: now, formatVersion: 1, ttl });
}

describeWithServers(["memcached"], "Keyv on Memcached", () => {
  beforeAll(async () => {
    server = await startMemcachedServer(["-I", "4m"]);
  });
  afterAll(async () => {
    for (const { client } of adapters) client.close();
    await server.stop();
  });

  describeConformance(
    backendCases,
    { open: () => new Mangled(open()), advance: (ms: number) => pass(ms) },
    {
      describe,
      it,
      skip: { "a key without a UTF-8 form is kept, or refused with a typed error": "such keys share a digest" },
    },
  );
  describeConformance(markCases, { open: () => open() }, { describe, it, title: "marks" });

  test("a bare adapter serves too", async () => {
    const backend = new KeyvBackend({ store: adapter(), deadline: "5s" });
    await backend.setMulti(
      new Map([
        ["a", entry({ city: "Zürich" })],
        ["b", entry(null)],
      ]),
    );
    const found = await backend.getMulti(["a", "none", "b"]);
    expect(found[0]).toMatchObject({ payload: { city: "Zürich" } });
    expect(found[1]).toBe(NO_VALUE);
    expect(found[2]).toMatchObject({ payload: null });
    expect(isNoValue(await backend.get("none"))).toBe(true);
    await backend.close();
  });

  test("a life below a second, which Memcached cannot count, is kept all the same", async () => {
    const backend = open();
    await backend.set("short", entry(1, 200));
    expect(await backend.get("short")).toMatchObject({ payload: 1 });
    await pass(250);
    expect(isNoValue(await backend.get("short"))).toBe(true);
    await backend.close();
  });

  test("a region with memory before it, and long keys with blanks", async () => {
    const make = () => {
      const shared = open({
        keyMangler: sha256Mangler,
        name: "memcached",
        store: new Keyv5({ store: adapter(), namespace: "region" }),
      });
      return new Region({ name: "cities", ttl: "1m" }).configure(shared);
    };
    const [one, other] = [make(), make()];
    const key = `a key with blanks ${"x".repeat(1000)}`;
    expect(await one.getOrCreate(key, () => "made", { awaitFill: true })).toBe("made");
    expect(await other.get(key)).toBe("made");
    const near = new Region({ name: "near", ttl: "1m" }).configure(new MemoryBackend({ maxEntries: 10 }));
    expect(isNoValue(await near.get(key))).toBe(true);
  });

  test("an outage: nothing hangs, nothing is a miss, all comes back", async () => {
    const backend = open({ deadline: "2s" });
    await backend.set("k", entry(1));
    await server.kill();
    await expect(backend.get("k")).rejects.toThrow();
    const [found] = await backend.getMulti(["k"]).catch(() => [undefined]);
    expect(found === undefined || !isNoValue(found)).toBe(true);
    await expect(backend.set("k", entry(2))).rejects.toThrow();
    await server.restart();
    await until("it answers again", async () => isNoValue(await backend.get("k")));
    await backend.set("k", entry(3));
    expect(await backend.get("k")).toMatchObject({ payload: 3 });
    await backend.close();
  });
});
