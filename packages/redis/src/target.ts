import { ConfigurationError } from "@cascata/core";
import type { RedisClientOptions, RedisClusterOptions, RedisSentinelOptions } from "@redis/client";
import type { AnyRedisLike } from "./redis-like.ts";

/** What to connect to. */
export type RedisTarget =
  | { readonly kind: "single"; readonly options: RedisClientOptions }
  | { readonly kind: "cluster"; readonly options: RedisClusterOptions }
  | { readonly kind: "sentinel"; readonly options: RedisSentinelOptions }
  | { readonly kind: "client"; readonly client: AnyRedisLike };

interface Place {
  readonly url?: string;
  readonly connect?: RedisClientOptions | RedisClusterOptions | RedisSentinelOptions;
  readonly client?: AnyRedisLike;
}

/** What these options name. @throws ConfigurationError; `path` says where they stand */
export function targetOf({ url, connect, client }: Place, path = "redis"): RedisTarget {
  const given = Object.entries({ url, connect, client }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const names = given.map(([name]) => name).join(" and ");
    throw new ConfigurationError({ path, expected: "one of url, connect and client", received: names });
  }
  if (client !== undefined) {
    if (typeof client?.sendCommand === "function" && typeof client.on === "function") return { kind: "client", client };
    throw new ConfigurationError({ path: `${path}.client`, expected: "a client of @redis/client", received: client });
  }
  if (connect !== undefined) {
    if (typeof connect !== "object" || connect === null) {
      throw new ConfigurationError({
        path: `${path}.connect`,
        expected: "options of @redis/client",
        received: connect,
      });
    }
    if ("sentinelRootNodes" in connect) return { kind: "sentinel", options: connect };
    return "rootNodes" in connect ? { kind: "cluster", options: connect } : { kind: "single", options: connect };
  }
  return addressOf(url ?? "redis://localhost:6379", `${path}.url`);
}

/** @throws ConfigurationError naming `path` */
export function addressOf(address: string, path: string): RedisTarget {
  if (typeof address === "string" && /^rediss?:\/\//.test(address) && URL.canParse(address)) {
    return { kind: "single", options: { url: address } };
  }
  throw new ConfigurationError({ path, expected: "redis://host:port or rediss://host:port", received: address });
}
