import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../support/free-port.ts";
import { startRedisCluster } from "../../support/redis-cluster.ts";
import { startRedisSentinels } from "../../support/redis-sentinel.ts";
import { startRedisServer } from "../../support/redis-server.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import type { ProcessSettings } from "./process-region.ts";

/** One way in which Redis is away. */
export interface Outage {
  readonly name: string;
  /** Whether the cache has never seen Redis when it begins. */
  readonly fromTheStart?: true;
  /** Whether Redis answers again and again meanwhile, so that the circuit is not simply open. */
  readonly comesAndGoes?: true;
  /** Whether values can be read while changes can't be heard. */
  readonly answersWithoutFeed?: true;
  /** Whether what was stored is gone, so that a value in memory is made anew. */
  readonly emptied?: true;
  readonly throughSentinels?: true;
  open(): Promise<Scene>;
}

/** The servers of an outage. `end` resolves when Redis, or what took its place, is there again. */
export interface Scene extends AsyncDisposable {
  readonly redis: ProcessSettings["redis"];
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** The ten outages: a single server's first, then those of a Cluster and of sentinels. */
export const outages: readonly Outage[] = [
  {
    name: "paused",
    open: async () => {
      const server = await startRedisServer();
      const resources = [server];
      return scene(
        { url: server.url },
        resources,
        async () => server.pause(),
        async () => server.resume(),
      );
    },
  },
  {
    name: "killed",
    open: async () => {
      const server = await startRedisServer();
      return scene(
        { url: server.url },
        [server],
        () => server.kill(),
        () => server.restart(),
      );
    },
  },
  {
    name: "black-holed",
    open: () =>
      proxied(
        async (proxy) => proxy.blackHole(),
        async (proxy) => proxy.heal(),
      ),
  },
  {
    name: "slow (500 ms)",
    open: () =>
      proxied(
        async (proxy) => proxy.setLatency(250),
        async (proxy) => proxy.setLatency(0),
      ),
  },
  { name: "flapping", comesAndGoes: true, open: openFlapping },
  {
    name: "out of memory",
    comesAndGoes: true,
    open: async () => {
      const server = await startRedisServer();
      const limit = async (bytes: string): Promise<void> =>
        void (await server.command("CONFIG", "SET", "maxmemory", bytes));
      return scene(
        { url: server.url },
        [server],
        () => limit("1"),
        () => limit("0"),
      );
    },
  },
  {
    name: "read-only",
    comesAndGoes: true,
    // A server that becomes a replica ends all blocking reads.
    answersWithoutFeed: true,
    open: async () => {
      const server = await startRedisServer();
      const follow = async (...whom: string[]): Promise<void> => void (await server.command("REPLICAOF", ...whom));
      return scene(
        { url: server.url },
        [server],
        () => follow("127.0.0.1", "1"),
        () => follow("NO", "ONE"),
      );
    },
  },
  {
    name: "absent at start-up",
    fromTheStart: true,
    open: async () => {
      const port = await freePort();
      const resources: AsyncDisposable[] = [];
      const end = async (): Promise<void> => void resources.push(await startRedisServer({ port }));
      return scene({ url: `redis://127.0.0.1:${port}` }, resources, async () => undefined, end);
    },
  },
  {
    name: "restarted empty",
    comesAndGoes: true,
    emptied: true,
    open: async () => {
      const server = await startRedisServer();
      return scene(
        { url: server.url },
        [server],
        () => server.restart(),
        async () => undefined,
      );
    },
  },
  { name: "Cluster master killed", comesAndGoes: true, answersWithoutFeed: true, open: openCluster },
  { name: "Sentinel primary killed", comesAndGoes: true, throughSentinels: true, open: openSentinels },
];

function scene(
  redis: ProcessSettings["redis"],
  resources: readonly AsyncDisposable[],
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Scene {
  const dispose = async (): Promise<void> => {
    for (const one of [...resources].reverse()) await one[Symbol.asyncDispose]();
  };
  return { redis, begin, end, [Symbol.asyncDispose]: dispose };
}

async function proxied(
  begin: (proxy: TcpProxy) => Promise<void>,
  end: (proxy: TcpProxy) => Promise<void>,
): Promise<Scene> {
  const server = await startRedisServer();
  const proxy = await TcpProxy.start(server);
  return scene(
    { url: proxy.url },
    [server, proxy],
    () => begin(proxy),
    () => end(proxy),
  );
}

/** Connections stand for 150 ms and are refused for 150 ms, in turn. */
async function openFlapping(): Promise<Scene> {
  let over = new AbortController();
  let flaps: Promise<void> = Promise.resolve();
  const flap = async (proxy: TcpProxy, { signal }: AbortController): Promise<void> => {
    while (!signal.aborted) {
      await proxy.refuse();
      proxy.cut();
      await pause(150);
      await proxy.accept();
      await pause(150);
    }
  };
  return proxied(
    async (proxy) => {
      over = new AbortController();
      flaps = flap(proxy, over);
    },
    async () => {
      over.abort();
      await flaps;
    },
  );
}

async function openCluster(): Promise<Scene> {
  const cluster = await startRedisCluster();
  const rootNodes = cluster.nodes.map(({ host, port }) => ({ socket: { host, port } }));
  const slot = Number(await cluster.masters[0]?.command("CLUSTER", "KEYSLOT", "{cascata}"));
  const first = await cluster.masterOf(slot);
  const end = (): Promise<void> =>
    until("a replica has taken over", async () => (await cluster.masterOf(slot)) !== first, 20_000);
  return scene({ connect: { rootNodes } }, [cluster], () => first.kill(), end);
}

async function openSentinels(): Promise<Scene> {
  const sentinels = await startRedisSentinels();
  const sentinelRootNodes = sentinels.sentinels.map(({ host, port }) => ({ host, port }));
  const first = await sentinels.primary();
  const end = (): Promise<void> =>
    until(
      "the sentinels have made another one the primary",
      async () => {
        const now = await sentinels.primary();
        return now !== first && String(await now.command("ROLE")).startsWith("master");
      },
      30_000,
    );
  return scene({ connect: { name: sentinels.name, sentinelRootNodes } }, [sentinels], () => first.kill(), end);
}
