export { backend } from "./definition.ts";
export type { RedisBackendOptions, RedisFeedOptions } from "./options.ts";
export { RedisBackend } from "./redis-backend.ts";
export { bus, type RedisBusOptions, redisBus } from "./redis-bus.ts";
export type {
  AnyRedisLike,
  ClusterLike,
  CommandOptions,
  RedisArgument,
  RedisLike,
  SentinelLike,
} from "./redis-like.ts";
