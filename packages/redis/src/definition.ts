import type { BackendDefinition } from "@cascata/core";
import { type RedisBackendOptions, redisOptionNames, resolveRedisOptions } from "./options.ts";
import { RedisBackend } from "./redis-backend.ts";

/** What `use: "@cascata/redis"` means in configuration. Two of them on one server and namespace would be one store. */
export const backend: BackendDefinition = {
  options: redisOptionNames,
  check: (options) => void resolveRedisOptions(options as RedisBackendOptions),
  create: (options) => new RedisBackend(options as RedisBackendOptions),
  identity: ({ url = "redis://localhost:6379", namespace = "cascata", connect, client }) => {
    const place = client === undefined ? (connect === undefined ? placeOf(url) : placeIn(connect)) : undefined;
    return place === undefined ? undefined : `${place} ${String(namespace)}`;
  },
};

/** Where options of a client lead: one server's address, or that of a Cluster's or a Sentinel's nodes. */
function placeIn(connect: unknown): string | undefined {
  if (typeof connect !== "object" || connect === null) return undefined;
  const { url, socket, database, rootNodes, sentinelRootNodes, name } = connect as Connect;
  const nodes = rootNodes ?? sentinelRootNodes;
  if (nodes !== undefined) return JSON.stringify([nodes, name]);
  if (url !== undefined) return placeOf(url);
  if (socket?.path !== undefined) return `${socket.path}/${database ?? 0}`;
  return `${socket?.host ?? "localhost"}:${socket?.port ?? 6379}/${database ?? 0}`;
}

interface Connect {
  readonly url?: string;
  readonly socket?: { readonly host?: string; readonly port?: number; readonly path?: string };
  readonly database?: number;
  readonly rootNodes?: unknown;
  readonly sentinelRootNodes?: unknown;
  readonly name?: string;
}

/** Server and database, without who asks. */
function placeOf(url: unknown): string | undefined {
  if (typeof url !== "string") return undefined;
  if (!URL.canParse(url)) return url;
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === "" ? "6379" : port}/${pathname.replace("/", "") || "0"}`;
}
