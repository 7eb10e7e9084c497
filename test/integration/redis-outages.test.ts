import { setTimeout as pause } from "node:timers/promises";
import { ReadFailure } from "@cascata/core";
import { RedisBackend } from "@cascata/redis";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";
import { describeWithServers } from "../support/needs.ts";
import { freshEntry, inShort } from "../support/redis-entries.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";

const deadlineMs = 250;
/** What a machine with other work to do may add. */
const slackMs = 150;

async function timed<T>(run: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  const value = await run();
  return { value, ms: performance.now() - start };
}

describeWithServers(["redis-server"], "redis: outages", () => {
  let server: RedisServer;
  let backend: RedisBackend;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeEach(async () => {
    process.on("unhandledRejection", note);
    server = await startRedisServer();
    backend = new RedisBackend({ url: server.url });
    await backend.set("a", freshEntry("old"));
  });
  afterEach(async () => {
    await backend.close();
    await server.stop();
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  it("absent at start-up: nothing waits beyond the deadline, and it is picked up when it appears", async () => {
    const port = await freePort();
    const early = new RedisBackend({ url: `redis://127.0.0.1:${port}` });
    const { value, ms } = await timed(() => early.get("a"));
    expect(value).toBeInstanceOf(ReadFailure);
    expect(ms).toBeLessThan(deadlineMs + slackMs);
    expect(await early.set("a", freshEntry(1))).toMatchObject({ status: "failed" });
    expect(early.health().state).toBe("down");
    await using late = await startRedisServer({ port });
    await until("the server is picked up", async () => inShort(await early.get("a")) === "(miss)", 1500);
    expect(late.running).toBe(true);
    expect(await early.set("a", freshEntry(1))).toMatchObject({ status: "stored" });
    expect(early.health().state).toBe("up");
    await early.close();
  });

  it("paused: everything settles in time, then fails fast; back within 1.5 s of its return", async () => {
    server.pause();
    const first = await timed(() => Promise.all(Array.from({ length: 100 }, (_, index) => backend.get(`k${index}`))));
    expect(first.value.every((found) => found instanceof ReadFailure)).toBe(true);
    expect(first.ms).toBeLessThan(deadlineMs + slackMs);
    const store = await timed(() => backend.set("a", freshEntry("new")));
    expect([store.value.status, store.ms < deadlineMs + slackMs]).toEqual(["unknown", true]);
    await until("the stuck connection is given up", async () => {
      await backend.get("a");
      return backend.health().state === "down";
    });
    const { ms } = await timed(() => backend.getMulti(["a", "b"]));
    expect(ms).toBeLessThan(50);
    server.resume();
    await until("it answers again", async () => inShort(await backend.get("b")) === "(miss)", 1500);
  });

  it("killed: calls fail at once, those under way are unknown; back within 1.5 s of its return", async () => {
    const underWay = backend.set("a", freshEntry("new"));
    await server.kill();
    expect(["stored", "unknown"]).toContain((await underWay).status);
    await until("the loss is noticed", () => backend.health().state === "down");
    const { value, ms } = await timed(() => backend.deleteMulti(["a", "b"]));
    expect(ms).toBeLessThan(50);
    expect([...value.values()].map(({ status }) => status)).toEqual(["failed", "failed"]);
    await server.restart();
    await until("it answers again", async () => inShort(await backend.get("a")) === "(miss)", 1500);
  });

  it("a black hole: the connection is made anew, and what was sent into the hole changes nothing later", async () => {
    await using proxy = await TcpProxy.start(server);
    const through = new RedisBackend({ url: proxy.url });
    await through.get("a");
    proxy.blackHole();
    expect(await through.set("a", freshEntry("ghost"))).toMatchObject({ status: "unknown" });
    await backend.set("a", freshEntry("new"));
    await pause(100);
    proxy.heal();
    await until("it answers again", async () => inShort(await through.get("a")) === "new", 1500);
    await pause(100);
    expect(inShort(await backend.get("a"))).toBe("new");
    await through.close();
  });

  it("no store reaches a paused server after its deadline, however full the sockets are", async () => {
    const big = "x".repeat(500_000);
    server.pause();
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) => backend.set(`big${index}`, freshEntry(big))),
    );
    expect(outcomes.every(({ status }) => status === "unknown" || status === "failed")).toBe(true);
    await pause(100);
    server.resume();
    await until("it answers again", async () => inShort(await backend.get("never")) === "(miss)");
    await pause(200);
    expect(await server.command("KEYS", "cascata:{big*")).toEqual([]);
  });

  it("out of memory: a store fails, the old value is not served on, and deletes still work", async () => {
    await server.command("CONFIG", "SET", "maxmemory", "1");
    const outcome = await backend.set("a", freshEntry("new"));
    expect(outcome).toMatchObject({ status: "failed" });
    expect(inShort(await backend.get("a"))).toBe("(miss)");
    expect(await backend.delete("b")).toMatchObject({ status: "stored" });
    const answered: boolean[] = [];
    const lease = {
      token: "t",
      ms: 1000,
      answer: (_: string, { granted }: { granted: boolean }) => void answered.push(granted),
    };
    expect(inShort(await backend.get("a", { lease }))).toBe("(miss)");
    expect(answered).toEqual([true]);
    await server.command("CONFIG", "SET", "maxmemory", "0");
    expect(await backend.set("a", freshEntry("new"))).toMatchObject({ status: "stored" });
  });

  it("read-only: stores fail, reads go on", async () => {
    await server.command("REPLICAOF", "127.0.0.1", "1");
    expect(await backend.set("a", freshEntry("new"))).toMatchObject({ status: "failed" });
    expect(await backend.delete("a")).toMatchObject({ status: "failed" });
    expect(inShort(await backend.get("a"))).toBe("old");
    await server.command("REPLICAOF", "NO", "ONE");
    expect(await backend.set("a", freshEntry("new"))).toMatchObject({ status: "stored" });
  });

  it("a deadline in the context that has passed: nothing is sent", async () => {
    const before = await server.command("DBSIZE");
    const outcome = await backend.set("zz", freshEntry(1), {
      deadline: performance.timeOrigin + performance.now() - 1,
    });
    expect(outcome).toMatchObject({ status: "failed" });
    expect(await server.command("DBSIZE")).toBe(before);
  });

  it("close ends it all, also while there is no Redis", async () => {
    await server.kill();
    await backend.close();
    await backend.close();
    expect(backend.health()).toMatchObject({ state: "down", why: "closed" });
    await expect(backend.get("a")).rejects.toMatchObject({ code: "CLOSED" });
  });
});
