import { setTimeout as pause } from "node:timers/promises";
import { RedisBackend } from "@cascata/redis";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { freshEntry, inShort, leaseRequest } from "../support/redis-entries.ts";
import { RedisMonitor } from "../support/redis-monitor.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

const keys = Array.from({ length: 100 }, (_, index) => `users:${index}`);
const batch = new Map(keys.map((key) => [key, freshEntry(key)]));

describeWithServers(["redis-server"], "redis: commands as the server sees them", () => {
  let server: RedisServer;
  let monitor: RedisMonitor;
  let backend: RedisBackend;
  let plain: RedisBackend;

  /** Commands that came over the wire; what scripts run is told apart by having no address. */
  async function sent(): Promise<readonly (readonly string[])[]> {
    const scripted = new Set(["HMGET", "HSET", "HGET", "XADD"]);
    const seen = await monitor.take();
    let inScript = false;
    return seen.filter(([name = ""]) => {
      if (name === "EVALSHA" || name === "EVAL") {
        inScript = true;
        return true;
      }
      return !inScript && !scripted.has(name);
    });
  }

  beforeAll(async () => {
    server = await startRedisServer();
    backend = new RedisBackend({ url: server.url });
    plain = new RedisBackend({ url: server.url, namespace: "plain", leases: false });
    await backend.setMulti(batch);
    await plain.setMulti(batch);
    monitor = await RedisMonitor.start(server.port);
  });
  beforeEach(async () => void (await monitor.take()));
  afterAll(async () => {
    await Promise.all([backend.close(), plain.close()]);
    await monitor[Symbol.asyncDispose]();
    await server.stop();
  });

  it("get is one GET, getMulti of 40 one MGET of as many", async () => {
    await backend.get("users:1");
    expect(await monitor.take()).toEqual([["GET", "cascata:{users:1}"]]);
    const found = await backend.getMulti(keys.slice(0, 40));
    expect(found).toHaveLength(40);
    const [command, ...others] = await monitor.take();
    expect(others).toEqual([]);
    expect(command?.slice(0, 2)).toEqual(["MGET", "cascata:{users:0}"]);
    expect(command).toHaveLength(41);
  });

  it("setMulti of 100, deleteMulti of 100 and a leased getMulti of 100 are one script each", async () => {
    await backend.setMulti(batch);
    expect(await sent()).toHaveLength(1);
    await backend.getMulti(keys, { lease: leaseRequest("t1") });
    expect(await sent()).toHaveLength(1);
    await backend.revisions?.(keys);
    expect(await sent()).toHaveLength(1);
    await backend.deleteMulti(keys);
    expect(await sent()).toHaveLength(1);
    await backend.setMulti(batch);
  });

  it("a cold miss and its fill under a lease are two round trips", async () => {
    const lease = leaseRequest("t2");
    await backend.get("cold", { lease });
    await backend.set("cold", freshEntry(1), { ticket: "t2" });
    const commands = (await monitor.take()).filter(([name]) => name?.startsWith("EVAL"));
    expect(commands).toHaveLength(2);
  });

  it("plain: one UNLINK, and a SET with PX for each key in one pipeline", async () => {
    await plain.setMulti(batch);
    const stored = await monitor.take();
    expect(stored).toHaveLength(100);
    for (const [name, , , px] of stored) expect([name, px]).toEqual(["SET", "PX"]);
    await plain.deleteMulti(keys);
    const [command, ...others] = await monitor.take();
    expect([command?.[0], command?.length, others]).toEqual(["UNLINK", 101, []]);
  });

  it("empty batches do no I/O", async () => {
    for (const each of [backend, plain]) {
      await each.getMulti([]);
      await each.setMulti(new Map());
      await each.deleteMulti([]);
      await each.revisions?.([]);
    }
    await backend.leases?.release([], "t");
    await backend.leases?.renew([], "t", 1);
    expect(await monitor.take()).toEqual([]);
  });

  it("a server that has lost the scripts is given them again", async () => {
    await server.command("SCRIPT", "FLUSH");
    expect(await backend.set("a", freshEntry(1))).toMatchObject({ status: "stored" });
    await monitor.take();
    await backend.set("a", freshEntry(2));
    expect((await monitor.take()).filter(([name]) => name?.startsWith("EVAL")).map(([name]) => name)).toEqual([
      "EVALSHA",
    ]);
  });

  it("values expire by the server's clock, endless ones never", async () => {
    await backend.set("short", freshEntry(1, { ttl: 5000, grace: 5000 }), { keepMs: 4000 });
    await backend.set("endless", freshEntry(1, { ttl: Number.POSITIVE_INFINITY }));
    const [short, endless] = [
      Number(await server.command("PTTL", "cascata:{short}")),
      Number(await server.command("PTTL", "cascata:{endless}")),
    ];
    expect(short).toBeGreaterThan(3000);
    expect(short).toBeLessThanOrEqual(4000);
    expect(endless).toBe(-1);
  });

  it("big values travel over a second connection, made when first needed", async () => {
    await using single = await startRedisServer();
    const tier = new RedisBackend({ url: single.url });
    const lastCommands = async (): Promise<readonly string[]> => {
      const clients = String(await single.command("CLIENT", "LIST"));
      const commands = [...clients.matchAll(/cmd=([\w|]+)/g)].map(([, command = ""]) => command);
      return commands.filter((command) => !command.startsWith("client")).sort();
    };
    const big = "x".repeat(1_000_000);
    await tier.set("small", freshEntry("s"));
    expect(await lastCommands()).toEqual(["evalsha"]);
    await tier.set("big", freshEntry(big));
    await tier.revisions?.(["small"]);
    expect(await lastCommands()).toEqual(["evalsha", "evalsha"]);
    await tier.get("big");
    expect(await lastCommands()).toEqual(["evalsha", "get"]);
    const found = await tier.getMulti(["small", "big", "none", "small2"]);
    expect(found.map((one) => typeof inShort(one))).toEqual(["string", "string", "string", "string"]);
    expect(inShort(found[1])).toBe(big);
    expect(await lastCommands()).toEqual(["get", "mget"]);
    await tier.set("big", freshEntry("small now"));
    expect(inShort(await tier.get("big"))).toBe("small now");
    await tier.close();
  });

  it("the feed waits without asking often, and only while somebody listens", async () => {
    await pause(50);
    expect(await monitor.take()).toEqual([]);
    const leave = backend.changes?.subscribe({
      changed: () => {},
      marked: () => {},
      filled: () => {},
      silent: () => {},
      resumed: () => {},
      uncertain: () => {},
    });
    await until("the feed is live", () => backend.changes?.live === true);
    await monitor.take();
    await pause(1000);
    const reads = (await monitor.take()).filter(([name]) => name === "XREAD");
    expect(reads.length).toBeGreaterThan(1);
    expect(reads.length).toBeLessThanOrEqual(5);
    leave?.();
    await monitor.take();
    await pause(500);
    expect(await monitor.take()).toEqual([]);
  });
});
