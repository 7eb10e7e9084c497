import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";
import { describeWithServers } from "../support/needs.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { bundled } from "./support/bundle.ts";

/** A process that changes something while there is no Redis, which appears when it says so. */
async function run(call: string, wait: string, appears: boolean): Promise<{ code: unknown; lines: readonly string[] }> {
  const port = await freePort();
  const file = await bundled("unconfirmed-child");
  const child = spawn(process.execPath, [file, String(port), call, wait], { stdio: ["ignore", "pipe", "ignore"] });
  const servers: Promise<AsyncDisposable>[] = [];
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (appears && servers.length === 0) servers.push(startRedisServer({ port }));
  });
  const stuck = setTimeout(() => child.kill("SIGKILL"), 15_000);
  const code = await new Promise((resolve) => child.once("close", (exit, signal) => resolve(exit ?? signal)));
  clearTimeout(stuck);
  for (const server of servers) await (await server)[Symbol.asyncDispose]();
  return { code, lines: output.trim().split("\n") };
}

describeWithServers(["redis-server"], "what is not confirmed", () => {
  it.each(["delete", "set", "invalidate", "rejected"])(
    "keeps the process alive while somebody waits for it: %s",
    { timeout: 30_000 },
    async (call) => {
      expect(await run(call, "settled", true)).toEqual({ code: 0, lines: ["not confirmed", "ended"] });
    },
  );

  it("keeps no process alive that does not ask for it", { timeout: 30_000 }, async () => {
    expect(await run("delete", "never", false)).toEqual({ code: 0, lines: ["not confirmed", "ended"] });
  });

  it("keeps none alive once the region is closed", { timeout: 30_000 }, async () => {
    // 13 is Node's own: the module waits for what will not come.
    expect(await run("delete", "closed", false)).toEqual({ code: 13, lines: ["not confirmed", "closed"] });
  });
});
