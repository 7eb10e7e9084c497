import { describe, expect, test } from "vitest";
import { startMemcachedServer } from "../../support/memcached-server.ts";
import { describeWithServers } from "../../support/needs.ts";
import { startRedisCluster } from "../../support/redis-cluster.ts";
import { RedisMonitor } from "../../support/redis-monitor.ts";
import { startRedisSentinels } from "../../support/redis-sentinel.ts";
import { startRedisServer } from "../../support/redis-server.ts";
import { redisCommand, redisCommands } from "../../support/resp.ts";
import { until } from "../../support/until.ts";

describeWithServers(["redis-server"], "a Redis of the test's own", () => {
  test("answers, pauses, resumes, dies, comes back empty on its port, and stops", async () => {
    await using server = await startRedisServer();
    const { port } = server;
    await server.command("SET", "k", "v é");
    expect(await server.command("GET", "k")).toBe("v é");

    server.pause();
    await expect(redisCommands(port, [["PING"]], 100)).rejects.toThrow("no answer");
    server.resume();
    expect(await server.command("PING")).toBe("PONG");

    await server.kill();
    expect(server.running).toBe(false);
    await expect(server.command("PING")).rejects.toMatchObject({ code: "ECONNREFUSED" });

    await server.restart();
    expect(server.port).toBe(port);
    expect(await server.command("GET", "k")).toBeNull();

    server.pause();
    await server.stop();
    await expect(redisCommand(port, "PING")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("keeps its data over a restart when asked to append", async () => {
    await using server = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
    await server.command("SET", "k", "kept");
    await server.kill();
    await server.restart();
    expect(await server.command("GET", "k")).toBe("kept");
  });

  test("tells in order what it was asked", async () => {
    await using server = await startRedisServer();
    await using monitor = await RedisMonitor.start(server.port);
    await redisCommands(server.port, [
      ["SET", 'a "quoted" key', "1"],
      ["MGET", "x", "y"],
    ]);
    expect(await monitor.take()).toEqual([
      ["SET", 'a "quoted" key', "1"],
      ["MGET", "x", "y"],
    ]);
    await server.command("DEL", "x");
    expect(await monitor.take()).toEqual([["DEL", "x"]]);
  });

  test("a server that cannot start says why", async () => {
    await expect(startRedisServer({ args: ["--no-such-setting", "1"] })).rejects.toThrow("no-such-setting");
  });
});

describeWithServers(["redis-server"], "Sentinel", () => {
  test("elects another primary when the first one dies", { timeout: 60_000 }, async () => {
    await using sentinels = await startRedisSentinels();
    const first = await sentinels.primary();
    expect(first).toBe(sentinels.nodes[0]);
    await first.command("SET", "k", "v");
    await until("it is replicated", async () => (await sentinels.nodes[1]?.command("GET", "k")) === "v");
    await first.kill();
    await until("another is elected", async () => (await sentinels.primary()) !== first, 30_000);
    const second = await sentinels.primary();
    await until("it is a primary", async () => String(await second.command("ROLE")).startsWith("master"));
    expect(await second.command("GET", "k")).toBe("v");
  });
});

describeWithServers(["redis-server"], "Cluster", () => {
  test("serves every slot, and a replica takes over from a dead master", { timeout: 60_000 }, async () => {
    await using cluster = await startRedisCluster();
    expect(cluster.nodes).toHaveLength(6);
    expect(await cluster.masterOf(0)).toBe(cluster.masters[0]);
    expect(await cluster.masterOf(16_383)).toBe(cluster.masters[2]);
    // Slot 12182, of the third master.
    const [, , master] = cluster.masters;
    await master?.command("SET", "foo", "bar");
    await expect(cluster.masters[0]?.command("GET", "foo")).rejects.toThrow("MOVED 12182");
    await until("it is replicated", async () => (await cluster.replicas[2]?.command("DBSIZE")) === 1);
    await master?.kill();
    await until("its replica leads", async () => (await cluster.masterOf(12_182)) === cluster.replicas[2], 30_000);
    expect(await cluster.replicas[2]?.command("GET", "foo")).toBe("bar");
  });
});

describeWithServers(["memcached"], "a Memcached of the test's own", () => {
  test("answers and comes back on its port", async () => {
    await using server = await startMemcachedServer();
    const { port } = server;
    await server.kill();
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.running).toBe(true);
  });
});

describe("a server of the test's own", () => {
  test("asking for one that is not there says how to get it", async () => {
    const { requireServer } = await import("../../support/needs.ts");
    expect(() => requireServer("valkey-server")).toThrow(process.env["VALKEY_SERVER"] ? "" : "VALKEY_SERVER");
  });
});
