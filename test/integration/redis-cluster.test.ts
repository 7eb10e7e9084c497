import type { CacheBackend } from "@cascata/core";
import { RedisBackend, type RedisBackendOptions } from "@cascata/redis";
import {
  type BackendHarness,
  backendCases,
  describeConformance,
  feedCases,
  leaseCases,
  markCases,
  mutexCases,
  RecordingListener,
  revisionCases,
} from "@cascata/testing";
import { createCluster } from "@redis/client";
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

  const namespaces = new WeakMap<CacheBackend, string>();

  function open(options: RedisBackendOptions = {}, namespace = `kit${++stores}`): RedisBackend {
    const rootNodes = cluster.nodes.map(({ host, port }) => ({ socket: { host, port } }));
    const backend = new RedisBackend({ connect: { rootNodes }, namespace, lockSleep: 5, ...options });
    namespaces.set(backend, namespace);
    return backend;
  }

  const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  // The kits are about meaning; a megabyte's slot alone takes a client tens of milliseconds.
  function harness(options: RedisBackendOptions): BackendHarness {
    const patient = { deadline: "2s", ...options } as const;
    return {
      open: () => open(patient),
      connect: (beside) => open(patient, namespaces.get(beside)),
      advance: pass,
      settle: () => pass(5),
    };
  }

  const full = harness({});
  describeConformance(backendCases, harness({ leases: false }), { describe, it, title: "backend, plain" });
  describeConformance(backendCases, full, { describe, it, title: "backend, leases and feed" });
  describeConformance(leaseCases, full, { describe, it, title: "leases" });
  describeConformance(revisionCases, full, { describe, it, title: "revisions" });
  describeConformance(markCases, full, { describe, it, title: "marks" });
  describeConformance(feedCases, full, { describe, it, title: "feed" });

  describe("mutex", () => {
    let backend: RedisBackend;
    beforeAll(() => {
      backend = open({}, "mutexes");
    });
    afterAll(() => backend.close());
    describeConformance(mutexCases, { mutex: (key: string) => backend.getMutex(key) }, { describe, it });
  });

  /** A namespace whose count and feed stand on this master. */
  async function namespaceOn(index: number): Promise<string> {
    for (let tried = 0; ; tried++) {
      const slot = Number(await cluster.nodes[3]?.command("CLUSTER", "KEYSLOT", `{ns${tried}}`));
      if (Math.floor((slot * 3) / 16_384) === index) return `ns${tried}`;
    }
  }

  it("a change is announced before it is made, and holds its keys in transition until it is done", async () => {
    const [one, other] = [open(), open({}, `kit${stores}`)];
    const heard = new RecordingListener();
    one.changes?.subscribe(heard);
    await until("the feed is live", () => one.changes?.live === true);
    expect(one.changes?.atomic).toBe(false);
    await other.set("a", freshEntry(1), { sender: "chain" });
    await until("the change is told", () => heard.notices.length === 1);
    const [notice] = heard.notices;
    expect(notice).toMatchObject({ keys: ["a"], sender: "chain" });
    await notice?.settled;
    expect(inShort(await one.get("a"))).toBe(1);
    await Promise.all([one.close(), other.close()]);
  });

  it("of two writers the later order wins, whoever arrives first", async () => {
    const backend = open();
    for (let round = 0; round < 20; round++) {
      const writes = [1, 2, 3].map((n) => backend.set("contended", freshEntry(n)));
      const outcomes = await Promise.all(writes);
      const orders = outcomes.map((outcome) => (outcome.status === "stored" ? (outcome.revision?.seq ?? 0) : 0));
      const winner = orders.indexOf(Math.max(...orders)) + 1;
      expect(inShort(await backend.get("contended"))).toBe(winner);
    }
    await backend.close();
  });

  it("a store that arrives after one with a later order is refused", async () => {
    const backend = open({}, "orders");
    await backend.set("a", freshEntry("later"));
    const raw = createCluster({ rootNodes: cluster.nodes.map(({ host, port }) => ({ socket: { host, port } })) });
    await raw.connect();
    const stored = String(await raw.get("orders:{a}"));
    await raw.set("orders:{a}", `${stored.slice(0, 22)}${"9".repeat(15).padStart(16, "0")}${stored.slice(38)}`);
    raw.destroy();
    expect(await backend.set("a", freshEntry("earlier"))).toEqual({ status: "refused", why: "newer" });
    expect(inShort(await backend.get("a"))).toBe("later");
    await backend.delete("a");
    expect(await backend.set("a", freshEntry("new"))).toMatchObject({ status: "stored" });
    await backend.close();
  });

  it("another process that connects begins no new epoch: only another server of the count does", async () => {
    const namespace = `kit${++stores}`;
    const first = open({}, namespace);
    const heard = new RecordingListener();
    first.changes?.subscribe(heard);
    await until("the feed is live", () => first.changes?.live === true);
    const epoch = first.changes?.position?.epoch;
    for (let count = 0; count < 8; count += 1) {
      const other = open({}, namespace);
      other.changes?.subscribe(new RecordingListener());
      await until("its feed is live", () => other.changes?.live === true);
      expect(await other.set("a", freshEntry(count))).toMatchObject({ status: "stored", revision: { epoch } });
      await other.close();
    }
    expect(heard.uncertainties).toEqual(["started"]);
    await first.close();
  });

  it("the node of the count and the feed fails over: a new epoch, uncertain, and all goes on", async () => {
    const backend = open({}, await namespaceOn(1));
    const heard = new RecordingListener();
    backend.changes?.subscribe(heard);
    await until("the feed is live", () => backend.changes?.live === true);
    await backend.set("a", freshEntry(1));
    const epoch = backend.changes?.position?.epoch;
    await cluster.masters[1]?.kill();
    await until("it is silent", () => heard.silences.length > 0);
    await until("stores go on", async () => (await backend.set("b", freshEntry(1))).status === "stored", 20_000);
    await until("the feed says so", () => heard.uncertainties.length > 1, 20_000);
    await until("deletes are told again", async () => {
      await backend.delete("told");
      return heard.changedKeys.includes("told");
    });
    expect(backend.changes?.position?.epoch).not.toBe(epoch);
    await backend.close();
  }, 60_000);

  it("while one master is down its keys fail, each by itself, and the others are served; then all are again", async () => {
    const backend = open({}, await namespaceOn(2));
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
