import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, test } from "vitest";

/** The servers that tests may need on the machine. */
export type ServerKind = "redis-server" | "memcached" | "valkey-server";

interface ServerFacts {
  readonly variable: string;
  /** Looked for on the PATH as well, not only in its variable. */
  readonly searched: boolean;
  /** A missing required server fails the tests that need it; another one skips and counts them. */
  readonly required: boolean;
  readonly how: string;
}

const facts: Readonly<Record<ServerKind, ServerFacts>> = {
  "redis-server": {
    variable: "REDIS_SERVER",
    searched: true,
    required: true,
    how: "install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis) or name it in REDIS_SERVER",
  },
  memcached: {
    variable: "MEMCACHED_SERVER",
    searched: true,
    required: false,
    how: "install it (Debian, Ubuntu: apt-get install memcached; macOS: brew install memcached) or name it in MEMCACHED_SERVER",
  },
  "valkey-server": { variable: "VALKEY_SERVER", searched: false, required: false, how: "name it in VALKEY_SERVER" },
};

/** Where a server's binary is, or `undefined`. */
export function findServer(kind: ServerKind): string | undefined {
  const { variable, searched } = facts[kind];
  const named = process.env[variable];
  if (named !== undefined && named !== "") return existsSync(named) ? named : undefined;
  if (!searched) return undefined;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
  return folders.map((folder) => join(folder, kind)).find((file) => existsSync(file));
}

/** The server's binary. @throws Error that says how to get it. */
export function requireServer(kind: ServerKind): string {
  const binary = findServer(kind);
  if (binary === undefined) throw new Error(`${kind} was not found: ${facts[kind].how}`);
  return binary;
}

/**
 * A `describe` whose tests start real servers. Under `CASCATA_QUICK=1`, or without an optional server, it becomes one
 * skipped test that carries the reason; without a required server (redis-server), one failing test that says how to get it.
 */
export function describeWithServers(kinds: readonly ServerKind[], name: string, body: () => void): void {
  if (process.env["CASCATA_QUICK"] === "1") {
    describe(name, () => test("needs real servers", (context) => context.skip(`quick run: needs ${kinds.join(", ")}`)));
    return;
  }
  const missing = kinds.filter((kind) => findServer(kind) === undefined);
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const reason = missing.map((kind) => `${kind} was not found: ${facts[kind].how}`).join("; ");
  const fails = missing.some((kind) => facts[kind].required);
  describe(name, () =>
    test("needs real servers", (context) => {
      if (fails) throw new Error(reason);
      context.skip(reason);
    }),
  );
}
