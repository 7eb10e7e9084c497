import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "@redis/client";

/** The bench's own Redis: on a free port of the loopback, without persistence, ended with the bench. */
export interface BenchRedis extends AsyncDisposable {
  readonly url: string;
  /** Calls of each command since the last reset, as the server counts them. */
  commandCounts(): Promise<Readonly<Record<string, number>>>;
  reset(): Promise<void>;
}

function binary(): string {
  const named = process.env["REDIS_SERVER"];
  return named === undefined || named === "" ? "redis-server" : named;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    try {
      const client = createClient({ url, socket: { reconnectStrategy: false } });
      client.on("error", () => undefined);
      await client.connect();
      await client.close();
      return;
    } catch {
      await wait(50);
    }
  }
  throw new Error("redis-server does not answer");
}

/** @throws Error where there is no redis-server */
export async function startRedis(): Promise<BenchRedis> {
  execFileSync(binary(), ["--version"]);
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), "cascata-bench-"))];
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const child = spawn(binary(), settings, { stdio: "ignore" });
  const stop = () => child.kill("SIGKILL");
  process.once("exit", stop);
  const url = `redis://127.0.0.1:${port}`;
  await answering(url, child);
  const client = await createClient({ url }).connect();
  return {
    url,
    commandCounts: async () => parsed(await client.info("commandstats")),
    reset: async () => {
      await client.sendCommand(["CONFIG", "RESETSTAT"]);
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      process.off("exit", stop);
      stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const ownCommands = new Set(["info", "config|resetstat", "config", "hello", "client|setinfo", "client", "ping"]);

function parsed(info: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [, command = "", calls = "0"] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
    if (!ownCommands.has(command)) counts[command] = Number(calls);
  return counts;
}
