import { freePort } from "./free-port.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";
import { until } from "./until.ts";

/** A Redis Cluster of three masters, each with one replica. */
export interface RedisCluster extends AsyncDisposable {
  /** The nodes that began as masters: node `i` has the slots of its third, in order. */
  readonly masters: readonly RedisServer[];
  /** Replica `i` follows master `i`. */
  readonly replicas: readonly RedisServer[];
  readonly nodes: readonly RedisServer[];
  /** The node that a live one calls the master of this slot now. */
  masterOf(slot: number): Promise<RedisServer>;
  stop(): Promise<void>;
}

/** How the cluster is started. */
export interface RedisClusterOptions {
  /** After so long without an answer a node counts as failing. @default 1000 */
  readonly nodeTimeoutMs?: number;
  /** Whether one missing slot makes the whole cluster refuse; Redis's own default is yes. @default false */
  readonly fullCoverage?: boolean;
}

const slotCount = 16_384;
const masterCount = 3;

/** Starts the six nodes, joins them, and waits until every node serves and every replica is linked. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const busPorts = await Promise.all(Array.from({ length: masterCount * 2 }, freePort));
    nodes.push(...(await Promise.all(busPorts.map((busPort) => startNode(busPort, options)))));
    await join(nodes, busPorts);
  } catch (error) {
    await stop();
    throw error;
  }
  const masterOf = async (slot: number): Promise<RedisServer> => {
    for (const node of nodes.filter((candidate) => candidate.running)) {
      const ranges = await node.command("CLUSTER", "SLOTS").catch(() => null);
      const port = masterPort(ranges, slot);
      const master = nodes.find((candidate) => candidate.port === port && candidate.running);
      if (master !== undefined) return master;
    }
    throw new Error(`no running node knows a running master of slot ${slot}`);
  };
  const masters = nodes.slice(0, masterCount);
  return { masters, replicas: nodes.slice(masterCount), nodes, masterOf, stop, [Symbol.asyncDispose]: stop };
}

async function startNode(busPort: number, options: RedisClusterOptions): Promise<RedisServer> {
  const settings = {
    "cluster-enabled": "yes",
    "cluster-port": String(busPort),
    "cluster-config-file": "nodes.conf",
    "cluster-node-timeout": String(options.nodeTimeoutMs ?? 1000),
    "cluster-require-full-coverage": options.fullCoverage === true ? "yes" : "no",
    "repl-diskless-sync-delay": "0",
  };
  return await startRedisServer({ args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]) });
}

async function join(nodes: readonly RedisServer[], busPorts: readonly number[]): Promise<void> {
  const [first] = nodes;
  if (first === undefined) return;
  // Distinct epochs and slots before the nodes meet: nothing is left to be settled between them.
  for (const [i, node] of nodes.entries()) {
    await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(i + 1));
    if (i >= masterCount) continue;
    const from = Math.ceil((slotCount * i) / masterCount);
    const to = Math.ceil((slotCount * (i + 1)) / masterCount) - 1;
    await node.command("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
  }
  for (const [i, node] of nodes.entries()) {
    if (i > 0) await first.command("CLUSTER", "MEET", "127.0.0.1", String(node.port), String(busPorts[i]));
  }
  await everyNode(nodes, "knows all others", (info) => info.includes(`cluster_known_nodes:${nodes.length}\r\n`));
  for (const [i, master] of nodes.slice(0, masterCount).entries()) {
    const id = String(await master.command("CLUSTER", "MYID"));
    const replica = nodes[masterCount + i];
    // A node learns of the others' addresses by gossip, so the first attempt may come too early.
    await until("a replica follows", async () => (await replica?.command("CLUSTER", "REPLICATE", id)) === "OK");
  }
  await everyNode(nodes, "serves", (info) => info.includes("cluster_state:ok"));
  await Promise.all(
    nodes.slice(masterCount).map((replica) =>
      until("a replica is linked", async () => {
        return String(await replica.command("INFO", "replication")).includes("master_link_status:up");
      }),
    ),
  );
  // A client may ask any node: each must list a replica for every range of slots.
  await Promise.all(
    nodes.map((node) =>
      until("a node lists every replica", async () => {
        const ranges = await node.command("CLUSTER", "SLOTS");
        return Array.isArray(ranges) && ranges.length === masterCount && ranges.every((range) => range.length === 4);
      }),
    ),
  );
}

async function everyNode(nodes: readonly RedisServer[], what: string, holds: (info: string) => boolean): Promise<void> {
  await Promise.all(
    nodes.map((node) => until(`every node ${what}`, async () => holds(String(await node.command("CLUSTER", "INFO"))))),
  );
}

/** `CLUSTER SLOTS` is a list of `[from, to, [host, port, …] of the master, … of replicas]`. */
function masterPort(ranges: unknown, slot: number): number | undefined {
  if (!Array.isArray(ranges)) return undefined;
  for (const range of ranges) {
    if (!Array.isArray(range)) continue;
    const [from, to, master] = range;
    if (Number(from) <= slot && slot <= Number(to) && Array.isArray(master)) return Number(master[1]);
  }
  return undefined;
}
