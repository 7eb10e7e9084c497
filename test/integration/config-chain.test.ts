import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCaches } from "@cascata/config";
import { NO_VALUE } from "@cascata/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { load } from "../config/support.ts";
import { describeWithServers } from "../support/needs.ts";
import { type RedisServer, startRedisServer } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

let server: RedisServer;
let folder = "";

/** What one process would have: a memory and a file of its own above the Redis that all share. */
function configOf(processName: string): string {
  return JSON.stringify({
    backends: {
      local: { use: "@cascata/memory", maxSize: "10mb" },
      disk: { use: "@cascata/lmdb", path: join(folder, `${processName}.mdb`), maxSize: "16mb" },
      shared: { use: "@cascata/redis", url: server.url, timeout: "2s", wrap: [{ use: "compress", above: "1kb" }] },
    },
    regions: {
      users: { tiers: ["local", "disk", "shared"], ttl: "5m", hardTimeout: "5s", maxStaleness: "5s" },
      pages: { tiers: [{ backend: "local", ttl: "10s" }, "shared"], ttl: "1h", hardTimeout: "5s" },
    },
  });
}

describeWithServers(["redis-server"], "memory, disk and Redis from a text in JSON", () => {
  beforeAll(async () => {
    server = await startRedisServer();
    folder = mkdtempSync(join(tmpdir(), "cascata-config-"));
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("two processes' worth of it: values are shared, changes are heard, every promise holds", async () => {
    await using one = await createCaches(JSON.parse(configOf("one")), { load });
    await using other = await createCaches(JSON.parse(configOf("other")), { load });
    const [here, there] = [one.region("users"), other.region("users")];
    await until("all backends are up", () =>
      [...one.health(), ...other.health()].every(([, { state }]) => state === "up"),
    );
    const text = "long enough to be compressed ".repeat(100);
    expect(await here.getOrCreate("1", () => text, { awaitFill: true })).toBe(text);
    expect(await there.getOrCreate("1", () => "never made")).toBe(text);
    expect(there.peek("1")).toBe(text);
    expect((await here.delete("1")).confirmed).toBe(true);
    await until("the other has heard of it", () => there.peek("1") === NO_VALUE);
    expect(await there.get("1")).toBe(NO_VALUE);
    const { regions, hints } = one.doctor();
    expect(regions.flatMap(({ guarantees }) => guarantees.filter(({ holds }) => !holds))).toEqual([]);
    expect([...regions.flatMap((region) => region.hints), ...hints]).toEqual([]);
  });
});
