import { RedisBackend } from "@cascata/redis";
import { backendCases, describeConformance, mutexCases } from "@cascata/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { type RedisCluster, startRedisCluster } from "../support/redis-cluster.ts";
import { freshEntry, inShort } from "../support/redis-entries.ts";
import { until } from "../support/until.ts";

describeWithServers(["redis-server"], "redis: Cluster", () => {
  let cluster: RedisCluster;
  let stores = 0;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  function open(namespace = `kit${++stores}`): RedisBackend {
    const rootNodes = cluster.nodes.map(({ host, port }) => ({ socket: { host, port } }));
    return new RedisBackend({ connect: { rootNodes }, namespace, deadline: "2s", lockSleep: 5 });
  }

  const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  describeConformance(backendCases, { open, advance: pass, settle: () => pass(5) }, { describe, it, title: "backend" });

  describe("mutex", () => {
    let backend: RedisBackend;
    beforeAll(() => {
      backend = open("mutexes");
    });
    afterAll(() => backend.close());
    describeConformance(mutexCases, { mutex: (key: string) => backend.getMutex(key) }, { describe, it });
  });

  it("says what it has not: no leases, no feed, no marks, no revisions", async () => {
    const backend = open();
    expect([backend.leases, backend.changes, backend.marks, backend.revisions]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    await backend.close();
  });

  it("while one master is down its keys fail, each by itself, and the others are served; then all are again", async () => {
    const backend = open();
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
    await backend.setMulti(new Map(keys.map((key) => [key, freshEntry(key)])));
    expect((await backend.getMulti(keys)).map(inShort)).toEqual(keys);
    const [master] = cluster.masters;
    await master?.kill();
    const start = performance.now();
    const during = (await backend.getMulti(keys)).map(inShort);
    expect(performance.now() - start).toBeLessThan(400);
    const failed = during.filter((found) => found === "(failed)").length;
    expect(failed).toBeGreaterThan(10);
    expect(failed).toBeLessThan(60);
    const outcomes = await backend.setMulti(new Map(keys.map((key) => [key, freshEntry(key)])));
    const stored = [...outcomes.values()].filter(({ status }) => status === "stored").length;
    expect(stored).toBeGreaterThanOrEqual(100 - failed - 5);
    await until(
      "a replica has taken over",
      async () => (await backend.getMulti(keys)).map(inShort).every((found) => found !== "(failed)"),
      20_000,
    );
    const after = await backend.setMulti(new Map(keys.map((key) => [key, freshEntry(key)])));
    expect([...after.values()].every(({ status }) => status === "stored")).toBe(true);
    await backend.close();
  }, 60_000);
});
