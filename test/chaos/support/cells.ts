import { type RedisCluster, startRedisCluster } from "../../support/redis-cluster.ts";
import { type RedisServer, startRedisServer } from "../../support/redis-server.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { ChaosProcess } from "./chaos-process.ts";
import type { ProcessSettings } from "./process-region.ts";

/** What a cell's processes are plagued by. */
export const faults = [
  "none",
  "feed cut",
  "feed black-holed",
  "slow link",
  "data link cut",
  "Redis killed and restarted",
  "worker stopped and continued",
  "Cluster failover",
] as const;
export type CellFault = (typeof faults)[number];

/** Redis, an origin that nothing happens to, and processes with a proxy each for data and for the feed. */
export interface Cell extends AsyncDisposable {
  readonly processes: readonly ChaosProcess[];
  readonly redis: RedisServer;
  /** Brings the fault about, and ends it. */
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** The two ways of a process to its Redis. */
export interface Ways {
  readonly data: TcpProxy;
  readonly feed: TcpProxy;
}

/** Ways with a proxy each. */
export async function openWays(redis: RedisServer): Promise<Ways> {
  return { data: await TcpProxy.start(redis), feed: await TcpProxy.start(redis) };
}

/** Closes what is open and refuses what is new. */
export async function cutOff(link: TcpProxy): Promise<void> {
  await link.refuse();
  link.cut();
}

/** Milliseconds added in each direction by the slow link. */
const slowMs = 60;

/** Starts all that the cell needs and waits until every process hears the feed. */
export async function openCell(fault: CellFault, common: Omit<ProcessSettings, "redis">): Promise<Cell> {
  const resources: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(one: T): T => {
    resources.push(one);
    return one;
  };
  const dispose = async (): Promise<void> => {
    for (const one of resources.reverse()) await one[Symbol.asyncDispose]();
  };
  try {
    const origin = keep(await startRedisServer());
    const cluster = fault === "Cluster failover" ? keep(await startRedisCluster()) : undefined;
    const redis = cluster === undefined ? keep(await startRedisServer()) : (cluster.masters[0] as RedisServer);
    const ways: Ways[] = [];
    const settings: ProcessSettings[] = [];
    for (let id = 0; id < 3; id += 1) {
      const [place, way] = await placeOf(fault, redis, cluster);
      if (way !== undefined) {
        ways.push(way);
        resources.push(way.data, way.feed);
      }
      settings.push({ ...common, originUrl: origin.url, redis: place });
    }
    const processes = await Promise.all(settings.map(async (own) => keep(await ChaosProcess.start(own))));
    await Promise.all(processes.map((one) => one.live()));
    const [begin, end] = turns(fault, { redis, cluster, way: ways[0], ways, victim: processes[0] });
    return { processes, redis, begin, end, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function placeOf(
  fault: CellFault,
  redis: RedisServer,
  cluster: RedisCluster | undefined,
): Promise<readonly [ProcessSettings["redis"], Ways | undefined]> {
  if (cluster !== undefined) {
    const rootNodes = cluster.nodes.map(({ host, port }) => ({ socket: { host, port } }));
    return [{ connect: { rootNodes } }, undefined];
  }
  // Where nothing happens to the network no proxy is in between: it would be one more process to wait for.
  if (fault === "none") return [{ url: redis.url }, undefined];
  const way = await openWays(redis);
  return [{ url: way.data.url, feed: { url: way.feed.url } }, way];
}

interface Scene {
  readonly redis: RedisServer;
  readonly cluster: RedisCluster | undefined;
  readonly ways: readonly Ways[];
  /** The first process, to whom alone most faults happen, and its ways. */
  readonly way: Ways | undefined;
  readonly victim: ChaosProcess | undefined;
}

type Turn = () => Promise<void>;

function turns(fault: CellFault, { redis, cluster, way, ways, victim }: Scene): readonly [Turn, Turn] {
  const cut = async (link: TcpProxy | undefined): Promise<void> => link && (await cutOff(link));
  switch (fault) {
    case "none":
      return [async () => undefined, async () => undefined];
    case "feed cut":
      return [() => cut(way?.feed), async () => way?.feed.accept()];
    case "feed black-holed":
      return [async () => way?.feed.blackHole(), async () => way?.feed.heal()];
    case "data link cut":
      return [() => cut(way?.data), async () => way?.data.accept()];
    case "slow link":
      return [
        async () => ways.forEach(({ data, feed }) => void [data, feed].map((link) => link.setLatency(slowMs))),
        async () => ways.forEach(({ data, feed }) => void [data, feed].map((link) => link.setLatency(0))),
      ];
    case "Redis killed and restarted":
      return [() => redis.kill(), () => redis.restart()];
    case "worker stopped and continued":
      return [async () => victim?.pause(), async () => victim?.resume()];
    case "Cluster failover":
      return failover(cluster);
  }
}

/** Kills the master that has the count and the feed; the other masters go on, and it comes back as a replica. */
function failover(cluster: RedisCluster | undefined): readonly [Turn, Turn] {
  let killed: RedisServer | undefined;
  const begin = async (): Promise<void> => {
    const slot = Number(await cluster?.masters[1]?.command("CLUSTER", "KEYSLOT", "{cascata}"));
    killed = await cluster?.masterOf(slot);
    await killed?.kill();
  };
  return [begin, async () => killed?.restart()];
}
