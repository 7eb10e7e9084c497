import { setTimeout as pause } from "node:timers/promises";
import {
  applyProxy,
  type BackendIncident,
  type Bus,
  type CacheBackend,
  createRegion,
  type Region,
  stackWith,
} from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { MemoryBackend } from "@cascata/memory";
import { publish } from "@cascata/proxies";
import { redisBus } from "@cascata/redis";
import { busCases, describeConformance, feedCases } from "@cascata/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";

let server: RedisServer;
let channels = 0;
const proxies: TcpProxy[] = [];
interface Place {
  readonly channel: string;
  readonly proxy: TcpProxy;
}
const places = new WeakMap<object, Place>();

/** A bus over a link of its own that a test can break. */
async function connect(channel = `c${++channels}`): Promise<Bus> {
  const proxy = await TcpProxy.start(server);
  proxies.push(proxy);
  const bus = redisBus({ url: proxy.url, channel, deadline: "2s" });
  places.set(bus, { channel, proxy });
  return bus;
}

async function cut(of: object): Promise<() => Promise<unknown>> {
  const { proxy } = places.get(of) as Place;
  await proxy.refuse();
  proxy.cut();
  return () => proxy.accept();
}

/** What a process has: a backend over a store that others have too, published on a bus of its own. */
async function open(store = new Map<string, unknown>(), channel?: string): Promise<CacheBackend> {
  const bus = await connect(channel);
  const backend = applyProxy(
    publish({ bus, heartbeat: "600ms", deadline: "2s" }),
    new KeyvBackend({ store }),
    "wrap[0]",
  );
  places.set(backend, places.get(bus) as Place);
  stores.set(backend, store);
  return backend;
}
const stores = new WeakMap<CacheBackend, Map<string, unknown>>();

describeWithServers(["redis-server"], "redis as a bus", () => {
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await server.stop();
  });

  describeConformance(
    busCases,
    {
      open: () => connect(),
      connect: (beside) => connect(places.get(beside)?.channel),
      settle: () => pause(5),
      cutLink: cut,
    },
    { describe, it, title: "the kit" },
  );

  describeConformance(
    feedCases,
    {
      open: () => open(),
      connect: (beside) => open(stores.get(beside), places.get(beside)?.channel),
      settle: () => pause(5),
      cutLink: cut,
      trimFeed: async (backend) => {
        // Trimmed is what others have told meanwhile; heartbeats that come after it show the gap.
        await server.command("DEL", `${places.get(backend)?.channel}:bus`);
      },
    },
    { describe, it, title: "the feed of a Keyv over it" },
  );

  async function start(store: Map<string, unknown>, channel: string) {
    const backend = await open(store, channel);
    const incidents: BackendIncident[] = [];
    backend.watch((incident) => void incidents.push(incident));
    const near = new MemoryBackend({ maxEntries: 100 });
    const region: Region = createRegion({ name: "r", backend: stackWith({}, near, backend), ttl: "1h" });
    const coherence: string[] = [];
    region.on("coherence", ({ state }) => void coherence.push(state));
    await until("the feed is live", () => backend.changes?.live === true);
    closing.push(async () => {
      await region.close();
      await backend.close();
    });
    return { backend, region, incidents, coherence };
  }

  it("carries deletes, sets and marks between processes over one plain store", async () => {
    const store = new Map<string, unknown>();
    const channel = `c${++channels}`;
    const [one, two] = [await start(store, channel), await start(store, channel)];
    await one.region.set("a", "old", { tags: ["t"] });
    await one.region.set("b", "old");
    expect(await two.region.getMulti(["a", "b"])).toEqual(["old", "old"]);
    await one.region.set("a", "new", { tags: ["t"] });
    await one.region.delete("b");
    await until(
      "both changes are seen",
      async () => (await two.region.get("a")) === "new" && !(await two.region.has("b")),
    );
    await pause(2);
    await one.region.invalidateTags(["t"], { hard: true });
    await until("the mark is seen", async () => !(await two.region.has("a")));
  });

  it("an outage of Redis fails no write of the store, and afterwards nothing old is served", async () => {
    const store = new Map<string, unknown>();
    const channel = `c${++channels}`;
    const [one, two] = [await start(store, channel), await start(store, channel)];
    await one.region.set("a", "old");
    expect(await two.region.get("a")).toBe("old");
    await server.kill();
    await until("both are silent", () => [one, two].every(({ coherence }) => coherence.includes("silent")));
    const start0 = performance.now();
    expect((await one.region.set("a", "new")).confirmed).toBe(true);
    expect(performance.now() - start0).toBeLessThan(200);
    expect(await two.region.get("a")).toBe("new");
    expect(one.incidents.map(({ what }) => what)).toContain("the bus can't be reached");
    await server.restart();
    await until(
      "both are heard again",
      () => [one, two].every(({ backend }) => backend.changes?.live === true),
      10_000,
    );
    await one.region.set("a", "newest");
    await until("changes are heard", async () => (await two.region.get("a")) === "newest");
  });

  it("a Redis that is stopped delays a write by the deadline at most, and the next ones not", async () => {
    const store = new Map<string, unknown>();
    const bus = redisBus({ url: server.url, channel: `c${++channels}` });
    const backend = applyProxy(publish({ bus }), new KeyvBackend({ store }), "wrap[0]");
    backend.changes?.subscribe({
      changed: () => undefined,
      marked: () => undefined,
      filled: () => undefined,
      silent: () => undefined,
      resumed: () => undefined,
      uncertain: () => undefined,
    });
    await until("the feed is live", () => backend.changes?.live === true);
    server.pause();
    try {
      const times: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const from = performance.now();
        await backend.delete("a");
        times.push(performance.now() - from);
      }
      expect(times[0]).toBeLessThan(250);
      expect(times[1]).toBeLessThan(50);
      expect(times[2]).toBeLessThan(50);
    } finally {
      server.resume();
    }
    await backend.close();
  });
});
