import type { AnyRedisLike, ClusterLike, RedisLike, SentinelLike } from "@cascata/redis";
import type { createClient, createCluster, createSentinel } from "@redis/client";
import type { createClient as createClient5 } from "@redis/client5";
import { expectTypeOf, it } from "vitest";

it("the clients of both supported majors are what is asked of a client", () => {
  expectTypeOf<ReturnType<typeof createClient>>().toExtend<RedisLike>();
  expectTypeOf<ReturnType<typeof createCluster>>().toExtend<ClusterLike>();
  expectTypeOf<ReturnType<typeof createSentinel>>().toExtend<SentinelLike>();
  expectTypeOf<ReturnType<typeof createClient5>>().toExtend<RedisLike>();
  expectTypeOf<RedisLike>().toExtend<AnyRedisLike>();
});
