import {
  createClient,
  createCluster,
  createSentinel,
  type RedisClientOptions,
  type RedisClusterOptions,
  type RedisSentinelOptions,
} from "@redis/client";
import { type AnyRedisLike, type Topology, topologyOf } from "./redis-like.ts";
import type { RedisTarget } from "./target.ts";

/** How to get clients of a target. */
export interface Source {
  readonly topology: Topology;
  /** Somebody else's client: never closed, never reset. */
  readonly borrowed: boolean;
  /** The client for data, not connected unless it is borrowed. */
  readonly data: () => AnyRedisLike;
  /** A client for one more connection, always ours. */
  readonly extra: () => AnyRedisLike;
}

/** Clients of the target, with what this package relies on: no offline queue, and reconnecting that is ours to do. */
export function sourceOf(target: RedisTarget, attemptMs: number): Source {
  switch (target.kind) {
    case "client": {
      const { client } = target;
      const topology = topologyOf(client);
      return { topology, borrowed: true, data: () => client, extra: () => duplicateOf(client, topology, attemptMs) };
    }
    case "single":
      return owned("single", () => createClient(singleOptions(target.options, attemptMs)) as unknown as AnyRedisLike);
    case "cluster":
      return clusterSource(target.options, attemptMs);
    case "sentinel":
      return owned(
        "sentinel",
        () => createSentinel(sentinelOptions(target.options, attemptMs)) as unknown as AnyRedisLike,
      );
  }
}

function owned(topology: Topology, create: () => AnyRedisLike): Source {
  return { topology, borrowed: false, data: create, extra: create };
}

function clusterSource(options: RedisClusterOptions, attemptMs: number): Source {
  const all = clusterOptions(options, attemptMs);
  // The extra connection talks to one node only.
  const few = { ...all, minimizeConnections: true };
  return {
    topology: "cluster",
    borrowed: false,
    data: () => createCluster(all) as unknown as AnyRedisLike,
    extra: () => createCluster(few) as unknown as AnyRedisLike,
  };
}

function singleOptions(options: RedisClientOptions, attemptMs: number): RedisClientOptions {
  const { connectTimeout = attemptMs } = options.socket ?? {};
  return {
    // A handshake command that only some servers know; it would cost each connection an error.
    maintNotifications: "disabled",
    ...options,
    disableOfflineQueue: true,
    socket: { ...options.socket, connectTimeout: Math.min(connectTimeout, attemptMs), reconnectStrategy: false },
  } as RedisClientOptions;
}

function clusterOptions(options: RedisClusterOptions, attemptMs: number): RedisClusterOptions {
  const { defaults = {} } = options;
  return {
    // A master that is gone is looked for anew after half a second; the client's own default is five.
    topologyRefreshOnReconnectionAttemptStrategy: 500,
    ...options,
    defaults: {
      maintNotifications: "disabled",
      ...defaults,
      disableOfflineQueue: true,
      socket: { connectTimeout: attemptMs, ...defaults.socket, reconnectStrategy: pause },
    },
  } as RedisClusterOptions;
}

function sentinelOptions(options: RedisSentinelOptions, attemptMs: number): RedisSentinelOptions {
  const of = (client: RedisClientOptions = {}): RedisClientOptions =>
    ({
      maintNotifications: "disabled",
      ...client,
      disableOfflineQueue: true,
      socket: { connectTimeout: attemptMs, ...client.socket, reconnectStrategy: pause },
    }) as RedisClientOptions;
  return {
    scanInterval: 500,
    ...options,
    nodeClientOptions: of(options.nodeClientOptions as RedisClientOptions | undefined),
    sentinelClientOptions: of(options.sentinelClientOptions as RedisClientOptions | undefined),
  } as RedisSentinelOptions;
}

function duplicateOf(client: AnyRedisLike, topology: Topology, attemptMs: number): AnyRedisLike {
  if (topology !== "single") return client.duplicate() as AnyRedisLike;
  const { options = {} } = client as { options?: RedisClientOptions };
  return createClient(singleOptions(options, attemptMs)) as unknown as AnyRedisLike;
}

function pause(retries: number): number {
  return Math.min(50 * 2 ** retries, 500) * (0.5 + Math.random() / 2);
}
