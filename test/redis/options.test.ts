import { ConfigurationError } from "@cascata/core";
import { describe, expect, it } from "vitest";
import { optionsFromConfig } from "../../packages/redis/src/from-config.ts";
import { type RedisBackendOptions, resolveRedisOptions } from "../../packages/redis/src/options.ts";

function mistakes(options: object): readonly { readonly path: string; readonly hint?: string }[] {
  try {
    resolveRedisOptions(options as RedisBackendOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).mistakes;
  }
  return [];
}

describe("resolveRedisOptions", () => {
  it("has a default for everything", () => {
    expect(resolveRedisOptions({})).toMatchObject({
      target: { kind: "single", options: { url: "redis://localhost:6379" } },
      namespace: "cascata",
      name: "redis",
      deadlineMs: 250,
      bulkAboveBytes: 262_144,
      leases: true,
      feedLength: 100_000,
      heartbeatMs: 1000,
      maxMarks: 10_000,
      lock: { prefix: "lock:", timeoutMs: 30_000, sleepMs: 100, blockingMs: Number.POSITIVE_INFINITY },
    });
  });

  it("tells single, sentinel and cluster apart", () => {
    const kind = (connect: object): string => resolveRedisOptions({ connect, leases: false }).target.kind;
    expect(kind({ socket: { host: "h" } })).toBe("single");
    expect(kind({ rootNodes: [] })).toBe("cluster");
    expect(kind({ sentinelRootNodes: [], name: "m" })).toBe("sentinel");
  });

  it("turns the feed off with the leases, and refuses to be asked for it then", () => {
    expect(resolveRedisOptions({ leases: false })).toMatchObject({ leases: false, feedLength: 0 });
    expect(mistakes({ leases: false, feed: true }).map(({ path }) => path)).toEqual(["redis.feed"]);
  });

  it("takes another way to the same server for the feed, where there is one server", () => {
    const feed = { url: "redis://localhost:6380" };
    const way = { kind: "single", options: { url: "redis://localhost:6380" } };
    expect(resolveRedisOptions({ feed })).toMatchObject({ feedTarget: way, feedLength: 100_000 });
    expect(resolveRedisOptions({})).toMatchObject({ feedTarget: undefined });
    expect(mistakes({ feed: { url: "localhost" } }).map(({ path }) => path)).toEqual(["redis.feed.url"]);
    expect(mistakes({ connect: { rootNodes: [] }, feed }).map(({ path }) => path)).toEqual(["redis.feed.url"]);
  });

  it("refuses an unknown option with the nearest spelling", () => {
    expect(mistakes({ namespce: "x" })).toMatchObject([
      { path: "redis.namespce", hint: expect.stringContaining('"namespace"') },
    ]);
    expect(mistakes({ feed: { lenght: 1 } })).toMatchObject([{ path: "redis.feed.lenght" }]);
  });

  it("reports all mistakes at once, each with its path", () => {
    const wrong = {
      namespace: "a{b}",
      name: "",
      deadline: 0,
      maxEntrySize: "2 apples",
      lockTimeout: -1,
      maxMarks: 0.5,
      feed: { length: 0, heartbeat: Number.POSITIVE_INFINITY },
      serializer: {},
      url: "http://localhost",
      keyMangler: "sha1",
      leases: 1,
    };
    const paths = mistakes(wrong).map(({ path }) => path);
    expect([...new Set(paths)].sort()).toEqual([
      "redis.deadline",
      "redis.feed.heartbeat",
      "redis.feed.length",
      "redis.keyMangler",
      "redis.leases",
      "redis.lockTimeout",
      "redis.maxEntrySize",
      "redis.maxMarks",
      "redis.name",
      "redis.namespace",
      "redis.serializer",
      "redis.url",
    ]);
  });

  it("refuses two targets, and a client that is none", () => {
    expect(mistakes({ url: "redis://a", connect: {} })).toMatchObject([{ path: "redis" }]);
    expect(mistakes({ client: {} })).toMatchObject([{ path: "redis.client" }]);
    expect(mistakes({ connect: "localhost" })).toMatchObject([{ path: "redis.connect" }]);
  });
});

describe("optionsFromConfig", () => {
  it("reads what follows the prefix, texts for what they mean, and changes nothing", () => {
    const config = Object.freeze({
      "cache.users.url": "redis://localhost:1",
      "cache.users.leases": "true",
      "cache.users.deadline": "100",
      "cache.users.maxMarks": "5",
      "cache.users.namespace": "42",
      "cache.users.feed.length": "10",
      "cache.users.feed.heartbeat": "2s",
      "cache.posts.url": "redis://localhost:2",
    });
    const options = optionsFromConfig(config, "cache.users.");
    expect(options).toEqual({
      url: "redis://localhost:1",
      leases: true,
      deadline: 100,
      maxMarks: 5,
      namespace: "42",
      feed: { length: 10, heartbeat: "2s" },
    });
    expect(resolveRedisOptions(options).heartbeatMs).toBe(2000);
  });

  it("reads host, port, db and password, but not beside a url", () => {
    const place = { "r.host": "h", "r.port": "7", "r.db": "2", "r.username": "u", "r.password": "12" };
    expect(optionsFromConfig(place, "r.")).toEqual({
      connect: { socket: { host: "h", port: 7 }, database: 2, username: "u", password: "12" },
    });
    expect(() => optionsFromConfig({ ...place, "r.url": "redis://x" }, "r.")).toThrow(ConfigurationError);
  });
});
