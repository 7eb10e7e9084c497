import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithServers } from "../support/needs.ts";
import { RedisMonitor } from "../support/redis-monitor.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { root } from "../workspace/packages.ts";
import { buildExamples, runExample } from "./run-example.ts";

/** What each example prints, by its file's name. */
const expected: Readonly<Record<string, readonly string[]>> = {
  "sixty-seconds": [
    "  … asking the weather service about Como",
    "Como: sunny, 21 °C",
    "  … asking the weather service about Lugano",
    "Lugano: sunny, 21 °C",
    "Como: sunny, 21 °C",
  ],
  batch: ["price list asked for: pear, plum", "pear: 40", "apple: 30", "plum: 40"],
  "one-creator": ["1000 answers, 1 different, made 1 time"],
  "stale-while-revalidate": ["edition 1", "edition 1 (stale, and being renewed)", "edition 2", "edition 2"],
  tags: ["/lakes, rendering 1", "/trains, rendering 2", "/lakes, rendering 3", "/trains, rendering 2"],
  "decorated-function": ["measuring Como to Lugano", "24", "24", "measuring Como to Lugano", "24"],
  "from-dogpile": ["loading user 1", "user 1", "user 1", "loading user 1", "user 1"],
  "where-from": ["null true NO_VALUE", "from memory, stale: false"],
  "own-backend": ["made by the creator", "made by the creator"],
  "own-proxy": ["[ 'FIRST', 'SECOND' ] FIRST", "3 calls"],
  proxies: ["{ dark: true } true"],
  published: ["40", "45"],
  "hashed-keys": ["53def077a4264bd3183d4eb21b1f56f883e1b572", "found by its digest short"],
  keyv: [
    "{",
    "  since: 1970-01-01T00:00:00.000Z,",
    "  rights: Set(1) { 'read' },",
    "  size: 12n",
    "}",
    "by way of Keyv",
  ],
  memory: ["b: evicted", "<h1>Home</h1>"],
  compact: ["{ id: 2, name: 'Bert', address: { city: 'Chur', zip: '7000' } }"],
  disk: ["made once, and kept over restarts", "3"],
};

/** Run elsewhere in this file, in their own way. */
const others = [
  "bytes-backend",
  "conditional-refresh",
  "config",
  "own-backend-kit",
  "redis",
  "round-trips",
  "testing-a-backend",
];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cascata-examples-"));
  await buildExamples();
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("examples", () => {
  test("all of them are run here", () => {
    const files = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts"));
    expect(files.map((name) => name.slice(0, -3)).sort()).toEqual([...Object.keys(expected), ...others].sort());
  });

  test("all of them are listed", () => {
    const page = readFileSync(join(root, "examples", "README.md"), "utf8");
    const files = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts"));
    expect(files.filter((name) => !page.includes(`](${name})`))).toEqual([]);
  });

  test.each(Object.entries(expected))("%s prints what it should", async (name, lines) => {
    const { code, stdout, stderr } = await runExample(name, { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.trimEnd().split("\n")).toEqual(lines);
  });

  test("sixty-seconds starts warm when run again", async () => {
    const cwd = mkdtempSync(join(folder, "twice-"));
    await runExample("sixty-seconds", { cwd });
    const { code, stdout } = await runExample("sixty-seconds", { cwd });
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual(["Como: sunny, 21 °C", "Lugano: sunny, 21 °C", "Como: sunny, 21 °C"]);
  });

  test("config explains the chain and names every mistake", async () => {
    const { code, stdout, stderr } = await runExample("config", { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const part of ["users", "memory", "disk", "maxEntires", "maxEntries", "memroy", "5 minutes"])
      expect(stdout).toContain(part);
  });

  test.each(["own-backend-kit", "testing-a-backend"])(
    "%s puts a stranger's backend through the whole kit",
    async (name) => {
      const { code, stdout } = await runExample(name, { cwd: folder });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^[#ℹ] pass [1-9]\d*$/m);
      expect(stdout).toMatch(/^[#ℹ] fail 0$/m);
    },
  );
});

test("conditional-refresh: a page that has not changed is not sent again", async () => {
  const sent: (number | string)[] = [];
  let edition = 1;
  const server = createServer((request, response) => {
    const etag = `"${edition}"`;
    const status = request.headers["if-none-match"] === etag ? 304 : 200;
    sent.push(status);
    response.writeHead(status, { ETag: etag });
    response.end(status === 200 ? `edition ${edition}` : undefined);
    // The third request finds another one.
    if (sent.length === 2) edition = 2;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { code, stdout, stderr } = await runExample("conditional-refresh", { cwd: folder, env: { PAGE_URL: url } });
  server.close();
  expect({ code, stderr, sent }).toEqual({ code: 0, stderr: "", sent: [200, 304, 200] });
  expect(stdout.trimEnd().split("\n")).toEqual(["edition 1", "edition 1", "edition 2"]);
});

describeWithServers(["redis-server"], "examples with a server", () => {
  test("redis: two processes share what one has made and deleted", async () => {
    await using server = await startRedisServer();
    const { code, stdout, stderr } = await runExample("redis", { cwd: folder, env: { REDIS_URL: server.url } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.trimEnd().split("\n")).toEqual([
      "{ name: 'Ada', made: 'by one' }",
      "{ name: 'Ada', made: 'by one' }",
      "{ name: 'Ada', made: 'anew' }",
    ]);
  });
});

describeWithServers(["redis-server"], "round trips", () => {
  test("100 keys are stored in one, and 40 that memory lacks are read in one", async () => {
    await using server = await startRedisServer();
    await using monitor = await RedisMonitor.start(server.port);
    const { code, stdout } = await runExample("round-trips", { cwd: folder, env: { REDIS_URL: server.url } });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "100 of 100 are right\n" });
    const seen = await monitor.take();
    const reads = seen.filter(([name, key = ""]) => name === "MGET" && !key.endsWith(":lease"));
    expect(reads.map((command) => command.length - 1)).toEqual([40]);
    const writes = seen.filter(([name, , keyCount]) => name?.startsWith("EVAL") && Number(keyCount) >= 100);
    expect(writes.map(([name]) => name)).toEqual(["EVALSHA"]);
  });
});

test("redis: without its variable it says what it needs", async () => {
  const { code, stderr } = await runExample("redis", { cwd: folder });
  expect(code).toBe(1);
  expect(stderr).toContain("REDIS_URL");
});
