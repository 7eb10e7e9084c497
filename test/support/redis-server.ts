import { requireServer, type ServerKind } from "./needs.ts";
import { type Reply, redisCommand } from "./resp.ts";
import { ServerProcess } from "./server-process.ts";

/** How a test's Redis is started. */
export interface RedisServerOptions {
  /** A fixed port; a free one otherwise. */
  readonly port?: number;
  /** More of the command line, after ours, so that it wins: `["--maxmemory", "2mb"]`. */
  readonly args?: readonly string[];
  /** `"valkey-server"` runs Valkey instead. */
  readonly kind?: ServerKind;
}

/** A Redis of the test's own: see {@link startRedisServer}. */
export interface RedisServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Such as `redis://127.0.0.1:40123`. */
  readonly url: string;
  readonly running: boolean;
  readonly log: string;
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** One raw command over a connection of its own. @throws the server's error reply. */
  command(...parts: readonly string[]): Promise<Reply>;
}

/**
 * Starts a real Redis on a free loopback port, without persistence, with its folder among the temporary ones, and waits
 * until it answers. `pause`/`resume` stop and continue the process, `kill` is a crash, `restart` keeps the port (and comes
 * back empty), `stop` ends it.
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const kind = options.kind ?? "redis-server";
  const server = await ServerProcess.start({
    name: kind,
    binary: requireServer(kind),
    ...(options.port === undefined ? {} : { port: options.port }),
    args: (port, folder) => [...redisArgs(port, folder), ...(options.args ?? [])],
    answers: redisAnswers,
  });
  return asRedisServer(server);
}

/** The command line that every Redis of the tests shares. */
export function redisArgs(port: number, folder: string): readonly string[] {
  const settings = { port: String(port), bind: "127.0.0.1", save: "", appendonly: "no", dir: folder };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Whether a Redis on this port answers `PING`. */
export async function redisAnswers(port: number): Promise<boolean> {
  return (await redisCommand(port, "PING")) === "PONG";
}

/** A server process seen as a Redis. */
export function asRedisServer(server: ServerProcess): RedisServer {
  return {
    host: server.host,
    get port() {
      return server.port;
    },
    get url() {
      return `redis://${server.host}:${server.port}`;
    },
    get running() {
      return server.running;
    },
    get log() {
      return server.log;
    },
    pause: () => server.pause(),
    resume: () => server.resume(),
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: () => server.stop(),
    command: (...parts) => redisCommand(server.port, ...parts),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
