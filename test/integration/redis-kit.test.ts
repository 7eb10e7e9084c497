import { RedisBackend } from "@cascata/redis";
import { backendCases, describeConformance } from "@cascata/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";

let server: RedisServer;
let stores = 0;

beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

function advance(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

for (const [title, options] of [
  ["with leases and feed", {}],
  ["plain", { leases: false }],
] as const) {
  describeConformance(
    backendCases,
    {
      open: () => new RedisBackend({ url: server.url, namespace: `kit${++stores}`, ...options }),
      advance,
      settle: () => advance(5),
    },
    { describe, it, title },
  );
}
