import type { BackendDefinition } from "@cascata/core";
import { type RedisBackendOptions, redisOptionNames, resolveRedisOptions } from "./options.ts";
import { RedisBackend } from "./redis-backend.ts";

/** What `use: "@cascata/redis"` means in configuration. Two of them on one server and namespace would be one store. */
export const backend: BackendDefinition = {
  options: redisOptionNames,
  check: (options) => void resolveRedisOptions(options as RedisBackendOptions),
  create: (options) => new RedisBackend(options as RedisBackendOptions),
  identity: ({ url = "redis://localhost:6379", namespace = "cascata", connect, client }) =>
    connect === undefined && client === undefined && typeof url === "string"
      ? `${placeOf(url)} ${String(namespace)}`
      : undefined,
};

/** Server and database, without who asks. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === "" ? "6379" : port}/${pathname.replace("/", "") || "0"}`;
}
