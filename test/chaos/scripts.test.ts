import { spawn } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import { keepTable, type TableRow } from "../support/keep-table.ts";
import { describeWithServers } from "../support/needs.ts";
import { scaled } from "../support/scale.ts";
import { bundled } from "./support/bundle.ts";
import { listeners, scripts } from "./support/scripts.ts";

interface Ended {
  readonly code: number | string;
  readonly output: string;
}

/** Runs one script; a process that has not ended by itself after half a minute is stuck. */
async function runScript(name: string, listener: (typeof listeners)[number]): Promise<Ended> {
  const file = await bundled("script-child");
  const flags = listener === "strict" ? ["--unhandled-rejections=strict"] : [];
  const child = spawn(process.execPath, [...flags, file, name, listener], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const stuck = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const code = await new Promise<number | string>((resolve) =>
    child.once("close", (exit, signal) => resolve(exit ?? signal ?? "?")),
  );
  clearTimeout(stuck);
  return { code, output };
}

describeWithServers(["redis-server"], "fault scripts, each in its own process", () => {
  const rows: TableRow[] = [];
  afterAll(() => keepTable("chaos-scripts", "Fault scripts: exit code, and what was printed, by listener", rows));

  // In the sample each outage, each activity and each listener comes once at least.
  const cases = scripts.flatMap((script, index) =>
    listeners
      .filter((_, which) => scaled((index + Math.floor(index / 3)) % 3 === which && index % 2 === 0, true))
      .map((listener) => ({ name: script.name, listener })),
  );

  describe.concurrent("exit code 0, and nothing said", () => {
    it.each(cases)("$name; listener: $listener", { timeout: 60_000 }, async ({ name, listener }) => {
      const { code, output } = await runScript(name, listener);
      rows.push({ script: name, listener, "exit code": code, "lines printed": output.split("\n").length - 1 });
      expect({ code, output }).toEqual({ code: 0, output: "" });
    });
  });
});
