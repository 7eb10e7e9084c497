import { ConfigurationError } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend } from "@cascata/memory";
import { RedisBackend } from "@cascata/redis";
import { describe, expect, it } from "vitest";
import { optionsFromConfig } from "../../packages/redis/src/from-config.ts";
import { resolveRedisOptions } from "../../packages/redis/src/options.ts";

const targetOf = (options: Parameters<typeof resolveRedisOptions>[0]) => resolveRedisOptions(options).target;

describe("what Redis's client is given", () => {
  it("row 86: defaults, host and port, password, username", () => {
    expect(targetOf({})).toEqual({ kind: "single", options: { url: "redis://localhost:6379" } });
    const config = { "c.host": "127.0.0.1", "c.port": "6379", "c.db": "3", "c.username": "me", "c.password": "0042" };
    expect(targetOf(optionsFromConfig(config, "c."))).toEqual({
      kind: "single",
      options: { socket: { host: "127.0.0.1", port: 6379 }, database: 3, username: "me", password: "0042" },
    });
  });

  it("row 87: time limits and keep-alive go through to the client as they are", () => {
    const socket = { host: "h", connectTimeout: 20, socketTimeout: 500, keepAlive: true, keepAliveInitialDelay: 15 };
    const connect = { socket };
    expect(targetOf({ connect })).toEqual({ kind: "single", options: { socket } });
    expect(connect).toEqual({ socket });
  });

  it("row 88: a client of one's own takes the place of all other ways to connect", () => {
    const client = { sendCommand: () => undefined, on: () => undefined } as never;
    expect(targetOf({ client })).toEqual({ kind: "client", client });
    expect(() => targetOf({ client, url: "redis://h" })).toThrow(/one of url, connect and client/);
  });

  it("row 89: a url, and beside it what is not about the place", () => {
    const resolved = resolveRedisOptions({ url: "redis://me:secret@h:1234/5", lockTimeout: "5s", lockPrefix: "mine" });
    expect(resolved.target).toEqual({ kind: "single", options: { url: "redis://me:secret@h:1234/5" } });
    expect(resolved.lock).toMatchObject({ timeoutMs: 5000, prefix: "mine" });
    expect(() => resolveRedisOptions({ url: "redis://h", arbitrary: 1 } as never)).toThrow(/redis\.arbitrary/);
  });

  it("row 91: one node or many", () => {
    const rootNodes = [{ url: "redis://a:1" }, { url: "redis://b:2" }];
    expect(targetOf({ connect: { rootNodes } })).toEqual({ kind: "cluster", options: { rootNodes } });
    const sentinelRootNodes = [{ host: "a", port: 1 }];
    const sentinel = { name: "mymaster", sentinelRootNodes };
    expect(targetOf({ connect: sentinel })).toEqual({ kind: "sentinel", options: sentinel });
  });
});

it("row 93: an option that would have no effect is refused, not warned of", () => {
  const refused: readonly (() => unknown)[] = [
    () => new RedisBackend({ leases: false, feed: true }),
    () => new MemoryBackend({ maxEntries: 5, weigh: () => 1 }),
    () => new MemoryBackend({ maxEntries: 5, retries: 1 } as never),
    () => new KeyvBackend({ store: new Map(), retries: 1 } as never),
    () => new LmdbBackend({ path: "/nowhere", rw_lockfile: false } as never),
  ];
  for (const make of refused) expect(make).toThrow(ConfigurationError);
});

it("row 85: and the arguments that a backend is given stay as they were", () => {
  const connect = Object.freeze({ socket: Object.freeze({ host: "127.0.0.1", port: 1 }) });
  const options = Object.freeze({ connect, namespace: "n", feed: Object.freeze({ length: 5 }) });
  const backend = new RedisBackend(options);
  expect(options).toEqual({ connect: { socket: { host: "127.0.0.1", port: 1 } }, namespace: "n", feed: { length: 5 } });
  void backend.close();
});
