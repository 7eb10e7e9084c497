import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { requireServer } from "./needs.ts";
import { asRedisServer, type RedisServer, redisAnswers, startRedisServer } from "./redis-server.ts";
import { type Reply, redisCommand } from "./resp.ts";
import { ServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

/** A primary, its replicas and the sentinels that watch them. */
export interface RedisSentinels extends AsyncDisposable {
  /** The name under which the sentinels know the primary. */
  readonly name: string;
  /** The data servers: the first one began as the primary. */
  readonly nodes: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** The data server that most sentinels call the primary now. */
  primary(): Promise<RedisServer>;
  stop(): Promise<void>;
}

/** How many of each; the sentinels agree on a failure by majority. */
export interface RedisSentinelOptions {
  /** @default 2 */
  readonly replicas?: number;
  /** @default 3 */
  readonly sentinels?: number;
  /** After so long without an answer a sentinel calls a server down. @default 500 */
  readonly downAfterMs?: number;
}

const name = "cascata";

/** Starts a primary, replicas and sentinels, and waits until all know each other, so that a failover can succeed from here on. */
export async function startRedisSentinels(options: RedisSentinelOptions = {}): Promise<RedisSentinels> {
  const { replicas = 2, sentinels: sentinelCount = 3, downAfterMs = 500 } = options;
  const nodes: RedisServer[] = [];
  const sentinels: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all([...sentinels, ...nodes].map((server) => server.stop()));
  };
  try {
    const first = await startRedisServer();
    nodes.push(first);
    const replicaOf = ["--replicaof", `127.0.0.1 ${first.port}`, "--repl-diskless-sync-delay", "0"];
    nodes.push(...(await Promise.all(Array.from({ length: replicas }, () => startRedisServer({ args: replicaOf })))));
    await until("the replicas are linked", async () => (await linkedReplicas(first.port)) === replicas);
    const quorum = Math.floor(sentinelCount / 2) + 1;
    const config = { primaryPort: first.port, quorum, downAfterMs };
    sentinels.push(...(await Promise.all(Array.from({ length: sentinelCount }, () => startSentinel(config)))));
    // Sentinels find each other, and the replicas, by messages that are sent every two seconds.
    await Promise.all(
      sentinels.map((sentinel) =>
        until(
          "a sentinel knows everybody",
          async () => {
            const facts = pairs(await sentinel.command("SENTINEL", "MASTER", name));
            const others = Number(facts.get("num-other-sentinels"));
            return others === sentinelCount - 1 && Number(facts.get("num-slaves")) === replicas;
          },
          30_000,
        ),
      ),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const primary = async (): Promise<RedisServer> => {
    const votes = await Promise.all(sentinels.map((sentinel) => primaryPort(sentinel)));
    const winner = nodes.find((node) => votes.filter((port) => port === node.port).length * 2 > votes.length);
    if (winner === undefined) throw new Error(`the sentinels disagree about the primary: ${votes.join(", ")}`);
    return winner;
  };
  return { name, nodes, sentinels, primary, stop, [Symbol.asyncDispose]: stop };
}

interface SentinelConfig {
  readonly primaryPort: number;
  readonly quorum: number;
  readonly downAfterMs: number;
}

async function startSentinel({ primaryPort: port, quorum, downAfterMs }: SentinelConfig): Promise<RedisServer> {
  const watch = [
    `sentinel monitor ${name} 127.0.0.1 ${port} ${quorum}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} 3000`,
    `sentinel parallel-syncs ${name} 1`,
  ];
  const server = await ServerProcess.start({
    name: "redis-sentinel",
    binary: requireServer("redis-server"),
    args: async (ownPort, folder) => {
      // A sentinel keeps its state by rewriting this file, so it can't be told on the command line.
      const file = join(folder, "sentinel.conf");
      await writeFile(file, [`port ${ownPort}`, "bind 127.0.0.1", `dir ${folder}`, ...watch, ""].join("\n"));
      return [file, "--sentinel"];
    },
    answers: redisAnswers,
  });
  return asRedisServer(server);
}

async function linkedReplicas(port: number): Promise<number> {
  const info = String(await redisCommand(port, "INFO", "replication"));
  return info.match(/^slave\d+:.*state=online/gm)?.length ?? 0;
}

/** `undefined` from a sentinel that does not answer: it has no vote. */
async function primaryPort(sentinel: RedisServer): Promise<number | undefined> {
  if (!sentinel.running) return undefined;
  const address = await sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name);
  return Array.isArray(address) ? Number(address[1]) : undefined;
}

function pairs(reply: Reply): ReadonlyMap<string, string> {
  const items = Array.isArray(reply) ? reply : [];
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < items.length; i += 2) map.set(String(items[i]), String(items[i + 1]));
  return map;
}
