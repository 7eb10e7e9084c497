import { type BackendIncident, type CachedValue, type Clock, systemClock } from "@cascata/core";
import { RedisBackend } from "@cascata/redis";
import { createClient } from "@redis/client";
import { createClient as createClient5 } from "@redis/client5";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { freshEntry, inShort, leaseRequest } from "../support/redis-entries.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

/** The machine's clock, so many milliseconds off. */
function offBy(ms: number): Clock {
  return {
    now: () => systemClock.now() + ms,
    coarse: () => systemClock.coarse() + ms,
    schedule: (run, after) => systemClock.schedule(run, after),
  };
}

describeWithServers(["redis-server"], "redis: entries", () => {
  let server: RedisServer;
  let backend: RedisBackend;
  let incidents: BackendIncident[];

  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.command("FLUSHALL");
    incidents = [];
    backend = new RedisBackend({ url: server.url });
    await backend.get("connected");
    backend.watch((incident) => void incidents.push(incident));
  });
  afterEach(() => backend.close());

  describe("poison", () => {
    async function stored(key: string): Promise<Buffer> {
      const raw = createClient({ url: server.url });
      await raw.connect();
      const bytes = await raw.sendCommand<Buffer>(["GET", `cascata:{${key}}`], { typeMapping: { 36: Buffer } });
      raw.destroy();
      return bytes;
    }

    async function write(key: string, bytes: Buffer | string): Promise<void> {
      const raw = createClient({ url: server.url });
      await raw.connect();
      await raw.set(`cascata:{${key}}`, bytes);
      raw.destroy();
    }

    const corruptions: Readonly<Record<string, (bytes: Buffer, other: Buffer) => Buffer | string>> = {
      nothing: () => "",
      "a number": () => "42",
      "broken JSON": () => '{"value":',
      "foreign JSON": () => '{"value":"x","expires":null}',
      "a foreign text that looks like an error": () => "WRONGTYPE Operation against a key",
      "only a head": (bytes) => bytes.subarray(0, 39),
      "cut in the metadata": (bytes) => bytes.subarray(0, 60),
      "cut by one byte": (bytes) => bytes.subarray(0, -1),
      "one byte changed": (bytes) =>
        Buffer.from(bytes.map((byte, index) => (index === bytes.length - 3 ? byte ^ 1 : byte))),
      "one byte more": (bytes) => Buffer.concat([bytes, Buffer.from("x")]),
      "another key's bytes": (_, other) => other,
    };

    for (const [name, corrupt] of Object.entries(corruptions)) {
      it(`${name}: a miss, one incident, a lease, and the fill repairs it; others of the batch are unaffected`, async () => {
        await backend.setMulti(new Map(["poison", "other"].map((key) => [key, freshEntry(key)])));
        await write("poison", corrupt(await stored("poison"), await stored("other")));
        expect((await backend.getMulti(["other", "poison"])).map(inShort)).toEqual(["other", "(miss)"]);
        expect(incidents.map(({ what, key }) => [what, key])).toEqual([["corrupt entry", "poison"]]);
        expect(inShort(await backend.get("poison"))).toBe("(miss)");
        const lease = leaseRequest("t");
        expect((await backend.getMulti(["poison", "other"], { lease })).map(inShort)).toEqual(["(miss)", "other"]);
        expect([...lease.answers].map(([key, { granted }]) => [key, granted])).toEqual([["poison", true]]);
        expect(await backend.set("poison", freshEntry("repaired"), { ticket: "t" })).toMatchObject({
          status: "stored",
        });
        expect(inShort(await backend.get("poison"))).toBe("repaired");
      });
    }

    it("a key that holds another type: a miss, an incident, a lease, and the fill repairs it", async () => {
      await server.command("RPUSH", "cascata:{poison}", "x");
      expect(inShort(await backend.get("poison"))).toBe("(miss)");
      expect(incidents.map(({ what, key }) => [what, key])).toEqual([["corrupt entry", "poison"]]);
      expect((await backend.getMulti(["poison", "other"])).map(inShort)).toEqual(["(miss)", "(miss)"]);
      const lease = leaseRequest("t");
      expect(inShort(await backend.get("poison", { lease }))).toBe("(miss)");
      expect(lease.answers.get("poison")?.granted).toBe(true);
      expect(await backend.set("poison", freshEntry(1), { ticket: "t" })).toMatchObject({ status: "stored" });
      expect(inShort(await backend.get("poison"))).toBe(1);
    });
  });

  it("an entry that is too large is refused, and its key's older value is not served on", async () => {
    const small = new RedisBackend({ url: server.url, maxEntrySize: "1kb" });
    await small.set("a", freshEntry("old"));
    const outcome = await small.set("a", freshEntry("x".repeat(2000)));
    expect(outcome).toEqual({ status: "refused", why: "too-large" });
    expect(inShort(await small.get("a"))).toBe("(miss)");
    await small.close();
  });

  it("a value that cannot be stored is its key's own failure, and what was there stays", async () => {
    await backend.set("bad", freshEntry("old"));
    const unstorable = freshEntry(() => {});
    const outcomes = await backend.setMulti(
      new Map<string, CachedValue>([
        ["bad", unstorable],
        ["good", freshEntry(1)],
      ]),
    );
    expect([outcomes.get("bad")?.status, outcomes.get("good")?.status]).toEqual(["failed", "stored"]);
    await expect(backend.set("bad", unstorable)).rejects.toMatchObject({ code: "SERIALIZATION" });
    expect((await backend.getMulti(["bad", "good"])).map(inShort)).toEqual(["old", 1]);
  });

  for (const minutes of [10, -10]) {
    it(`a writer whose clock is ${minutes} minutes off: lifetimes are right, and so is the age that others see`, async () => {
      const clock = offBy(minutes * 60_000);
      const off = new RedisBackend({ url: server.url, clock });
      await off.get("connected");
      const createdAt = clock.now();
      const entry = freshEntry("x", { createdAt, startedAt: createdAt, ttl: 60_000 });
      expect(await off.set("a", entry)).toMatchObject({ status: "stored" });
      const life = Number(await server.command("PTTL", "cascata:{a}"));
      expect(life).toBeGreaterThan(59_400);
      expect(life).toBeLessThanOrEqual(60_000);
      const seen = await backend.get("a");
      const age = "metadata" in seen ? systemClock.now() - seen.metadata.createdAt : Number.NaN;
      expect(Math.abs(age)).toBeLessThan(600);
      await backend.set("b", freshEntry("y"));
      const back = await off.get("b");
      const backAge = "metadata" in back ? clock.now() - back.metadata.createdAt : Number.NaN;
      expect(Math.abs(backAge)).toBeLessThan(600);
      await off.close();
    });
  }

  it("a client that somebody else made is used as it is, not closed, and left without our listeners", async () => {
    for (const client of [createClient({ url: server.url }), createClient5({ url: server.url })]) {
      client.on("error", () => {});
      await client.connect();
      const listeners = (): number => client.listenerCount("error") + client.listenerCount("end");
      const before = listeners();
      const lent = new RedisBackend({ client, namespace: "lent" });
      expect(await lent.set("a", freshEntry({ n: 1n }))).toMatchObject({ status: "stored" });
      expect(inShort(await lent.get("a"))).toEqual({ n: 1n });
      const lease = leaseRequest("t");
      await lent.getMulti(["a", "b"], { lease });
      expect([...lease.answers.keys()]).toEqual(["b"]);
      const changed: string[] = [];
      const leave = lent.changes?.subscribe({
        changed: ({ keys }) => void changed.push(...keys),
        marked: () => {},
        filled: () => {},
        silent: () => {},
        resumed: () => {},
        uncertain: () => {},
      });
      await until("the feed is live", () => lent.changes?.live === true);
      await lent.delete("a");
      await until("the delete is told", () => changed.includes("a"));
      leave?.();
      await lent.close();
      expect([client.isOpen, listeners()]).toEqual([true, before]);
      expect(await client.ping()).toBe("PONG");
      client.destroy();
    }
  });

  it("the Keyv adapter works over the same connection and goes on after a restart", async () => {
    const { keyv } = backend;
    await keyv.set("k", "v");
    expect(await keyv.get("k")).toBe("v");
    expect(inShort(await backend.get("k"))).toBe("(miss)");
    await server.restart();
    await until("the adapter is back", async () => (await keyv.get("k").catch(() => "failed")) === undefined, 3000);
  });

  it("marks beyond the most that are kept become a floor that covers more, never less", async () => {
    const few = new RedisBackend({ url: server.url, namespace: "few", maxMarks: 10 });
    const old = await few.marks?.put(["old"], "hard", 1);
    for (let index = 0; index < 12; index++) await few.marks?.put([`tag${index}`], "hard", index + 2);
    const [[oldMark] = [], [never] = [], [last] = []] = (await few.marks?.lookup(["old", "never", "tag11"])) ?? [];
    const seq = old?.[0]?.order?.seq ?? Number.NaN;
    expect(oldMark?.order?.seq).toBeGreaterThanOrEqual(seq);
    expect(never).toMatchObject({ name: "never", mode: "hard", order: oldMark?.order });
    expect(last).toMatchObject({ name: "tag11", at: 13 });
    expect(Number(await server.command("HLEN", "{few}:marks"))).toBeLessThanOrEqual(10);
    await few.close();
  });

  it("marks that the server has evicted are replaced by a floor", async () => {
    const [mark] = (await backend.marks?.put(["tag"], "soft", 1)) ?? [];
    await server.command("DEL", "{cascata}:marks");
    const [[floor] = []] = (await backend.marks?.lookup(["other"])) ?? [];
    expect(floor).toMatchObject({ name: "other", mode: "hard" });
    expect(floor?.order?.seq).toBeGreaterThan(mark?.order?.seq ?? Number.NaN);
  });

  it("a lock whose time has run out can be taken by another client, and not be released by its first holder", async () => {
    const other = new RedisBackend({ url: server.url, lockSleep: 10 });
    const short = new RedisBackend({ url: server.url, lockTimeout: 200 });
    const first = short.getMutex("k");
    expect(await first.acquire()).toBe(true);
    const second = other.getMutex("k");
    expect(await second.acquire(false)).toBe(false);
    expect(await second.acquire()).toBe(true);
    await expect(first.release()).rejects.toMatchObject({ code: "LOCK" });
    expect(await second.locked()).toBe(true);
    await second.release();
    const patient = new RedisBackend({ url: server.url, lockSleep: 10, lockBlockingTimeout: 50 });
    await first.acquire();
    expect(await patient.getMutex("k").acquire()).toBe(false);
    const endless = new RedisBackend({ url: server.url, lockTimeout: Number.POSITIVE_INFINITY });
    expect([short.hasLockTimeout(), endless.hasLockTimeout()]).toEqual([true, false]);
    await endless.close();
    await Promise.all([other.close(), short.close(), patient.close()]);
  });
});
